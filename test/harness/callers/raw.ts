// One socket of somebody who has been let in, for tests of what may be sent on it: texts and bytes go out as they are,
// and what comes is read as far as its dialect frames it. Reading can be stopped.

import type { Test } from 'tap';
import { WebSocket } from 'ws';

import { shows } from '../call-api.ts';
import { until } from '../until.ts';
import { PATIENCE_MS, type DialectName, type Person } from './caller.ts';
import type { Frame } from './shapes.ts';

export interface Way {
  /** Path and query. */
  readonly path: string;
  readonly protocols: readonly string[];
  /** Sent once the handshake is over, one for each text that it waits for. */
  readonly hello: readonly (readonly [send: string | undefined, until: RegExp])[];
  readonly ping: string;
  /** A frame in a text; undefined for what is only of the transport. */
  readonly read: (text: string) => Frame | undefined;
}

export class RawClient {
  readonly texts: string[] = [];
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #way: Way;

  constructor(url: string, way: Way) {
    this.#way = way;
    this.#socket = new WebSocket(url.replace(/^http/, 'ws') + way.path, [...way.protocols]);
    this.#socket.on('message', (data: Buffer) => this.#take(data.toString()));
    this.#socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.#socket.on('error', () => undefined);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(data: string | Buffer): void {
    this.#socket.send(data);
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }

  async next(type: string): Promise<Frame> {
    await until(() => this.of(type).length > 0);
    return this.of(type).at(-1) ?? {};
  }

  async text(pattern: RegExp): Promise<void> {
    await until(() => this.texts.some((text) => pattern.test(text)));
  }

  /** Until what was sent was seen to. @throws if the socket is gone */
  async settle(): Promise<void> {
    const before = this.of('pong').length;
    this.send(this.#way.ping);
    await until(() => this.of('pong').length > before);
  }

  /** What was answered since, without the answers to settle(). */
  since(count: number): readonly Frame[] {
    return this.frames.slice(count).filter(({ type }) => type !== 'pong');
  }

  async ended(): Promise<number> {
    await until(() => this.closed !== undefined, PATIENCE_MS);
    return this.closed?.code ?? 0;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.terminate();
  }

  #take(text: string): void {
    this.texts.push(text);
    // Engine.IO asks from time to time whether the client is there.
    if (text === '2') this.send('3');
    const frame = this.#way.read(text);
    if (frame !== undefined) this.frames.push(frame);
  }
}

export async function openRaw(
  t: Test,
  url: string,
  dialect: DialectName,
  person: Person,
  roomId: string,
): Promise<RawClient> {
  const way = WAYS[dialect](person, roomId);
  const client = new RawClient(url, way);
  t.teardown(() => client.end());
  await until(() => client.isOpen);
  for (const [send, pattern] of way.hello) {
    if (send !== undefined) client.send(send);
    await client.text(pattern);
  }
  return client;
}

/** An event as it goes over a Socket.IO socket. */
export function eventText(name: string, payload: Frame = {}): string {
  return `42${JSON.stringify([name, payload])}`;
}

const PING = '{"type":"ping"}';
const json = (text: string): Frame => JSON.parse(text) as Frame;

const WAYS: Readonly<Record<DialectName, (person: Person, roomId: string) => Way>> = {
  native: ({ session }) => ({
    path: '/',
    protocols: [],
    hello: [[JSON.stringify({ type: 'register-user', ...shows(session) }), /"type":"registered"/]],
    ping: PING,
    read: json,
  }),
  socketio: ({ session }) => ({
    path: '/socket.io/?EIO=4&transport=websocket',
    protocols: [],
    hello: [
      [undefined, /^0\{/],
      ['40', /^40\{/],
      [`421${JSON.stringify(['register-user', shows(session)])}`, /^431\[\{"ok":true/],
    ],
    ping: eventText('ping'),
    read(text) {
      if (!text.startsWith('42[')) return undefined;
      const [type, payload] = JSON.parse(text.slice(2)) as [string, Frame];
      return { ...payload, type };
    },
  }),
  profile: ({ profile }) => ({
    path: `/ws/${profile.id}/${profile.type}`,
    protocols: [],
    hello: [[undefined, /"type":"connection"/]],
    ping: PING,
    read: json,
  }),
  room: ({ session: { userId, accessToken } }, roomId) => ({
    path: `/ws/${encodeURIComponent(roomId)}/${encodeURIComponent(userId)}`,
    protocols: [`access_token.${accessToken}`],
    hello: [[undefined, /"type":"active-broadcasts"/]],
    ping: PING,
    read: json,
  }),
};
