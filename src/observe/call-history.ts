// Reads the last day of calls for the operator's page: seldom, only while somebody looks, and never more than a bound.
// What is counted is history.ts, why a call failed is said by the call model.

import type { LiveCall } from '../call/model/call.ts';
import { verdict } from '../call/model/verdict.ts';
import type { Clock } from '../clock.ts';
import type { CallId } from '../matrix/ids.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { OverviewStore } from '../store/overview.ts';
import type { Store } from '../store/store.ts';
import { failedIds, HOUR_MS, HOURS, summarise } from './history.ts';
import type { FailureState, HistoryState } from './operator-state.ts';

export interface CallHistoryParts {
  readonly store: OverviewStore & Pick<Store, 'findCall' | 'readEvents'>;
  readonly live: () => Iterable<LiveCall>;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** A read of the most that is counted stops the gateway for some milliseconds. */
const READ_EVERY_MS = 5_000;
const MAX_CALLS = 5_000;
/** A verdict reads them all; a group of fifty has a few hundred. */
const MAX_EVENTS = 500;

export class CallHistory {
  readonly #parts: CallHistoryParts;
  /** A call that has ended does not change: of those that are shown. */
  #explained = new Map<CallId, FailureState>();
  #known: { readonly atMs: number; readonly state: Promise<HistoryState | undefined> } | undefined;

  constructor(parts: CallHistoryParts) {
    this.#parts = parts;
  }

  /** As it was at most five seconds ago; undefined while the store cannot answer. Never rejects. */
  read(): Promise<HistoryState | undefined> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#known === undefined || nowMs - this.#known.atMs >= READ_EVERY_MS)
      this.#known = { atMs: nowMs, state: this.#readOrNothing() };
    return this.#known.state;
  }

  async #readOrNothing(): Promise<HistoryState | undefined> {
    try {
      return await this.#read();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#parts.onFailed(error);
      return undefined;
    }
  }

  async #read(): Promise<HistoryState> {
    const { store, live, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const ended = await store.listEnded(nowMs - HOURS * HOUR_MS, MAX_CALLS);
    const summary = summarise(ended, live(), nowMs);
    return { ...summary, failures: await this.#explain(failedIds(ended)), isCut: ended.length === MAX_CALLS };
  }

  async #explain(callIds: readonly CallId[]): Promise<readonly FailureState[]> {
    const failures: FailureState[] = [];
    for (const callId of callIds) {
      const failure = this.#explained.get(callId) ?? (await this.#explainOne(callId));
      if (failure !== undefined) failures.push(failure);
    }
    this.#explained = new Map(failures.map((failure) => [failure.callId as CallId, failure]));
    return failures;
  }

  async #explainOne(callId: CallId): Promise<FailureState | undefined> {
    const { store } = this.#parts;
    const call = await store.findCall(callId);
    if (call?.state !== 'ended') return undefined;
    const events = await store.readEvents(callId, 0, MAX_EVENTS);
    const { endedAtMs, endReason, initiator } = call;
    return {
      callId,
      endedAtMs,
      reason: endReason,
      initiatorId: initiator.userId,
      verdict: verdict(call, events),
    };
  }
}
