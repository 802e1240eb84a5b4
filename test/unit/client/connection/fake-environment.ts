// A browser for one test of the connection: time that moves when the test says so, sockets and answers that the test
// scripts. It does nothing by itself but to answer the call config.

import type { Test } from 'tap';

import { Connection, type ConnectionParts } from '../../../../client/connection/connection.ts';
import type { Environment, NetworkSign, Socket, SocketEvents } from '../../../../client/environment.ts';
import type { ConnectionProblem, ConnectionState, ConnectOptions } from '../../../../client/portico.ts';
import type { ServerMessage } from '../../../../client/signaling.ts';
import { TestClock } from '../../../harness/test-clock.ts';

export type Frame = Readonly<Record<string, unknown>>;

export const HOMESERVER = 'https://example.org';
export const TOKEN = 'syt_alice';
export const ALICE = '@alice:example.org';
export const CONFIG = {
  baseUrl: HOMESERVER,
  websocketUrl: HOMESERVER,
  homeserverUrl: HOMESERVER,
  iceServers: [{ urls: ['stun:stun.example.org'] }],
};

export class FakeSocket implements Socket {
  readonly url: string;
  readonly sent: Frame[] = [];
  isOpen = true;
  readonly #events: SocketEvents;

  constructor(url: string, events: SocketEvents) {
    this.url = url;
    this.#events = events;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(): void {
    this.isOpen = false;
  }

  open(): void {
    this.#events.opened();
  }

  say(frame: Frame | string): void {
    this.#events.received(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The server's side of the end, or the network's. */
  end(code = 1006, reason = ''): void {
    this.isOpen = false;
    this.#events.closed(code, reason);
  }

  /** Answers the register frame. */
  register(sessionId = 's1', more: Frame = {}): void {
    const names = { userId: ALICE, deviceId: 'PHONE', sessionId, resumeToken: `resume ${sessionId}` };
    this.say({ type: 'registered', id: 0, ...names, trust: 'verified', ...more });
  }

  of(type: string): readonly Frame[] {
    return this.sent.filter((frame) => frame['type'] === type);
  }
}

export type Fetched = (url: string, init: RequestInit) => Response | Promise<Response>;

export class FakeEnvironment implements Environment {
  readonly clock = new TestClock();
  readonly sockets: FakeSocket[] = [];
  readonly asked: { readonly url: string; readonly init: RequestInit }[] = [];
  chance = 0;
  hasNetwork = true;
  /** What the browser says of every WebSocket. */
  forbids: Error | undefined;
  fetched: Fetched = () => answerOf(200, CONFIG);
  readonly #signs = new Set<(sign: NetworkSign) => void>();

  now(): number {
    return this.clock.nowMs();
  }

  after(delayMs: number, action: () => void): () => void {
    return this.clock.after(delayMs, action);
  }

  random(): number {
    return this.chance;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    this.asked.push({ url, init });
    return this.fetched(url, init);
  }

  openSocket(url: string, events: SocketEvents): Socket {
    if (this.forbids !== undefined) throw this.forbids;
    const socket = new FakeSocket(url, events);
    this.sockets.push(socket);
    return socket;
  }

  isOnline(): boolean {
    return this.hasNetwork;
  }

  onNetworkSign(listener: (sign: NetworkSign) => void): () => void {
    this.#signs.add(listener);
    return () => void this.#signs.delete(listener);
  }

  sign(sign: NetworkSign): void {
    for (const listener of this.#signs) listener(sign);
  }

  get listeners(): number {
    return this.#signs.size;
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error('no socket was opened');
    return last;
  }

  /** Moves time, and lets what it started go on. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }
}

/** No real one: reading the body of that takes its own time. */
export function answerOf(status: number, body: unknown): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, text: () => Promise.resolve(text ?? '') } as Response;
}

/** An answer that does not come; it ends when nobody waits for it any more. */
export function neverAnswered({ signal }: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });
}

/** Lets promises that wait for nothing but each other come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

export interface TestConnection {
  readonly environment: FakeEnvironment;
  readonly connection: Connection;
  readonly states: ConnectionState[];
  readonly problems: (ConnectionProblem | undefined)[];
  readonly messages: ServerMessage[];
  /** How often the calls were told to join again. */
  rejoins: number;
  isInCall: boolean;
}

/** A connection that has begun to connect. */
export async function begin(
  t: Test,
  options: Partial<ConnectOptions> = {},
  environment = new FakeEnvironment(),
): Promise<TestConnection> {
  const states: ConnectionState[] = [];
  const problems: (ConnectionProblem | undefined)[] = [];
  const held = { isInCall: false };
  const parts: ConnectionParts = {
    environment,
    options: {
      homeserver: HOMESERVER,
      ...(options.getToken === undefined ? { accessToken: TOKEN } : {}),
      ...options,
    },
    isInCall: () => held.isInCall,
    onStatus: (state, problem) => {
      if (states.at(-1) !== state) states.push(state);
      problems.push(problem);
    },
  };
  const connection = new Connection(parts);
  const test = Object.assign(held, { environment, connection, states, problems, rejoins: 0 });
  const messages: ServerMessage[] = [];
  connection.onMessage((message) => messages.push(message));
  connection.onRejoin(() => (test.rejoins += 1));
  t.teardown(() => {
    connection.close();
    const left = [environment.clock.pending, environment.listeners];
    if (left.some((count) => count > 0)) throw new Error(`timers and listeners are left: ${left.join(', ')}`);
  });
  await settle();
  return Object.assign(test, { messages });
}

/** A connection that is online. */
export async function online(t: Test, options: Partial<ConnectOptions> = {}): Promise<TestConnection> {
  const test = await begin(t, options);
  await register(test.environment);
  return test;
}

/** The server takes the newest socket. */
export async function register(environment: FakeEnvironment, sessionId?: string): Promise<void> {
  environment.socket.open();
  environment.socket.register(sessionId);
  await settle();
}
