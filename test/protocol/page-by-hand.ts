// A web page of the profile or room dialect on a WebSocket by hand: JSON out, JSON in, and waiting for what has to come.

import type { Test } from 'tap';

import type { Frame } from './native-by-hand.ts';
import type { PageUser, Target } from './target.ts';
import { PING, PONG, until, WebSocketByHand, type HandshakeOptions } from './websocket-by-hand.ts';

export class PageByHand {
  readonly webSocket: WebSocketByHand;
  readonly #parsed: Frame[] = [];
  #taken = 0;
  #fences = 0;

  constructor(webSocket: WebSocketByHand) {
    this.webSocket = webSocket;
  }

  get frames(): readonly Frame[] {
    for (const text of this.webSocket.texts.slice(this.#parsed.length))
      this.#parsed.push(JSON.parse(text) as Frame);
    return this.#parsed;
  }

  send(frame: Frame): void {
    this.webSocket.text(JSON.stringify(frame));
  }

  /** The next frame of this type that fits; what came before it is passed over. */
  async next(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    let index = -1;
    await until(() => {
      index = this.frames.findIndex(
        (frame, at) => at >= this.#taken && frame['type'] === type && fits(frame),
      );
      return index !== -1;
    }).catch((cause: unknown) => {
      const seen = this.frames.map((frame) => String(frame['type'])).join(', ');
      throw new Error(`no ${type} came; there were: ${seen}`, { cause });
    });
    this.#taken = index + 1;
    return this.frames[index] ?? {};
  }

  /** What has come since the last that was waited for. */
  get rest(): readonly Frame[] {
    return this.frames.slice(this.#taken);
  }

  /** Resolves when everything that was sent before has been read, and what answers it at once is here. */
  async settled(): Promise<void> {
    this.#fences += 1;
    const fence = `fence ${this.#fences}`;
    this.webSocket.frame(PING, fence);
    await until(() =>
      this.webSocket.frames.some(({ opcode, payload }) => opcode === PONG && payload.toString() === fence),
    );
  }
}

/** The handshake of a page, whatever comes of it; the socket ends with the test. */
export async function knock(
  t: Test,
  { url }: Pick<Target, 'url'>,
  { path, token }: PageUser,
  headers: NonNullable<HandshakeOptions['headers']> = {},
): Promise<WebSocketByHand> {
  const shown = token === undefined ? {} : { 'Sec-WebSocket-Protocol': `portico, access_token.${token}` };
  const webSocket = new WebSocketByHand(url, { path, headers: { ...shown, ...headers } });
  t.teardown(() => webSocket.socket.destroy());
  await webSocket.answered();
  return webSocket;
}

/** @throws unless the handshake is completed */
export async function openPage(t: Test, target: Pick<Target, 'url'>, user: PageUser): Promise<PageByHand> {
  const webSocket = await knock(t, target, user);
  if (webSocket.status !== 101) throw new Error(`the handshake was answered ${webSocket.status}`);
  const page = new PageByHand(webSocket);
  // Whatever a page is told first says that it is let in.
  await until(() => page.frames.length > 0 || webSocket.closeCode !== undefined || webSocket.isEnded);
  return page;
}

/** The names in a path, decoded and without its query: of a profile or of a room user. */
export function namesIn({ path }: PageUser): readonly [string, string] {
  const [second, first] = path.split('?', 1).join('').split('/').toReversed().map(decodeURIComponent);
  if (first === undefined || second === undefined) throw new Error(`${path} is no path of a page`);
  return [first, second];
}
