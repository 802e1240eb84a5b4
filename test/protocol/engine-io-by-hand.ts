// Engine.IO and Socket.IO by hand: polling with plain HTTP requests, packets on a WebSocket by hand. It answers the
// server's heartbeat, and understands no event.

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

import type { Test } from 'tap';

import type { Target } from './target.ts';
import { WebSocketByHand, type HandshakeOptions, until } from './websocket-by-hand.ts';

export type EngineVersion = 3 | 4;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request on a connection of its own. */
export function http(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body } = options;
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A session by polling. */
export class PollingByHand {
  readonly #url: string;
  readonly #version: EngineVersion;

  constructor({ url }: Pick<Target, 'url'>, version: EngineVersion, sid?: string) {
    this.#url = `${url}/socket.io/?EIO=${version}&transport=polling${sid === undefined ? '' : `&sid=${sid}`}`;
    this.#version = version;
  }

  /** The packets that wait; the server holds the request until there is one. */
  async poll(): Promise<readonly string[]> {
    const { status, body } = await http(this.#url);
    if (status !== 200) throw new Error(`a poll was answered ${status} ${body}`);
    return this.#version === 4 ? body.split('\x1e') : lengthPrefixed(body);
  }

  async post(...packets: readonly string[]): Promise<HttpAnswer> {
    const body =
      this.#version === 4
        ? packets.join('\x1e')
        : packets.map((packet) => `${packet.length}:${packet}`).join('');
    return http(this.#url, { method: 'POST', headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body });
  }
}

/** `<characters>:<packet>`, one after another. */
function lengthPrefixed(body: string): readonly string[] {
  const packets: string[] = [];
  for (let at = 0; at < body.length;) {
    const colon = body.indexOf(':', at);
    const length = Number(body.slice(at, colon));
    if (colon === -1 || !Number.isInteger(length)) throw new Error(`no payload of packets: ${body}`);
    packets.push(body.slice(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return packets;
}

export type Event = readonly [name: string, ...args: readonly unknown[]];

/** A Socket.IO socket in the default namespace, on a WebSocket. */
export class SocketIoByHand {
  readonly webSocket: WebSocketByHand;
  #lastId = 0;
  #taken = 0;

  constructor(webSocket: WebSocketByHand) {
    this.webSocket = webSocket;
    webSocket.socket.on('data', () => this.#answerHeartbeat());
  }

  emit(name: string, ...args: readonly unknown[]): void {
    this.webSocket.text(`42${JSON.stringify([name, ...args])}`);
  }

  /** Asks for an acknowledgement. @returns its first argument */
  async ask(name: string, ...args: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> {
    this.#lastId += 1;
    const prefix = `43${this.#lastId}`;
    this.webSocket.text(`42${this.#lastId}${JSON.stringify([name, ...args])}`);
    const found = await this.#find((text) => text.startsWith(`${prefix}[`));
    const [first] = JSON.parse(found.slice(prefix.length)) as readonly Readonly<Record<string, unknown>>[];
    return first ?? {};
  }

  get events(): readonly Event[] {
    return this.webSocket.texts
      .filter((text) => text.startsWith('42['))
      .map((text) => JSON.parse(text.slice(2)) as Event);
  }

  /** The events about this call, oldest first. */
  of(callId: unknown): readonly Event[] {
    return this.events.filter(([, payload]) => memberOf(payload, 'callId') === callId);
  }

  /** The payload of the next event of this name, about this call if one is named; others are passed over. */
  async next(name: string, callId?: unknown): Promise<Readonly<Record<string, unknown>>> {
    const matches = ([one, payload]: Event): boolean =>
      one === name && (callId === undefined || memberOf(payload, 'callId') === callId);
    let index = -1;
    await until(() => {
      index = this.events.findIndex((event, at) => at >= this.#taken && matches(event));
      return index !== -1;
    }).catch((cause: unknown) => {
      throw new Error(`no ${name} came; there were: ${this.events.map(([one]) => one).join(', ')}`, {
        cause,
      });
    });
    this.#taken = index + 1;
    return (this.events[index]?.[1] ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** The connection ends as a client that goes away ends it. */
  async close(): Promise<void> {
    this.webSocket.text('41');
    await this.webSocket.close();
  }

  async #find(matches: (text: string) => boolean): Promise<string> {
    await until(() => this.webSocket.texts.some(matches));
    return this.webSocket.texts.find(matches) ?? '';
  }

  #answerHeartbeat(): void {
    const pings = this.webSocket.texts.filter((text) => text === '2').length;
    for (; this.#pongs < pings; this.#pongs += 1) this.webSocket.text('3');
  }

  #pongs = 0;
}

function memberOf(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null ? Reflect.get(payload, name) : undefined;
}

/** A WebSocket to Engine.IO; it ends with the test. */
export async function openEngine(
  t: Test,
  { url }: Pick<Target, 'url'>,
  query: string,
  options: HandshakeOptions = {},
): Promise<WebSocketByHand> {
  const webSocket = new WebSocketByHand(url, { path: `/socket.io/?${query}`, ...options });
  t.teardown(() => webSocket.socket.destroy());
  await webSocket.answered();
  return webSocket;
}

/** Connected to the default namespace. @param auth of the connect packet */
export async function connect(
  t: Test,
  target: Pick<Target, 'url'>,
  auth?: Readonly<Record<string, unknown>>,
): Promise<SocketIoByHand> {
  const webSocket = await openEngine(t, target, 'EIO=4&transport=websocket');
  webSocket.text(`40${auth === undefined ? '' : JSON.stringify(auth)}`);
  await until(() => webSocket.texts.some((text) => text.startsWith('40')));
  return new SocketIoByHand(webSocket);
}
