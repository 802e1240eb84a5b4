// Memory for what is on its way to a peer. All connections read into one buffer, which the next read fills again,
// whoever's it is: what cannot be written at once has to stand elsewhere. Used again and again, because memory that is
// asked for and given back with each piece of a transfer costs more than copying into it.

import { READ_BYTES } from '../http/accepted-socket.ts';

/** Kept for later use; more are in use at once only while so many clients are slow. */
const MAX_FREE = 64;

export class CopyBuffers {
  readonly #free: Buffer[] = [];

  /** @returns memory of `READ_BYTES`, which is the caller's until it is given back; what stands in it is anybody's */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  }

  /** That nobody writes from any more. */
  giveBack(memory: Buffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(memory);
  }
}
