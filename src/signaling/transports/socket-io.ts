// Socket.IO by its own library: requests and upgrades of its path go into it as they came, connected sockets come out.
// Owns the library's settings, who may open a session, and what of it must not reach the library or its clients. It
// listens nowhere, and knows no event (dialects/socket-io.ts).

import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { Server } from 'socket.io';

import type { Handshake } from '../../application/application.ts';
import type { CancelTimer, Clock } from '../../clock.ts';
import { errorEntry, type ErrorCode } from '../../errors.ts';
import { exchangeOf } from '../../http/exchange.ts';
import { CLOSE_CODES } from '../../protocol/close-codes.ts';
import { MAX_FRAME_BYTES, PING_EVERY_MS } from '../../protocol/limits.ts';
import type { Arrival, SocketEnd } from '../transport.ts';
import { SessionCounter, type SessionLimits } from './session-counter.ts';
import { openNamespaces, type Namespaces } from './socket-io-namespaces.ts';
import { recoveryAdapter } from './socket-io-recovery.ts';
import { endAtOnce, SocketIoSocket, type EngineSocket, type LibrarySocket } from './socket-io-socket.ts';

export interface RequestArrival extends Arrival {
  /** Whether it comes from a web page that may not open sockets (http/origins.ts). */
  readonly isOriginRefused: boolean;
  /** The `Origin` as it was sent, undefined without one. */
  readonly originHeader: string | undefined;
}

export interface SocketIoTransportParts {
  readonly clock: Clock;
  /** Begins and ends with a slash. */
  readonly path: string;
  /** How long a socket that went away can be recovered. */
  readonly graceMs: number;
  /** Sessions, polling and WebSocket together. */
  readonly limits: SessionLimits;
  /** Asked once for each request and upgrade; `token` is that of `Authorization`. */
  readonly arrivalOf: (request: IncomingMessage) => RequestArrival;
  /** Has to call `listen` before it returns. */
  readonly onSocket: (socket: SocketIoSocket) => void;
  /** For the log: the request is answered by the transport. Undefined for what was refused within a session. */
  readonly onRefused?: (request: IncomingMessage | undefined, code: ErrorCode) => void;
  /** Besides the default one; none if not said. The handshake of every session is kept for them. */
  readonly namespaces?: Namespaces | undefined;
  /** A socket has ended, or was not let into its namespace. */
  readonly onEnded?: (end: SocketEnd) => void;
  readonly onFailed?: (error: unknown) => void;
}

