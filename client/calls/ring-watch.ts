// Ends the ring of an incoming call that nobody ends: the server says when it is over, but it may be out of reach, or may
// have said it to a session that is gone. It rings nothing, and ends nothing itself.

import type { CancelTimer, Environment } from '../environment.ts';

export interface RingWatchParts {
  readonly environment: Pick<Environment, 'now' | 'after'>;
  /** Asks the server. @returns whether it rings on */
  readonly ask: () => Promise<boolean>;
  readonly onOver: () => void;
}

/** After the ring should be over: the word of the server is on its way. */
const LATE_MS = 3_000;
/** The two clocks may differ by much: what the server's says is believed within these bounds only. */
const LONGEST_MS = 180_000;
const AGAIN_MS = 10_000;

export class RingWatch {
  readonly #parts: RingWatchParts;
  #cancel: CancelTimer | undefined;
  #isStopped = false;

  constructor(parts: RingWatchParts) {
    this.#parts = parts;
  }

  /** @param untilMs milliseconds since 1970, by the server's clock */
  start(untilMs: number): void {
    const leftMs = Math.min(Math.max(0, untilMs - this.#parts.environment.now()), LONGEST_MS);
    this.#lookIn(leftMs + LATE_MS);
  }

  /** Now: messages were lost. */
  async look(): Promise<void> {
    this.#cancel?.();
    const ringsOn = await this.#parts.ask();
    if (this.#isStopped) return;
    if (ringsOn) this.#lookIn(AGAIN_MS);
    else this.#parts.onOver();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #lookIn(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.environment.after(delayMs, () => void this.look());
  }
}
