// The port to what is remembered of the profiles of web pages: who they were last, and which missed calls they were told
// of. Types only. Every method rejects with StoreUnavailable (errors.ts) when the store cannot answer; then nothing was
// changed. It decides nothing about who may be which profile.

import type { Call } from '../call/model/call.ts';
import type { UserId } from '../matrix/ids.ts';

export interface StoredProfile {
  /** `tutor_1`: its type and its number. */
  readonly key: string;
  /** The Matrix user that it is; undefined if it is its own address only. */
  readonly userId: UserId | undefined;
  /** At most 255 characters; the caller bounds it. */
  readonly name: string | undefined;
  /** At most 2,048 characters; the caller bounds it. */
  readonly avatar: string | undefined;
}

/**
 * At most 100,000 profiles are kept: a new one more makes the one forgotten that was seen longest ago. A profile that was
 * not seen for as long as ended calls are kept is forgotten with them (`Store.deleteEndedBefore`).
 */
export interface ProfileStore {
  /** Keeps a profile that was seen at `atMs`, in place of what was kept under its key. */
  putProfile(profile: StoredProfile, atMs: number): Promise<void>;
  findProfile(key: string): Promise<StoredProfile | undefined>;
  /** The profile of this Matrix user that was seen last. */
  findProfileOf(userId: UserId): Promise<StoredProfile | undefined>;
  /**
   * The unread missed calls of the user (as `Store.listMissed`) that were not taken for this profile before, newest
   * first, at most `limit`; from now on they are taken. Each call is remembered, not a time: of two calls that are missed
   * in one millisecond, or while a clock is set back, none is told twice and none never. What is beyond the limit is for
   * the next time. The profile itself need not be kept.
   */
  takeUntoldMissed(key: string, userId: UserId, limit: number): Promise<readonly Call[]>;
}
