// One deadline that is moved at every step of a connection. A timer that is cancelled and armed anew with each request
// would cost more than passing the request on: this one is armed again only when it fires too early.

import type { CancelTimer, Clock } from '../clock.ts';

export class Deadline {
  readonly #clock: Clock;
  readonly #onPassed: () => void;
  #atMs = Number.POSITIVE_INFINITY;
  #armedForMs = Number.POSITIVE_INFINITY;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, onPassed: () => void) {
    this.#clock = clock;
    this.#onPassed = onPassed;
  }

  /** In place of the one before. @param nowMs monotonic */
  set(delayMs: number, nowMs: number): void {
    this.#atMs = nowMs + delayMs;
    if (this.#atMs < this.#armedForMs) this.#arm(delayMs);
  }

  clear(): void {
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** Ends the timer too. */
  close(): void {
    this.clear();
    this.#disarm();
  }

  #arm(delayMs: number): void {
    this.#disarm();
    this.#armedForMs = this.#atMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#fire());
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm();
    const leftMs = this.#atMs - this.#clock.monotonicMs();
    if (leftMs === Number.POSITIVE_INFINITY) return;
    // Timers fire up to a millisecond early.
    if (leftMs > 1) {
      this.#arm(leftMs);
      return;
    }
    this.clear();
    this.#onPassed();
  }
}
