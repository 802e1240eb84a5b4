// WebSockets as signaling sockets: completes the handshake, holds the peer to its limits, and sees to the end. It reads
// no frame; what a text means is its dialect's, and which paths lead here is http/upgrade.ts's to ask.

import type { Socket } from 'node:net';

import { WebSocket, WebSocketServer } from 'ws';

import type { CancelTimer, Clock } from '../../clock.ts';
import type { AddressRanges } from '../../http/address.ts';
import type { Upgrade } from '../../http/upgrade.ts';
import { CLOSE_CODES } from '../../protocol/close-codes.ts';
import { MAX_FRAME_BYTES } from '../../protocol/limits.ts';
import type { Arrival, SignalSocket, SocketEnd, SocketEvents } from '../transport.ts';
import { Heartbeat, type Beating } from './heartbeat.ts';
import { asciiTextFrame } from './text-frame.ts';
import { TOKEN_PREFIX, webSocketArrival } from './websocket-arrival.ts';

/** How long a peer gets to take what was sent and to answer a close. */
export const CLOSE_WITHIN_MS = 5_000;
/** The subprotocol that a browser offers beside a token, so that there is one to select. */
export const SUBPROTOCOL = 'portico';
/** How long a peer that is asked for it has to show that it is there. */
const PROBE_WITHIN_MS = 3_000;
/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

export interface WebSocketTransport {
  /**
   * Completes the handshake or answers why not.
   * @param onOpen called at once, or never; has to call listen()
   */
  accept(upgrade: Upgrade, onOpen: (socket: SignalSocket<string, string>) => void): void;
}

export interface WebSocketTransportParts {
  readonly clock: Clock;
  readonly trustedProxies: AddressRanges;
  readonly onEnded?: (end: SocketEnd) => void;
}

/** The socket of `ws`, and ours upon it, which hears its events at once: five listeners of each would be kept for each. */
class CarryingWebSocket extends WebSocket {
  carried: CarriedSocket | undefined;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    this.carried?.happened(event, values);
    return true;
  }
}

export function createWebSocketTransport({
  clock,
  trustedProxies,
  onEnded,
}: WebSocketTransportParts): WebSocketTransport {
  const heartbeat = new Heartbeat(clock);
  const options = {
    noServer: true,
    clientTracking: false,
    WebSocket: CarryingWebSocket,
    maxPayload: MAX_FRAME_BYTES,
    // Frames of one byte cost a hundred times their size in memory (CVE-2026-48779).
    maxFragments: 64,
    maxBufferedChunks: 1_024,
    perMessageDeflate: false,
    skipUTF8Validation: false,
    autoPong: true,
    handleProtocols: selectProtocol,
    // For closes that the peer begins, of which we hear only when they are over.
    closeTimeout: CLOSE_WITHIN_MS,
  };
  const server = new WebSocketServer<typeof CarryingWebSocket>(options);
  let origin = '';

  return {
    accept(upgrade, onOpen) {
      const { request, socket, head } = upgrade;
      const said = webSocketArrival(upgrade, trustedProxies);
      // Put together anew for each: one text is kept for all that come by the same origin one after another.
      if (said.origin !== origin) ({ origin } = said);
      const arrival = { ...said, origin };
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const { path } = upgrade.requestHead;
        onOpen(new CarriedSocket(webSocket, socket, arrival, { clock, heartbeat, path, onEnded }));
      });
    },
  };
}

interface CarriedParts {
  readonly clock: Clock;
  readonly heartbeat: Heartbeat;
  readonly path: string;
  readonly onEnded: WebSocketTransportParts['onEnded'];
}

class CarriedSocket implements SignalSocket<string, string>, Beating {
  readonly arrival: Arrival;
  lastHeardMs: number;
  readonly #path: string;
  readonly #openedMs: number;
  readonly #onEnded: WebSocketTransportParts['onEnded'];
  #sentCode: number | undefined;
  #isDead = false;
  readonly #webSocket: CarryingWebSocket;
  readonly #connection: Socket;
  readonly #clock: Clock;
  readonly #heartbeat: Heartbeat;
  readonly #group: number;
  #events: SocketEvents<string> | undefined;
  #isClosing = false;
  #isCorked = false;
  #cancelDeadline: CancelTimer | undefined;

