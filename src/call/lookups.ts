// Guessing call ids: how often somebody asked for a call that is not there for them, and how long the next such answer
// waits for it. Counted per user and client address: by the address alone, everybody behind one NAT would wait for one
// who guesses; by the user alone, whoever guesses in a user's name would slow down that user's own devices elsewhere.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../clock.ts';
import type { Caller, Callers } from '../http/own-api.ts';

const WINDOW_MS = 1_800_000;
const FREE_FAILURES = 10;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 25_000;
/** Of more the delay would be the longest all the same. */
const MAX_COUNTED = FREE_FAILURES + Math.ceil(Math.log2(MAX_DELAY_MS / FIRST_DELAY_MS));
/** Pairs of user and address that are remembered; the one that failed longest ago is forgotten first. */
const MAX_KEYS = 20_000;

/** Pure but for what it counts; times are given, on one clock that never goes back. */
export class FailedLookups {
  /** In the order of their last failure, oldest first; the times of each the same. */
  readonly #failures = new Map<string, readonly number[]>();

  /** Counts a failure. @returns for how many milliseconds its answer should wait, at most 25,000 */
  note(key: string, nowMs: number): number {
    const before = (this.#failures.get(key) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    this.#failures.delete(key);
    this.#failures.set(key, [...before, nowMs].slice(-MAX_COUNTED));
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_KEYS && oldest !== undefined) this.#failures.delete(oldest);
    if (before.length < FREE_FAILURES) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (before.length - FREE_FAILURES), MAX_DELAY_MS);
  }
}

export interface Lookups {
  /** The same callers; who was identified is remembered with the request. */
  readonly callers: Callers;
  /** To be waited for before a lookup that failed is answered; a client that leaves ends it. Never rejects. */
  hold(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function watchLookups(callers: Callers, clock: Clock): Lookups {
  const failed = new FailedLookups();
  const askers = new WeakMap<IncomingMessage, readonly Caller[]>();
  return {
    callers: {
      async identify(request, claim) {
        const caller = await callers.identify(request, claim);
        askers.set(request, [caller]);
        return caller;
      },
      async identifyEach(request, claim) {
        const found = await callers.identifyEach(request, claim);
        askers.set(request, found);
        return found;
      },
    },
    async hold(request, response) {
      const nowMs = clock.monotonicMs();
      const delays = (askers.get(request) ?? []).map(({ userId, clientAddress }) =>
        failed.note(`${clientAddress} ${userId}`, nowMs),
      );
      const delayMs = Math.max(0, ...delays);
      if (delayMs === 0 || response.destroyed) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(delayMs, resolve);
        response.once('close', () => {
          cancel();
          resolve();
        });
      });
    },
  };
}
