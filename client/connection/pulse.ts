// Whether the server is still there: asks when nothing was heard for a while, and gives up when nothing comes back. A cut
// network says nothing; without this a socket looks open for minutes. What a ping is, is its owner's business.

import type { CancelTimer, Environment } from '../environment.ts';

export interface PulseParts {
  readonly environment: Pick<Environment, 'now' | 'after'>;
  readonly isInCall: () => boolean;
  readonly ping: () => void;
  /** Told once; the pulse has stopped. */
  readonly onDead: () => void;
}

interface Pace {
  /** Nothing heard for so long: ask, */
  readonly quietMs: number;
  /** and give up when there is no answer within this. */
  readonly answerMs: number;
}

const IDLE: Pace = { quietMs: 45_000, answerMs: 10_000 };
/** The others wait for a new offer, and the server keeps the place in the call for 30 s. */
const IN_CALL: Pace = { quietMs: 10_000, answerMs: 6_000 };
/** In a call, something that will be answered was sent, and nothing came for so long: ask. */
const EXPECTED_WITHIN_MS = 3_000;
/** After a sign that the network has changed. */
const PROBE_WITHIN_MS = 5_000;

export class Pulse {
  readonly #parts: PulseParts;
  #heardAt: number;
  #isAsked = false;
  #isExpecting = false;
  #cancel: CancelTimer | undefined;

  constructor(parts: PulseParts) {
    this.#parts = parts;
    this.#heardAt = parts.environment.now();
    this.#check();
  }

  heard(): void {
    this.#heardAt = this.#parts.environment.now();
    this.#isAsked = false;
    this.#isExpecting = false;
  }

  /** Something was sent. Its answer may take a while, but not in a call, where it is most often an offer or a candidate. */
  sent(): void {
    if (this.#isAsked || this.#isExpecting || !this.#parts.isInCall()) return;
    this.#isExpecting = true;
    this.#in(EXPECTED_WITHIN_MS);
  }

  /** Asks at once. */
  probe(): void {
    this.#parts.ping();
    this.#await(PROBE_WITHIN_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    const { environment, isInCall, ping, onDead } = this.#parts;
    if (this.#isAsked) {
      this.stop();
      onDead();
      return;
    }
    const { quietMs, answerMs } = isInCall() ? IN_CALL : IDLE;
    const leftMs = this.#heardAt + quietMs - environment.now();
    if (leftMs <= 0 || this.#isExpecting) {
      ping();
      this.#await(answerMs);
    } else {
      // Never for longer than is right in a call: one may have begun meanwhile.
      this.#in(Math.min(leftMs, IN_CALL.quietMs));
    }
  }

  #await(answerMs: number): void {
    this.#isAsked = true;
    this.#in(answerMs);
  }

  #in(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.environment.after(delayMs, () => this.#check());
  }
}
