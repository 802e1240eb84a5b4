// The STUN and TURN servers of one call: those that were named last, and new credentials before these expire. The server
// tells new ones by itself; asking is for when that was lost.

import type { CancelTimer, Environment } from '../environment.ts';
import { membersOf, type Members } from '../members.ts';
import { readIceServers } from './messages.ts';

export interface RelaysParts {
  readonly environment: Pick<Environment, 'after'>;
  /** Asks `GET /api/turn-credentials`. */
  readonly ask: () => Promise<unknown>;
}

/** How long the first ones hold is not said with them; most calls are shorter. */
const FIRST_MS = 5 * 60_000;
const AGAIN_MS = 60_000;
/** Of their time: the rest is for trying again. */
const SHARE = 0.8;

export class Relays {
  readonly #parts: RelaysParts;
  #servers: readonly RTCIceServer[];
  #cancel: CancelTimer | undefined;
  #isStopped = false;

  constructor(parts: RelaysParts, servers: readonly RTCIceServer[]) {
    this.#parts = parts;
    this.#servers = servers;
  }

  get servers(): readonly RTCIceServer[] {
    return this.#servers;
  }

  start(): void {
    this.#askIn(FIRST_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /**
   * With each answer of the server, or with a message.
   * @param granted `{iceServers, ttl?}`, `ttl` in seconds; what cannot be read is passed over
   */
  take(granted: Members): boolean {
    const { iceServers, ttl } = granted;
    const servers = readIceServers(iceServers);
    if (servers === undefined) return false;
    this.#servers = servers;
    if (typeof ttl === 'number') this.#askIn(Math.max(AGAIN_MS, ttl * 1000 * SHARE));
    return true;
  }

  #askIn(delayMs: number): void {
    this.#cancel?.();
    if (!this.#isStopped) this.#cancel = this.#parts.environment.after(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const granted = membersOf(await this.#parts.ask().catch(() => undefined));
    if (!this.take(granted) || granted['ttl'] === undefined) this.#askIn(AGAIN_MS);
  }
}
