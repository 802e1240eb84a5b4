// Memory for what is on its way to a slow client. All connections to Synapse read into one buffer, which the next read
// fills again, whoever's it is: what cannot be written at once has to stand elsewhere. Used again and again, because
// memory that is asked for and given back with each piece of a download costs more than copying into it.

/** As much as Node reads at once. */
export const READ_BYTES = 65_536;
/** Kept for later use; more are in use at once only while so many clients are slow. */
const MAX_FREE = 64;

export class CopyBuffers {
  readonly #free: Buffer[] = [];

  /** @param piece at most READ_BYTES long @returns memory that is the caller's until it is given back */
  copyOf(piece: Buffer): Buffer {
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
    piece.copy(memory);
    return memory;
  }

  /** Of memory that nobody writes from any more. */
  giveBack(memory: readonly Buffer[]): void {
    for (const buffer of memory) {
      if (this.#free.length < MAX_FREE) this.#free.push(buffer);
    }
  }
}
