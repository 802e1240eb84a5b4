// One Socket.IO socket as the hub sees it. Owns how its packets go out, how it ends, and what waits for its reader.

import type { Socket } from 'socket.io';

import { CLOSE_CODES, FINAL_CLOSE_CODES } from '../../protocol/close-codes.ts';
import type { Ack, SocketIoFrame, SocketIoPacket } from '../dialects/socket-io.ts';
import type { Arrival, SignalSocket, SocketEvents } from '../transport.ts';
import { RECOVERY_ROOM } from './socket-io-recovery.ts';

type Events = Record<string, (...args: unknown[]) => void>;

/** What the library keeps of a socket for recovery. */
export interface KeptData {
  sessionId: string;
}

export type LibrarySocket = Socket<Events, Events, Events, KeptData>;
export type EngineSocket = LibrarySocket['conn'];

export class SocketIoSocket implements SignalSocket<SocketIoFrame, SocketIoPacket> {
  readonly arrival: Arrival;
  /**
   * The id of the session that this socket goes on with: the library has recovered it, and has sent what the client had
   * missed of all that was sent to the socket before it closed. Undefined for a new one.
   */
  readonly sessionHint: string | undefined;
  /** With which we have closed it; Socket.IO sends none. */
  sentCode: number | undefined;
  readonly #socket: LibrarySocket;
  #isClosing = false;

  constructor(socket: LibrarySocket, arrival: Arrival) {
    this.#socket = socket;
    this.arrival = arrival;
    this.sessionHint = socket.recovered ? socket.data.sessionId : undefined;
  }

  get bufferedBytes(): number {
    return bufferedBytesOf(this.#socket.conn);
  }

  listen(events: SocketEvents<SocketIoFrame>): void {
    this.#socket.onAny((name: unknown, ...args: unknown[]) => {
      if (!this.#isClosing) events.frame(frameOf(name, args));
    });
    this.#socket.once('disconnect', () => {
      this.#isClosing = true;
      events.closed();
    });
  }

  send(packet: SocketIoPacket): void {
    if (this.#isClosing) return;
    if (packet.kind !== 'event' && packet.recoverAs !== undefined) this.#recoverAs(packet.recoverAs);
    if (packet.kind === 'event') this.#socket.emit(packet.name, packet.payload);
    else if (packet.kind === 'ack') packet.ack(packet.payload);
  }

  /**
   * Socket.IO knows no close codes, but a client tells two ends apart: after a `disconnect` packet it stays away, while a
   * connection that only closes is opened again. The reason is not sent.
   */
  close(code: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.sentCode = code;
    if (FINAL_CLOSE_CODES.has(code)) this.#socket.disconnect();
    // Who does not read would not take the rest either.
    if (code === CLOSE_CODES.tooSlow) endAtOnce(this.#socket.conn);
    else endWhenWritten(this.#socket.conn);
  }

  #recoverAs(sessionId: string): void {
    this.#socket.data.sessionId = sessionId;
    void this.#socket.join(RECOVERY_ROOM);
  }
}

function frameOf(name: unknown, args: readonly unknown[]): SocketIoFrame {
  const last = args.at(-1);
  // Only the library can have put a function there: JSON has none.
  const ack = typeof last === 'function' ? (last as Ack) : undefined;
  const payload = ack !== undefined && args.length === 1 ? undefined : args[0];
  return { name: String(name), payload, ack };
}

/** The library's own orderly end waits half a minute for the next poll of a client that is gone. */
function endWhenWritten(conn: EngineSocket): void {
  if (waitingOf(conn).length === 0) conn.close(true);
  else conn.once('drain', () => conn.close(true));
}

export function endAtOnce(conn: EngineSocket): void {
  const webSocket = webSocketOf(conn);
  if (webSocket === undefined) conn.close(true);
  else webSocket.terminate();
}

interface WebSocketPart {
  readonly bufferedAmount: number;
  terminate(): void;
}

/** The library has no public way to its WebSocket; without one, `bufferedAmount` and a hard end cannot be had. */
function webSocketOf({ transport }: EngineSocket): WebSocketPart | undefined {
  const part: unknown = Reflect.get(transport, 'socket');
  return isWebSocket(part) ? part : undefined;
}

function isWebSocket(part: unknown): part is WebSocketPart {
  return typeof part === 'object' && part !== null && 'bufferedAmount' in part && 'terminate' in part;
}

/** What ws has not passed on, and what waits for ws or for the next poll. */
function bufferedBytesOf(conn: EngineSocket): number {
  let bytes = webSocketOf(conn)?.bufferedAmount ?? 0;
  for (const { data } of waitingOf(conn)) if (typeof data === 'string') bytes += data.length;
  return bytes;
}

function waitingOf(conn: EngineSocket): readonly { readonly data?: unknown }[] {
  const waiting: unknown = Reflect.get(conn, 'writeBuffer');
  return Array.isArray(waiting) ? (waiting as readonly { readonly data?: unknown }[]) : [];
}
