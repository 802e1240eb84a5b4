// The port to what operators look at: the calls of everybody that ended lately. Types only. Rejects with StoreUnavailable
// (errors.ts) when the store cannot answer. What of them is a failure is not asked here.

import type { CallId } from '../matrix/ids.ts';

/** Of a call that has ended, what is counted. */
export interface EndedCallTimes {
  readonly callId: CallId;
  readonly createdAtMs: number;
  /** Undefined if nobody ever answered. */
  readonly answeredAtMs: number | undefined;
  readonly endedAtMs: number;
  readonly endReason: string;
}

export interface OverviewStore {
  /** The calls that ended at this time or later, the last one first; at most `limit`. */
  listEnded(sinceMs: number, limit: number): Promise<readonly EndedCallTimes[]>;
}
