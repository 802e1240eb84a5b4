// Time as an argument. Owns the only reads of the wall clock, the monotonic clock and the timers of Node.
// Everything that waits or dates something takes a Clock, so that tests move time instead of sleeping.

// The global of the same name is looked up anew for each reading, which costs more than the reading.
import { performance } from 'node:perf_hooks';

/** Undoes a timer; calling it twice, or after the timer fired, is harmless. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall-clock time in milliseconds since the epoch: for what is stored or shown. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, never going back: for what is measured. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`. A pending timer does not keep the process alive. */
  after(delayMs: number, action: () => void): CancelTimer;
}

/** A stored time as ISO 8601 text, in UTC. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The same as RFC 9110 section 5.6.7 has it, to the second. */
export function httpDate(atMs: number): string {
  return new Date(atMs).toUTCString();
}

/** setTimeout turns a larger delay into 1 ms (a 32-bit overflow), which would fire a long deadline at once. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, MAX_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
