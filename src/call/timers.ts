// One timer for each live call, set to its earliest stored deadline. The deadline is in the call, not here: a timer
// that is lost, late or early decides nothing, for the command that it sends judges by the store's clock.

import type { CancelTimer, Clock } from '../clock.ts';
import type { CallId } from '../matrix/ids.ts';
import type { Store } from '../store/store.ts';
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
  readonly #store: Pick<Store, 'nowMs'>;
  readonly #handlers: DueHandlers;
  /** At most one entry for each live call. */
  readonly #pending = new Map<CallId, CancelTimer>();
  #isStopped = false;

  constructor(clock: Clock, store: Pick<Store, 'nowMs'>, handlers: DueHandlers) {
    this.#clock = clock;
    this.#store = store;
    this.#handlers = handlers;
  }

  /** Sets the timer of a call anew, by what the call says now; of an ended one, removes it. */
  arm(call: Call): void {
    this.#cancel(call.callId);
    const deadlineMs = nextDeadlineMs(call);
    if (deadlineMs !== undefined) void this.#armAt(call.callId, deadlineMs);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }

  async #armAt(callId: CallId, deadlineMs: number): Promise<void> {
    // Stored deadlines are on the store's clock, which with several gateways is not this machine's.
    const nowMs = await this.#store.nowMs().catch(() => this.#clock.nowMs());
    this.#set(callId, deadlineMs - nowMs);
  }

  #set(callId: CallId, delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancel(callId);
    this.#pending.set(
      callId,
      this.#clock.after(Math.max(delayMs, 0), () => {
        this.#pending.delete(callId);
        this.#handlers.onDue(callId).catch((error: unknown) => {
          this.#handlers.onFailed(callId, error);
          this.#set(callId, RETRY_MS);
        });
      }),
    );
  }

  #cancel(callId: CallId): void {
    this.#pending.get(callId)?.();
    this.#pending.delete(callId);
  }
}