/** Without the members of a handshake, it gets into no namespace. */
export interface Upgrade extends Partial<Handshake> {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface SocketIoTransport {
  /** Whether the path of a request or upgrade is ours. */
  isPath(path: string): boolean;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(upgrade: Upgrade): void;
  /** Open sessions: the connected ones, and those that are not yet. */
  readonly sessions: number;
  /** Ends the sessions that are left once every socket was told: a poll that nobody answers would hold up the stop. */
  drain(): void;
  /** Ends all sockets, and opens no more: their clients come back by themselves, to whoever is there then. */
  close(): Promise<void>;
}

/** A client that is gone is found after PING_EVERY_MS and this; Socket.IO's own default, which its clients know. */
const PING_TIMEOUT_MS = 20_000;
/** From the session to its namespace: the next packet of every client. */
const CONNECT_WITHIN_MS = 20_000;
/** Longer than the hub takes to tell all sockets. */
const DRAINED_AFTER_MS = 3_000;
/** A target that is of a session which is open. */
const HAS_SESSION = /[?&]sid=/;
/** Of Engine.IO: what a request that is not allowed is answered with. */
const FORBIDDEN = 4;

export function createSocketIoTransport(parts: SocketIoTransportParts): SocketIoTransport {
  const { clock, path, graceMs, limits, arrivalOf, onSocket } = parts;
  const counter = new SessionCounter(limits);
  const arrivals = new WeakMap<object, RequestArrival>();
  const arrivalsOfSessions = new WeakMap<EngineSocket, Arrival>();
  const handshakes = new WeakMap<object, Handshake>();
  let isClosed = false;
  let cancelDrain: CancelTimer | undefined;

  // The library serves its bundle and its sessions by the events of a server; this one never listens.
  const server = createServer();
  const io = new Server<never, never, never, never>({
    path,
    adapter: recoveryAdapter({
      clock,
      graceMs,
      sessions: limits.sessions,
      connected: { pidOf: (id) => pidOf(socketOf(id)), end: (id) => ended(socketOf(id)) },
    }),
    connectionStateRecovery: { maxDisconnectionDuration: graceMs, skipMiddlewares: true },
    allowEIO3: true,
    destroyUpgrade: false,
    maxHttpBufferSize: MAX_FRAME_BYTES,
    pingInterval: PING_EVERY_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: CONNECT_WITHIN_MS,
    perMessageDeflate: false,
    httpCompression: false,
    cleanupEmptyChildNamespaces: true,
    // Who is refused does not come this far.
    cors: (request, callback) => {
      callback(null, { origin: arrivals.get(request)?.originHeader ?? false, credentials: true });
    },
    allowRequest: (request, callback) => {
      const isAllowed = counter.hasRoomFor(countedAddress(arrivals.get(request)));
      if (!isAllowed) parts.onRefused?.(request, 'CONNECTIONS_EXCEEDED');
      callback(isAllowed ? null : errorEntry('CONNECTIONS_EXCEEDED').text, isAllowed);
    },
  });
  io.attach(server);
  // Before the library's own listener, which copies from the request what would be kept for as long as the session.
  io.engine.prependListener('connection', (session: EngineSocket) => {
    const arrival = arrivals.get(session.request);
    if (arrival === undefined) {
      session.close(true);
      return;
    }
    const address = countedAddress(arrival);
    counter.add(address);
    session.once('close', () => counter.remove(address));
    session.on('packet', refusePacket);
    arrivalsOfSessions.set(session, bareArrival(arrival));
    const handshake = handshakes.get(session.request);
    if (handshake !== undefined) handshakes.set(session, handshake);
    // The request with all its headers; the library is prepared for sessions without one.
    Reflect.set(session, 'request', null);
  });
  io.on('connection', (socket: LibrarySocket) => {
    const arrival = arrivalsOfSessions.get(socket.conn);
    if (arrival === undefined) socket.disconnect(true);
    else {
      const carried = new SocketIoSocket(socket, { ...arrival, token: takeToken(socket) ?? arrival.token });
      watchEnd(socket, carried, path);
      onSocket(carried);
    }
  });
  if (parts.namespaces !== undefined) {
    openNamespaces(io, {
      ...parts.namespaces,
      cameBy(session) {
        const arrival = arrivalsOfSessions.get(session);
        const handshake = handshakes.get(session);
        return arrival && handshake && { arrival, handshake };
      },
      onOpened: (socket, carried) => watchEnd(socket, carried, socket.nsp.name),
      onRefused(code, name, came) {
        parts.onRefused?.(undefined, code);
        if (came === undefined) return;
        // As it is with pages that open a WebSocket there (pages/page-door.ts).
        const { closeCode = CLOSE_CODES.tryLater } = errorEntry(code);
        const { arrival } = came;
        parts.onEnded?.({ arrival, path: name, lifetimeMs: 0, code: closeCode, isDead: false });
      },
      onFailed: (error) => parts.onFailed?.(error),
    });
  }

  /** Whether the library is to have it. */
  function admit(request: IncomingMessage): ErrorCode | undefined {
    if (isClosed) return 'GATEWAY_DRAINING';
    // The library would leave unanswered what it does not take for its own.
    if (!isPath(request.url ?? '')) return 'ROUTE_NOT_FOUND';
    const arrival = arrivalOf(request);
    arrivals.set(request, arrival);
    return arrival.isOriginRefused ? 'ORIGIN_REFUSED' : undefined;
  }

  /** @param at the path of the transport, or the name of the socket's namespace, which is the path of a page */
  function watchEnd(socket: LibrarySocket, carried: SocketIoSocket, at: string): void {
    const openedMs = clock.monotonicMs();
    socket.once('disconnect', (reason) => {
      parts.onEnded?.({
        arrival: carried.arrival,
        path: at,
        lifetimeMs: clock.monotonicMs() - openedMs,
        code: carried.sentCode ?? codeOf(reason),
        isDead: reason === 'ping timeout',
      });
    });
  }

  /** Only of what opens a session: the others have their own already. */
  function keepHandshake(request: IncomingMessage, handshake: () => Handshake | undefined): void {
    if (parts.namespaces === undefined || HAS_SESSION.test(request.url ?? '')) return;
    const kept = handshake();
    if (kept !== undefined) handshakes.set(request, kept);
  }

  function socketOf(id: string): LibrarySocket | undefined {
    return io.sockets.sockets.get(id);
  }

  function isPath(target: string): boolean {
    return target.startsWith(path);
  }

  return {
    isPath,
    request(request, response) {
      const refused = admit(request);
      if (refused === undefined) {
        keepHandshake(request, () => handshakeOf(request));
        server.emit('request', request, response);
        return;
      }
      parts.onRefused?.(request, refused);
      response.writeHead(errorEntry(refused).status, { 'Content-Type': 'application/json' });
      response.end(refusalBody(refused));
    },
    upgrade(upgrade) {
      const { request, socket, head } = upgrade;
      const refused = admit(request);
      if (refused === undefined) {
        keepHandshake(request, () => handshakeWithin(upgrade));
        request.url = withWebSocketTransport(request.url ?? '');
        server.emit('upgrade', request, socket, head);
        return;
      }
      parts.onRefused?.(request, refused);
      refuseUpgrade(socket, refused);
    },
    get sessions() {
      return counter.total;
    },
    drain() {
      cancelDrain ??= clock.after(DRAINED_AFTER_MS, () => {
        isClosed = true;
        io.engine.close();
      });
    },
    async close() {
      isClosed = true;
      cancelDrain?.();
      await io.close();
    },
  };
}

/** The close code of a WebSocket that would end so. */
function codeOf(reason: string): number {
  if (reason === 'server shutting down') return CLOSE_CODES.comeBack;
  return reason === 'client namespace disconnect' ? 1000 : 1006;
}

/** The library has no public way to it. */
function pidOf(socket: LibrarySocket | undefined): string | undefined {
  const pid: unknown = socket === undefined ? undefined : Reflect.get(socket, 'pid');
  return typeof pid === 'string' ? pid : undefined;
}

function ended(socket: LibrarySocket | undefined): Promise<void> {
  if (socket === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('disconnect', () => resolve());
    endAtOnce(socket.conn);
  });
}

