// The port to what is remembered of recordings; the recorded bytes are files of their own (recording/files.ts). Types only.
// Every method rejects with StoreUnavailable (errors.ts) when the store cannot answer; then nothing was changed. Who may
// record, hear or delete is not asked here.

import type { CallId, RecordingId, UserId } from '../matrix/ids.ts';

/** `recording`: it grows, or the process ended while it did. The other two never change. */
export type RecordingState = 'recording' | 'finished' | 'interrupted';

export interface StoredRecording {
  readonly id: RecordingId;
  readonly callId: CallId;
  /** Who records. */
  readonly userId: UserId;
  /** A media type without parameters, at most 32 characters; the caller bounds it. */
  readonly type: string;
  readonly state: RecordingState;
  /** Of a file that does not grow any more; 0 while it does. */
  readonly bytes: number;
  readonly startedAtMs: number;
  /** Undefined while it grows. */
  readonly endedAtMs: number | undefined;
}

export interface NewRecording {
  readonly id: RecordingId;
  readonly callId: CallId;
  readonly userId: UserId;
  readonly type: string;
  readonly startedAtMs: number;
}

export interface EndedRecording {
  readonly id: RecordingId;
  readonly state: Exclude<RecordingState, 'recording'>;
  readonly bytes: number;
  readonly endedAtMs: number;
}

/** What belongs to a call goes with it (`Store.deleteEndedBefore`): its files then belong to nothing. */
export interface RecordingStore {
  /**
   * Puts one that grows. `running`: one of the same user in the same call grows already, or 5 in the call do; `full`: 100
   * are kept of the call.
   */
  insertRecording(recording: NewRecording): Promise<'inserted' | 'unknown-call' | 'running' | 'full'>;
  /** @returns whether it was growing until now; else nothing changes */
  endRecording(ended: EndedRecording): Promise<boolean>;
  findRecording(id: RecordingId): Promise<StoredRecording | undefined>;
  /** Those of a call, oldest first: at most 100. */
  listRecordings(callId: CallId): Promise<readonly StoredRecording[]>;
  /** Every one that grows, or did when the process ended, oldest first: read once at the start. */
  loadGrowingRecordings(): Promise<readonly StoredRecording[]>;
  /** Of all that do not grow any more, each with at least LEAST_COUNTED_BYTES. */
  sumRecordedBytes(): Promise<number>;
  /** Those of `ids` that are there; at most 500 are asked for. */
  knownRecordings(ids: readonly RecordingId[]): Promise<ReadonlySet<RecordingId>>;
  /** @returns whether it was there */
  deleteRecording(id: RecordingId): Promise<boolean>;
  /** Deletes those that ended before `beforeMs`, at most 50 of them. @returns which */
  deleteRecordingsEndedBefore(beforeMs: number): Promise<readonly RecordingId[]>;
}
