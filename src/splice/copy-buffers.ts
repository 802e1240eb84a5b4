// Memory for what is on its way to a slow peer. All connections read into one buffer, which the next read fills again,
// whoever's it is: what cannot be written at once has to stand elsewhere. Used again and again, because memory that is
// asked for and given back with each piece of a transfer costs more than copying into it.

import { READ_BYTES } from '../http/accepted-socket.ts';

/** Kept for later use; more are in use at once only while so many clients are slow. */
const MAX_FREE = 64;

export class CopyBuffers {
  readonly #free: Buffer[] = [];

  /** @returns memory that begins with a copy of `piece`, and is the caller's until it is given back */
  copyOf(piece: Buffer): Buffer {
    // More than one read only where the rest of a head came before it.
    const isOneRead = piece.length <= READ_BYTES;
    const memory = (isOneRead ? this.#free.pop() : undefined) ?? newMemory(piece.length);
    piece.copy(memory);
    return memory;
  }

  /** Of memory that nobody writes from any more. */
  giveBack(memory: readonly Buffer[]): void {
    for (const buffer of memory) {
      if (buffer.length === READ_BYTES && this.#free.length < MAX_FREE) this.#free.push(buffer);
    }
  }
}

function newMemory(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(bytes, READ_BYTES));
}