/** Undefined for an address behind which many clients are. */
function countedAddress(arrival: Arrival | undefined): string | undefined {
  return arrival?.isAddressUsable === true ? arrival.clientAddress : undefined;
}

function bareArrival({ clientAddress, isAddressUsable, origin, token }: Arrival): Arrival {
  return { clientAddress, isAddressUsable, origin, token };
}

/** The token of the CONNECT packet, which the library would keep. Clients of version 2 send none: theirs is the query. */
function takeToken(socket: LibrarySocket): string | undefined {
  const token: unknown = socket.conn.protocol === 4 ? socket.handshake.auth['token'] : undefined;
  socket.handshake.auth = {};
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function handshakeOf(request: IncomingMessage): Handshake {
  const { head: requestHead, client, requestId } = exchangeOf(request);
  return { requestHead, client, requestId };
}

function handshakeWithin({ requestHead, client, requestId }: Upgrade): Handshake | undefined {
  return requestHead && client && requestId !== undefined ? { requestHead, client, requestId } : undefined;
}

const BINARY_EVENT = '5';
const BINARY_ACK = '6';

/**
 * Nothing that we understand is binary, while the packets that announce attachments make the library's parser collect
 * them. Within this event the session is closed before the packet is read. What cannot be read at all would end it as
 * well, but a polling one would be kept for half a minute.
 */
function refusePacket(this: EngineSocket, packet: { readonly type: string; readonly data?: unknown }): void {
  if (packet.type === 'error' || (packet.data !== undefined && !isText(packet.data))) this.close(true);
}

function isText(data: unknown): boolean {
  return typeof data === 'string' && !data.startsWith(BINARY_EVENT) && !data.startsWith(BINARY_ACK);
}

/**
 * Dart clients that are not told their transports upgrade with `transport=polling`: the library completes the upgrade,
 * closes it at once, and the client begins again, for ever.
 */
function withWebSocketTransport(target: string): string {
  if (HAS_SESSION.test(target)) return target;
  return target.replaceAll(/([?&]transport=)polling(?=&|$)/g, '$1websocket');
}

function refusalBody(code: ErrorCode): string {
  return JSON.stringify({ code: FORBIDDEN, message: errorEntry(code).text });
}

function refuseUpgrade(socket: Duplex, code: ErrorCode): void {
  const { status } = errorEntry(code);
  const body = refusalBody(code);
  // The peer may be gone already, and nobody else listens on an upgraded connection.
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
