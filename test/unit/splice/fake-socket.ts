// A socket without a network: a test lets bytes arrive on it, and reads what was written to it. What is written to a peer
// that does not read is looked at when it reads, and what was read into a buffer is wiped: whoever still needs it fails.

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import type { ReadInto } from '../../../src/proxy/upstream.ts';

export class FakeSocket extends Duplex {
  /** Of a TCP connection: it can be reset. */
  readonly remoteAddress = '192.0.2.1';
  wasReset = false;
  #sent = '';
  #isStalled = false;
  #takeHeld: (() => void) | undefined;
  readonly #readInto: ReadInto | undefined;
  /** What arrived while it was paused, of a socket that reads into a buffer. */
  #unread: Buffer[] = [];

  /** @param readInto in place of 'data' events */
  constructor(readInto?: ReadInto) {
    super();
    this.#readInto = readInto;
  }

  /** What was written since the last call, one character for a byte. */
  takeSent(): string {
    const sent = this.#sent;
    this.#sent = '';
    return sent;
  }

  /** The peer reads nothing from now on. */
  stall(): void {
    this.#isStalled = true;
  }

  /** The peer reads again, what waits for it first. */
  async readOn(): Promise<void> {
    this.#isStalled = false;
    const take = this.#takeHeld;
    this.#takeHeld = undefined;
    take?.();
    await turn();
  }

  /** The peer sends. */
  async arrive(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'latin1');
    if (this.#readInto === undefined) this.push(bytes);
    else {
      this.#unread.push(bytes);
      this.#readOut(this.#readInto);
    }
    await turn();
  }

  /** The peer has said its last word. */
  async arriveEnd(): Promise<void> {
    this.push(null);
    this.read(0);
    await turn();
  }

  /** The connection is lost. */
  async cut(): Promise<void> {
    this.destroy();
    await turn();
  }

  /** As a network socket has it. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** As a network socket has it. */
  resetAndDestroy(): void {
    this.wasReset = true;
    this.destroy();
  }

  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  override _read(): void {
    // What arrives is pushed by the test.
  }

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    const take = (): void => {
      this.#sent += bytes.toString('latin1');
      taken();
    };
    if (this.#isStalled) this.#takeHeld = take;
    else take();
  }

  override resume(): this {
    super.resume();
    if (this.#readInto !== undefined) this.#readOut(this.#readInto);
    return this;
  }

  #readOut({ buffer, callback }: ReadInto): void {
    const into = typeof buffer === 'function' ? buffer() : buffer;
    while (!this.isPaused() && !this.destroyed) {
      const bytes = this.#unread.shift();
      if (bytes === undefined) return;
      const piece = bytes.subarray(0, into.length);
      if (piece.length < bytes.length) this.#unread.unshift(bytes.subarray(piece.length));
      into.set(piece);
      callback(piece.length, into);
      into.fill(0);
    }
  }
}

/** Lets the events of streams happen that are under way. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
