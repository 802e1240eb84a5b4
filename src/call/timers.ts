// One timer for each live call, set to its earliest stored deadline. The deadline is in the call, not here: a timer
// that is lost, late or early decides nothing, for the command that it sends judges by the store's clock.

import type { CancelTimer, Clock } from '../clock.ts';
import type { CallId } from '../matrix/ids.ts';
import type { Call } from './model/call.ts';
import { nextDeadlineMs } from './model/deadlines.ts';

export interface DueHandlers {
  readonly onDue: (callId: CallId) => Promise<unknown>;
  readonly onFailed: (callId: CallId, error: unknown) => void;
}

/** The store was unavailable: the ring must still end, soon after it is back. */
const RETRY_MS = 1_000;

export class DeadlineTimers {
  readonly #clock: Clock;
  readonly #handlers: DueHandlers;
  /** At most one entry for each live call. */
  readonly #pending = new Map<CallId, CancelTimer>();
  #isStopped = false;

  constructor(clock: Clock, handlers: DueHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /**
   * Sets the timer of a call anew, by what was just committed; of an ended one, removes it.
   * @param nowMs by the store's clock, on which deadlines are: with several gateways it is not this machine's
   */
  arm(call: Call, nowMs: number): void {
    this.#cancel(call.callId);
    const deadlineMs = nextDeadlineMs(call);
    if (deadlineMs !== undefined) this.#set(call.callId, deadlineMs - nowMs);
  }

  /** Sets it only if there is none: what was merely read may be older than what the timer was set by. */
  armIfNone(call: Call, nowMs: number): void {
    if (!this.#pending.has(call.callId)) this.arm(call, nowMs);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }

  #set(callId: CallId, delayMs: number): void {
    if (this.#isStopped) return;
    this.#pending.set(
      callId,
      this.#clock.after(Math.max(delayMs, 0), () => {
        this.#pending.delete(callId);
        this.#handlers.onDue(callId).catch((error: unknown) => {
          this.#handlers.onFailed(callId, error);
          if (!this.#pending.has(callId)) this.#set(callId, RETRY_MS);
        });
      }),
    );
  }

  #cancel(callId: CallId): void {
    this.#pending.get(callId)?.();
    this.#pending.delete(callId);
  }
}