  constructor(
    webSocket: CarryingWebSocket,
    connection: Socket,
    arrival: Arrival,
    { clock, heartbeat, path, onEnded }: CarriedParts,
  ) {
    this.#connection = connection;
    this.arrival = arrival;
    this.lastHeardMs = clock.monotonicMs();
    this.#openedMs = this.lastHeardMs;
    this.#path = path;
    this.#onEnded = onEnded;
    this.#webSocket = webSocket;
    this.#clock = clock;
    this.#heartbeat = heartbeat;
    this.#group = heartbeat.add(this);
    webSocket.carried = this;
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  listen(events: SocketEvents<string>): void {
    this.#events = events;
  }

  send(frame: string): void {
    // After the close of the peer too, which `ws` has answered: nothing may follow that.
    if (this.#isClosing || this.#webSocket.readyState !== WebSocket.OPEN) return;
    // Candidates come in bursts: what is sent in one go leaves in one write, instead of a system call and a packet each.
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#connection.cork();
      process.nextTick(uncork, this);
    }
    const ascii = asciiTextFrame(frame);
    if (ascii === undefined) this.#webSocket.send(frame);
    else this.#connection.write(ascii, 'latin1');
  }

  uncork(): void {
    this.#isCorked = false;
    this.#connection.uncork();
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#sentCode = code;
    this.#webSocket.close(code, clipped(reason));
    this.#beginEnd();
  }

  terminate(): void {
    this.#isDead = true;
    this.#isClosing = true;
    this.#webSocket.terminate();
  }

  ping(): void {
    if (!this.#isClosing) this.#webSocket.ping();
  }

  probe(): () => boolean {
    const askedMs = this.#clock.monotonicMs();
    const isThere = (): boolean => this.lastHeardMs >= askedMs;
    if (this.#isClosing) return isThere;
    this.#webSocket.ping();
    this.#clock.after(PROBE_WITHIN_MS, () => {
      if (!isThere()) this.terminate();
    });
    return isThere;
  }

  /** An event of `ws`. */
  happened(event: string | symbol, [data, isBinary]: readonly unknown[]): void {
    switch (event) {
      case 'message':
        this.#heardFrame(data, isBinary === true);
        break;
      case 'ping':
      case 'pong':
        this.lastHeardMs = this.#clock.monotonicMs();
        break;
      case 'error':
        // `ws` has closed already, with the code that RFC 6455 has for the fault.
        this.#sentCode ??= CLOSE_CODES.badFrame;
        this.#beginEnd();
        break;
      case 'close':
        this.#ended(Number(data));
        break;
      default:
    }
  }

  #heardFrame(data: unknown, isBinary: boolean): void {
    this.lastHeardMs = this.#clock.monotonicMs();
    // What was on its way when we closed is nobody's any more.
    if (this.#isClosing) return;
    // `data` is a Buffer: only another binaryType makes it something else.
    if (isBinary || !Buffer.isBuffer(data)) this.close(CLOSE_CODES.badFrame, 'text frames only');
    else this.#events?.frame(data.toString('utf8'));
  }

  /** From now on the peer has a deadline: half-open connections would be kept for ever. */
  #beginEnd(): void {
    this.#isClosing = true;
    this.#heartbeat.remove(this, this.#group);
    this.#cancelDeadline ??= this.#clock.after(CLOSE_WITHIN_MS, () => this.#webSocket.terminate());
  }

  #ended(peerCode: number): void {
    this.#isClosing = true;
    this.#heartbeat.remove(this, this.#group);
    this.#cancelDeadline?.();
    const events = this.#events;
    this.#events = undefined;
    this.#onEnded?.({
      arrival: this.arrival,
      path: this.#path,
      lifetimeMs: this.#clock.monotonicMs() - this.#openedMs,
      code: this.#sentCode ?? peerCode,
      isDead: this.#isDead,
    });
    events?.closed();
  }
}

/** One function for all sockets, so that a burst costs no closure. */
function uncork(socket: CarriedSocket): void {
  socket.uncork();
}

/** A browser drops the connection unless one of its offers is selected; a token is echoed only where nothing else is. */
function selectProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL;
  const plain = [...offered].find((name) => !name.startsWith(TOKEN_PREFIX));
  return plain ?? [...offered][0] ?? false;
}

function clipped(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1);
  return text;
}
