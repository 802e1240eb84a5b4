// When a connection that does not carry has to be restarted, and an offer that nobody answered repeated. It restarts
// nothing itself.

import type { CancelTimer, Environment } from '../environment.ts';

export interface MendingParts {
  readonly environment: Pick<Environment, 'after'>;
  /** Whether an offer can reach the other side now. If not, the call says when it can: it mends all then. */
  readonly isInReach: () => boolean;
  readonly restart: () => void;
  /** The same, if the last offer was not answered. */
  readonly repeat: () => void;
}

/** Most interruptions, a phone that changes its cell for one, are over by then. */
const DISCONNECTED_MS = 3_000;
/** Neither the offer nor its answer was kept for somebody who was away longer. */
const UNANSWERED_MS = 10_000;

export class Mending {
  readonly #parts: MendingParts;
  #disconnected: CancelTimer | undefined;
  #unanswered: CancelTimer | undefined;

  constructor(parts: MendingParts) {
    this.#parts = parts;
  }

  noteIce(state: RTCIceConnectionState): void {
    this.#disconnected?.();
    if (state === 'failed') this.#restart();
    else if (state === 'disconnected')
      this.#disconnected = this.#parts.environment.after(DISCONNECTED_MS, () => this.#restart());
  }

  noteOffer(): void {
    this.#unanswered?.();
    this.#unanswered = this.#parts.environment.after(UNANSWERED_MS, () => {
      if (this.#parts.isInReach()) this.#parts.repeat();
    });
  }

  stop(): void {
    this.#disconnected?.();
    this.#unanswered?.();
  }

  #restart(): void {
    if (this.#parts.isInReach()) this.#parts.restart();
  }
}
