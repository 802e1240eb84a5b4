// How many connections are open, in all and by address, and which of them are one too many.
// Counts only; what happens to a refused connection is server.ts's.

import type { ErrorCode } from '../errors.ts';

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

export class ConnectionCounter {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * Takes a connection in, or says why not.
   * @param address undefined for peers that stand for many clients (trusted proxies, Unix sockets): counted in all only
   */
  admit(address: string | undefined): ErrorCode | undefined {
    if (this.#total >= this.#limits.connections) return 'CONNECTIONS_EXCEEDED';
    const ofAddress = address === undefined ? 0 : (this.#byAddress.get(address) ?? 0);
    if (ofAddress >= this.#limits.connectionsPerAddress) return 'ADDRESS_CONNECTIONS_EXCEEDED';
    this.#total += 1;
    if (address !== undefined) this.#byAddress.set(address, ofAddress + 1);
    return undefined;
  }

  /** To be called once for each admitted connection, when it closes. */
  release(address: string | undefined): void {
    this.#total -= 1;
    if (address === undefined) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
