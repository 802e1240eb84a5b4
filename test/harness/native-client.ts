// A client of the native protocol for one test: a plain WebSocket, every frame that came, and waiting for the next of a
// type. It judges nothing.

import { once } from 'node:events';

import type { Test } from 'tap';
import { WebSocket } from 'ws';

import { until } from './until.ts';

export type Frame = Readonly<Record<string, unknown>>;

export class NativeClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  #taken = 0;

  constructor(
    url: string,
    options: {
      readonly headers?: Record<string, string>;
      readonly protocols?: string[];
      readonly localAddress?: string;
    } = {},
  ) {
    const { protocols = [], ...rest } = options;
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, rest);
    this.socket.on('message', (data: Buffer) => void this.frames.push(JSON.parse(data.toString()) as Frame));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.socket.on('error', () => undefined);
  }

  send(type: string, members: Frame = {}): void {
    this.socket.send(JSON.stringify({ type, ...members }));
  }

  /** The next frame of this type that was not taken yet, and what came before it is passed over. */
  async next(type: string, limitMs?: number): Promise<Frame> {
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

  /** Sends a request and takes its answer. */
  async ask(type: string, members: Frame = {}): Promise<Frame> {
    const id = `${type}-${this.frames.length}-${Math.random()}`;
    this.send(type, { ...members, id });
    let answer: Frame | undefined;
    await until(() => {
      answer = this.frames.find((frame) => frame['id'] === id);
      return answer !== undefined;
    });
    return answer ?? {};
  }

  types(): readonly string[] {
    return this.frames.map(({ type }) => String(type));
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }
}

/** Connects; the socket ends with the test. */
export async function connectNative(
  t: Test,
  url: string,
  options: ConstructorParameters<typeof NativeClient>[1] = {},
): Promise<NativeClient> {
  const client = new NativeClient(url, options);
  t.teardown(() => client.socket.terminate());
  await once(client.socket, 'open');
  return client;
}

/** Connects and registers. @throws unless it is registered */
export async function registerNative(
  t: Test,
  url: string,
  who: Frame,
  options: ConstructorParameters<typeof NativeClient>[1] = {},
): Promise<NativeClient> {
  const client = await connectNative(t, url, options);
  client.send('register-user', who);
  await client.next('registered');
  return client;
}
