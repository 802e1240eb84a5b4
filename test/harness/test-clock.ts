// A clock whose time moves only when a test says so. Fires due timers in their order, at their own time.
// It waits for nothing: what a timer starts asynchronously is the test's to await.

import type { CancelTimer, Clock } from '../../src/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

export class TestClock implements Clock {
  readonly #startedAtMs: number;
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;

  constructor(startedAtMs = 1_700_000_000_000) {
    this.#startedAtMs = startedAtMs;
  }

  nowMs(): number {
    return this.#startedAtMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, action: () => void): CancelTimer {
    const timer = { dueMs: this.#elapsedMs + delayMs, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set now. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, through every timer that falls due on the way, those set meanwhile included. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.action();
    }
    this.#elapsedMs = untilMs;
  }

  /** A set keeps the order of insertion, so that of two timers due together the first set comes first. */
  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
