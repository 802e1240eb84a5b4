// A client of the native dialect on a WebSocket by hand: JSON out, JSON in, and waiting for what has to come.

import type { Test } from 'tap';

import type { Target, User } from './target.ts';
import { WebSocketByHand, type HandshakeOptions, until } from './websocket-by-hand.ts';

export type Frame = Readonly<Record<string, unknown>>;

export class NativeByHand {
  readonly webSocket: WebSocketByHand;
  #parsed: Frame[] = [];
  #taken = 0;
  #lastId = 0;

  constructor(webSocket: WebSocketByHand) {
    this.webSocket = webSocket;
  }

  get frames(): readonly Frame[] {
    for (const text of this.webSocket.texts.slice(this.#parsed.length))
      this.#parsed.push(JSON.parse(text) as Frame);
    return this.#parsed;
  }

  send(type: string, members: Frame = {}): void {
    this.webSocket.text(JSON.stringify({ type, ...members }));
  }

  /**
   * The next frame of this type, about this call if one is named; what came before it is passed over. The device may
   * still be told of earlier calls: of what a socket missed that is gone.
   */
  async next(type: string, callId?: unknown): Promise<Frame> {
    const matches = (frame: Frame): boolean =>
      frame['type'] === type && (callId === undefined || frame['callId'] === callId);
    let index = -1;
    await until(() => {
      index = this.frames.findIndex((frame, at) => at >= this.#taken && matches(frame));
      return index !== -1;
    }).catch((cause: unknown) => {
      const seen = this.frames.map((frame) => String(frame['type'])).join(', ');
      throw new Error(`no ${type} came; there were: ${seen}`, { cause });
    });
    this.#taken = index + 1;
    return this.frames[index] ?? {};
  }

  /** Sends a request with an id of its own. @returns what answers it first */
  async ask(type: string, members: Frame = {}): Promise<Frame> {
    this.#lastId += 1;
    const id = `request ${this.#lastId}`;
    this.send(type, { ...members, id });
    let answer: Frame | undefined;
    await until(() => {
      answer = this.frames.find((frame) => frame['id'] === id);
      return answer !== undefined;
    });
    return answer ?? {};
  }

  /** Resolves when everything that was sent is done: requests of one socket are done in order. */
  async settled(): Promise<void> {
    await this.ask('ping');
  }

  /** All of this type, about this call if one is named. */
  of(type: string, callId?: unknown): readonly Frame[] {
    return this.frames.filter(
      (frame) => frame['type'] === type && (callId === undefined || frame['callId'] === callId),
    );
  }

  get seqs(): readonly number[] {
    return this.frames.flatMap(({ seq }) => (typeof seq === 'number' ? [seq] : []));
  }
}

/** The socket ends with the test. @throws unless the handshake is completed */
export async function open(
  t: Test,
  { url }: Pick<Target, 'url'>,
  options: HandshakeOptions = {},
): Promise<NativeByHand> {
  const webSocket = new WebSocketByHand(url, options);
  t.teardown(() => webSocket.socket.destroy());
  const status = await webSocket.answered();
  if (status !== 101) throw new Error(`the handshake was answered ${status}`);
  return new NativeByHand(webSocket);
}

export function shows({ userId, token }: User): Frame {
  return { userId, accessToken: token };
}

export async function register(
  t: Test,
  target: Pick<Target, 'url'>,
  user: User,
  more: Frame = {},
): Promise<NativeByHand> {
  const client = await open(t, target);
  client.send('register-user', { ...shows(user), ...more });
  await client.next('registered');
  return client;
}

/** Begins a call and waits until it rings. @returns its id */
export async function ring(
  caller: NativeByHand,
  callee: NativeByHand,
  { roomId }: Pick<Target, 'roomId'>,
): Promise<string> {
  const answer = await caller.ask('initiate', { roomId, callType: 'voice' });
  const { callId } = answer;
  if (answer['type'] !== 'ack' || typeof callId !== 'string')
    throw new Error(`initiate was answered ${JSON.stringify(answer)}`);
  await callee.next('incoming-call', callId);
  return callId;
}

/** Ends a call, and leaves nobody with something that waits. */
export async function hangUp(callId: string, ...clients: readonly NativeByHand[]): Promise<void> {
  await clients[0]?.ask('end', { callId });
  for (const client of clients) {
    await until(() => client.of('call-ended', callId).length > 0);
    await client.webSocket.close();
  }
}
