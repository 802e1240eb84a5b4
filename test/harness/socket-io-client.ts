// A client of the Socket.IO protocol for one test, old or new: every event that came, and waiting for the next of a name.
// It speaks like native-client.ts, so that one test can be run by both. It judges nothing.

import { Agent } from 'node:http';
import { createRequire } from 'node:module';

import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import type { Test } from 'tap';

import type { Frame } from './native-client.ts';
import { until } from './until.ts';

export interface IoSocket {
  readonly id?: string | undefined;
  readonly connected: boolean;
  readonly recovered?: boolean;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  close(): unknown;
}

export type IoOptions = Partial<ManagerOptions & SocketOptions>;
export type IoConnect = (url: string, options: IoOptions) => IoSocket;

export const connect4: IoConnect = (url, options) => io(url, options);
export const connect2 = createRequire(import.meta.url)('socket.io-client-2') as IoConnect;

const HEARD = [
  'incoming-call',
  'call-answered',
  'call-rejected',
  'call-ended',
  'user-joined',
  'user-left',
  'webrtc-offer',
  'webrtc-answer',
  'ice-candidate',
  'audio-toggled',
  'video-toggled',
  'call-ringing',
  'peer-reconnecting',
  'peer-reconnected',
  'error',
  'connect',
  'connect_error',
  'disconnect',
];

export interface IoClientOptions extends IoOptions {
  readonly connect?: IoConnect;
  readonly localAddress?: string;
}

export class IoClient {
  readonly socket: IoSocket;
  /** The first argument of each event beside its name as `type`. */
  readonly frames: Frame[] = [];
  #taken = 0;

  constructor(url: string, { connect = connect4, localAddress, ...options }: IoClientOptions = {}) {
    const from =
      localAddress === undefined
        ? {}
        : { localAddress, agent: new Agent({ localAddress, keepAlive: true }) as never };
    this.socket = connect(url, {
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 50,
      ...from,
      ...options,
    });
    for (const type of HEARD) {
      this.socket.on(type, (payload) =>
        this.frames.push({ ...(typeof payload === 'object' ? payload : { payload }), type }),
      );
    }
  }

  send(type: string, members?: Frame): void {
    this.socket.emit(type, members);
  }

  /** With an acknowledgement, which is handed back. */
  ask(type: string, members: Frame = {}): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${type} was not acknowledged`)), 10_000);
      this.socket.emit(type, members, (answer: Frame) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

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

  types(): readonly string[] {
    return this.frames.map(({ type }) => String(type));
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }

  /** Cuts the TCP connection below a WebSocket, without a word to the other end. */
  cut(): void {
    const { io: manager } = this.socket as unknown as {
      io: { engine: { transport: { ws: { _socket: { destroy(): void } } } } };
    };
    manager.engine.transport.ws._socket.destroy();
  }
}

/** Connects; the socket ends with the test. */
export async function connectIo(t: Test, url: string, options: IoClientOptions = {}): Promise<IoClient> {
  const client = new IoClient(url, options);
  t.teardown(() => client.socket.close());
  await client.next('connect');
  return client;
}

/** Connects and registers. @throws unless it is registered */
export async function registerIo(
  t: Test,
  url: string,
  who: Frame,
  options: IoClientOptions = {},
): Promise<IoClient> {
  const client = await connectIo(t, url, options);
  const answer = await client.ask('register-user', who);
  if (answer['ok'] !== true) throw new Error(`not registered: ${JSON.stringify(answer)}`);
  return client;
}
