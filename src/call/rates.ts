// How often one user may dial. Counts attempts in a sliding minute; how many calls of the user ring now is told to it.
// Pure apart from its counters; it refuses nobody itself.

import type { UserId } from '../matrix/ids.ts';

/** Beyond these, somebody is making phones ring for the sake of it. */
export interface InitiateLimits {
  /** `calls.initiates_per_minute` */
  readonly initiatesPerMinute: number;
  /** `calls.ringing_per_user` */
  readonly ringingPerUser: number;
}

const WINDOW_MS = 60_000;
/** Users whose last attempts are remembered; the one seen longest ago is forgotten first. */
const MAX_USERS = 20_000;

export class InitiateRates {
  readonly #limits: InitiateLimits;
  readonly #attempts = new Map<UserId, number[]>();

  constructor(limits: InitiateLimits) {
    this.#limits = limits;
  }

  /** Whether the user may dial now; if so, the attempt is counted. */
  admit(userId: UserId, ringing: number, nowMs: number): boolean {
    if (ringing >= this.#limits.ringingPerUser) return false;
    const recent = (this.#attempts.get(userId) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    if (recent.length >= this.#limits.initiatesPerMinute) return false;
    this.#attempts.delete(userId);
    this.#attempts.set(userId, [...recent, nowMs]);
    if (this.#attempts.size > MAX_USERS) {
      const [oldest] = this.#attempts.keys();
      if (oldest !== undefined) this.#attempts.delete(oldest);
    }
    return true;
  }
}
