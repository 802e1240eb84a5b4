// The port to what must survive: calls, their events, missed calls. Types only; one contract suite runs on every
// implementation. A resolved promise means that it is on disk. Every method but isWritable and close rejects with
// StoreUnavailable (errors.ts) when the store cannot answer; then nothing was changed. It decides nothing about calls.

import type { Call, SessionStatus } from '../call/model/call.ts';
import type { CallEvent, StoredCallEvent } from '../call/model/events.ts';
import type { CallId, UserId } from '../matrix/ids.ts';

export interface Store {
  /** Milliseconds since the epoch by the clock that deadlines are stored and judged on. */
  nowMs(): Promise<number>;

  /** Puts a new call with its first events, unless its options name a call that stands in its way. */
  insertCall(
    call: Call,
    events: readonly CallEvent[],
    atMs: number,
    options?: InsertOptions,
  ): Promise<InsertResult>;

  /**
   * Replaces a call if the stored one still has the version before this one (`call.version - 1`), and appends its
   * events, in one transaction. `conflict` (also for a call that is not there) leaves everything as it was.
   * A leg that was stored once stays: `call.legs` may grow, not shrink.
   */
  replaceCall(call: Call, events: readonly CallEvent[], atMs: number): Promise<'replaced' | 'conflict'>;

  findCall(callId: CallId): Promise<Call | undefined>;
  /** The initiator's call that was put with this key. */
  findCallByKey(initiatorId: UserId, idempotencyKey: string): Promise<Call | undefined>;
  /** Calls that have not ended in which the user has a leg, newest first. */
  findLiveCalls(userId: UserId): Promise<readonly Call[]>;
  /** Every call that has not ended, oldest first: read once at the start. */
  loadLiveCalls(): Promise<readonly Call[]>;

  /** The events of a call after `afterSeq`, in order; at most `limit`. */
  readEvents(callId: CallId, afterSeq: number, limit: number): Promise<readonly StoredCallEvent[]>;

  /** The calls in which the user has a leg, newest first, equal times by descending call id. */
  listCalls(userId: UserId, query: HistoryQuery): Promise<readonly Call[]>;
  /** Unread missed calls of a user (leg `missed` or `busy`), newest first; at most `limit`. */
  listMissed(userId: UserId, limit: number): Promise<readonly Call[]>;
  /** Marks those that are stored now; the mark outlives every later change of the call. */
  markMissedRead(userId: UserId): Promise<void>;

  /**
   * The folded getStats reports of one participant, replaced by each later one. The caller bounds it (4 KiB of JSON).
   * Ignored if the call is not there, for a late report may meet the deletion of its call.
   */
  putStats(callId: CallId, userId: UserId, summary: string): Promise<void>;
  readStats(callId: CallId): Promise<ReadonlyMap<UserId, string>>;

  /**
   * Deletes calls that ended before `beforeMs` with all that belongs to them, and what the ports beside this one have not
   * needed since then (profiles.ts, rooms.ts say what that is); resolves to how many calls.
   */
  deleteEndedBefore(beforeMs: number): Promise<number>;

  /** Whether it can be written now, found out by writing. Never rejects. */
  isWritable(): Promise<boolean>;
  /** Twice is harmless. Never rejects. */
  close(): Promise<void>;
}

export interface InsertOptions {
  /**
   * The initiator's, at most 255 characters, unique per initiator until the call is deleted: a call with a known one
   * is not put, and the first is returned.
   */
  readonly idempotencyKey?: string;
  /**
   * Asked in the transaction of the insert about each call that rings in the room, or in which the initiator has a leg
   * and which rings anywhere, oldest first; the first to which the new call yields is returned instead. Pure. A look
   * before the insert would let two initiates of the same moment both find the room free, and both ring.
   */
  readonly yieldsTo?: (ringing: Call) => boolean;
}

export type InsertResult =
  | { readonly inserted: true }
  | { readonly inserted: false; readonly because: 'known-key' | 'yielded'; readonly existing: Call };

export interface HistoryQuery {
  readonly limit: number;
  /** Only calls made earlier. */
  readonly beforeMs?: number;
  /** Together with `beforeMs`, the last call of the page before: calls of the same millisecond are not skipped. */
  readonly beforeCallId?: CallId;
  /** By the word that is stored and shown. */
  readonly state?: SessionStatus;
}
