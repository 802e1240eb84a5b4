// The socket of a web page for one test: a plain WebSocket that is done with its handshake, JSON frames as they came, and
// waiting for the next of a type. It judges nothing.

import type { Test } from 'tap';
import { WebSocket } from 'ws';

import { until } from './until.ts';

export type PageFrame = Readonly<Record<string, unknown>>;

export interface PageOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

export class PageClient {
  readonly socket: WebSocket;
  readonly frames: PageFrame[] = [];
  /** How it ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #taken = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => void this.frames.push(JSON.parse(data.toString()) as PageFrame));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** A text goes out as it is. */
  send(frame: PageFrame | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame of this type that was not taken yet, and what came before it is passed over. */
  async next(type: string, limitMs?: number): Promise<PageFrame> {
    let found = -1;
    await until(() => {
      found = this.frames.findIndex((frame, index) => index >= this.#taken && frame['type'] === type);
      return found !== -1;
    }, limitMs).catch((error: unknown) => {
      throw new Error(`no ${type} came; there were: ${this.types().join(', ')}`, { cause: error });
    });
    this.#taken = found + 1;
    return this.frames[found] ?? {};
  }

  /** Until everything that was sent before has been seen to by the gateway, and its answers are here. */
  async settled(): Promise<void> {
    const before = this.of('pong').length;
    this.send({ type: 'ping' });
    await until(() => this.of('pong').length > before);
  }

  of(type: string): readonly PageFrame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }

  types(): readonly string[] {
    return this.frames.map(({ type }) => String(type));
  }

  close(): void {
    this.socket.close();
  }
}

/** Resolves once the handshake is over, also if the socket is closed right after it; it ends with the test. */
export async function connectPage(t: Test, url: string, options: PageOptions = {}): Promise<PageClient> {
  const { headers = {}, protocols = [] } = options;
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], { headers: { ...headers } });
  t.teardown(() => socket.terminate());
  const client = new PageClient(socket);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return client;
}
