// The listening sockets: one HTTP server per configured address, all handing every request to the same front door.
// Owns what happens below a request: connection limits, parse errors, order on a connection, closing. Nothing above.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type ServerOptions as TlsServerOptions,
} from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import type { Clock } from '../clock.ts';
import type { ListenAddress } from '../config/kinds/listen-address.ts';
import type { ErrorCode } from '../errors.ts';
import { withSharedReads } from './accepted-socket.ts';
import { bareAddress, type AddressRanges } from './address.ts';
import type { Peer } from './client.ts';
import { ConnectionCounter, type ConnectionLimits } from './connections.ts';
import { errorAnswer } from './errors.ts';
import type { FrontDoor } from './front-door.ts';
import { Handshakes } from './handshakes.ts';
import { RequestOrder } from './in-order.ts';
import { boundAddress, listenOn } from './listen.ts';
import { rawAnswer } from './send.ts';
import { strictTransportResponse } from './strict-transport.ts';
import type { Upgrades } from './upgrade.ts';

export interface ListenerLimits extends ConnectionLimits {
  readonly headerSizeBytes: number;
  readonly headerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** How the TCP addresses speak TLS. */
export interface ListenerTls {
  /** For a server that opens now. */
  serverOptions(): TlsServerOptions;
  /** The server gets every later certificate. */
  follow(server: TlsServer): void;
  /** The value of `Strict-Transport-Security` on every answer; without it none is sent. */
  readonly strictTransport: string | undefined;
  /** A handshake failed or took too long. @param reason an error code of Node */
  readonly onFailed: (reason: string, address: string | undefined) => void;
}

export interface ListenersParts {
  /** The config key that the addresses come from, for errors. */
  readonly setting: string;
  readonly door: FrontDoor;
  /** Without it every address is plain HTTP; Unix sockets always are. */
  readonly tls?: ListenerTls | undefined;
  /** One more address, plain and with a door of its own, under the same limits; not one of `addresses()`. */
  readonly redirect?: { readonly setting: string; readonly address: ListenAddress; readonly door: FrontDoor };
  /** Without it every offer of an upgrade is ignored. */
  readonly upgrades?: Upgrades;
  /** What gets the connections first; without it the HTTP server does. */
  readonly splice?: Splice | undefined;
  readonly trustedProxies: AddressRanges;
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  /** Told of what was refused before there was a request. */
  readonly onRefused: (code: ErrorCode, address: string | undefined) => void;
}

/** A lane that serves what it can of a connection, and then hands it over to the HTTP server. */
export interface Splice {
  inFrontOf(behind: {
    readonly strictTransport: string | undefined;
    readonly handOver: (socket: Socket) => void;
    readonly refuse: (socket: Socket, code: ErrorCode) => void;
  }): (socket: Socket, peer: Peer) => void;
  /** Whether the lane has this connection now. */
  has(socket: Socket): boolean;
  /** Closes every connection as soon as it has no request in work. */
  drain(): void;
}

export interface Listeners {
  /** Opens every address, or none. @throws ListenError */
  open(): Promise<void>;
  /** The addresses as they are open now, with the real port in place of port 0. */
  addresses(): readonly ListenAddress[];
  /** Connections open now. */
  readonly connections: number;
  /**
   * Accepts no more, and closes idle connections; resolves when every connection is gone. Upgraded ones are waited for,
   * not closed: their owners know how to say farewell.
   */
  drain(): Promise<void>;
  /** Accepts no more and closes every connection at once. */
  destroy(): void;
}

/** How often Node looks for connections past their header deadline; the deadline is late by at most this. */
const DEADLINE_CHECK_MS = 1_000;

export function createListeners(listen: readonly ListenAddress[], parts: ListenersParts): Listeners {
  const counter = new ConnectionCounter(parts.limits);
  const sockets = new Set<Socket>();
  /** Those that have left HTTP. */
  const upgraded = new WeakSet<Socket>();
  /** Those on which something came that is no request. */
  const unreadable = new WeakSet<Duplex>();
  const order = new RequestOrder();
  const handshakes = new Handshakes();
  const servers: Listener[] = [];
  let redirecting: Listener | undefined;
  const options: ServerOptions = {
    maxHeaderSize: parts.limits.headerSizeBytes,
    headersTimeout: parts.limits.headerTimeoutMs,
    keepAliveTimeout: parts.limits.keepAliveTimeoutMs,
    // An upload is limited by its pauses, not by its length (Node's default of 300 s would end slow ones with 408).
    requestTimeout: 0,
    connectionsCheckingInterval: DEADLINE_CHECK_MS,
    // http/head.ts judges Host; Node's own refusal has neither body nor CORS.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  };

  return {
    async open() {
      try {
        for (const address of listen) {
          const tls = address.kind === 'unix' ? undefined : parts.tls;
          servers.push(await openOne({ ...parts, address, tls }));
        }
        if (parts.redirect !== undefined) redirecting = await openOne(parts.redirect);
      } catch (error) {
        this.destroy();
        throw error;
      }
    },
    addresses: () => servers.map(({ server, address }) => boundAddress(server, address)),
    get connections() {
      return counter.total;
    },
    async drain() {
      const closed = everyListener().map(
        ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
      );
      handshakes.destroyAll();
      parts.splice?.drain();
      // Node's closeIdleConnections() spares connections that have not sent anything yet, and those that become idle
      // later: both would hold up the stop until its deadline.
      for (const socket of sockets) {
        if (!upgraded.has(socket) && parts.splice?.has(socket) !== true)
          order.whenFree(socket, () => socket.destroySoon());
      }
      // A server says that it is closed before its last connections have told so to whoever is busy with them.
      const gone = [...sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      await Promise.all([...closed, ...gone]);
    },
    destroy() {
      for (const { server } of everyListener()) server.close();
      handshakes.destroyAll();
      for (const socket of sockets) socket.destroy();
    },
  };

  function everyListener(): readonly Listener[] {
    return redirecting === undefined ? servers : [...servers, redirecting];
  }

  async function openOne(opening: Opening): Promise<Listener> {
    const { address, setting, door, tls, upgrades: offers } = opening;
    const server = createServerFor(tls, {
      ...options,
      // An offer behind a request that is still in work is ignored: the answer to that one, and the first frames of the
      // new protocol, would go out side by side.
      shouldUpgradeCallback: (request) =>
        offers !== undefined &&
        order.currentOf(request.socket) === undefined &&
        offers.shouldUpgrade(request),
    });
    // Node keeps the first 1,000 lines and drops the rest without a word; http/head.ts refuses such a request.
    server.maxHeadersCount = 0;
    const peer = (socket: Socket): Peer => peerOf(socket, address, tls !== undefined);
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      order.enter(request.socket, response, () => door(request, response, peer(request.socket)));
    };
    server.on('request', onRequest);
    // Without this Node asks for the body at once, also for one that we are about to refuse.
    server.on('checkContinue', onRequest);
    server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
      upgraded.add(request.socket);
      offers?.handle(request, request.socket, head, peer(request.socket));
    });
    const begin = beginnerOf(server, opening);
    server.on('connection', (accepted: Socket) => {
      const socket = tls === undefined ? withSharedReads(accepted) : accepted;
      const refused = admit(socket);
      if (tls !== undefined) {
        // No answer can be read before the handshake, and a handshake is what a flood would have us pay for.
        if (refused === undefined) handshakes.begin(socket);
        else socket.destroy();
      } else if (refused === undefined) begin(socket);
      else {
        // Unread, what it has sent already would turn the end of the connection into a reset.
        socket.resume();
        answerRefusal(socket, refused);
      }
    });
    server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
      order.afterAll(socket, () => refuse(socket, 'REQUEST_METHOD_REFUSED')),
    );
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => onParseError(error, socket));
    if (tls !== undefined) {
      // Node's own would hand a failed handshake to 'clientError', where it would be answered in plain HTTP.
      server.removeAllListeners('tlsClientError');
      server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
        if (error.code !== 'ECONNRESET') tls.onFailed(error.code ?? error.name, addressOf(socket));
        socket.destroy();
      });
      server.on('secureConnection', (socket: TLSSocket) => onSecure(socket, begin));
    }
    await listenOn(server, address, setting);
    return { server, address };
  }

  function createServerFor(tls: ListenerTls | undefined, http: ServerOptions): Server | TlsServer {
    if (tls === undefined) return createServer(http);
    // Not put off by a client that sends its handshake byte by byte.
    const server = createTlsServer({
      ...http,
      ...tls.serverOptions(),
      ...(tls.strictTransport === undefined
        ? {}
        : { ServerResponse: strictTransportResponse(tls.strictTransport) }),
      handshakeTimeout: parts.limits.headerTimeoutMs,
    });
    tls.follow(server);
    return server;
  }

  /** @returns what takes an admitted connection: the splice lane, or else the HTTP server, from whose hands it is taken */
  function beginnerOf(
    server: Server | TlsServer,
    { address, tls, splice }: Opening,
  ): (socket: Socket) => void {
    const event = tls === undefined ? 'connection' : 'secureConnection';
    const toHttp = server.listeners(event) as ((socket: Socket) => void)[];
    server.removeAllListeners(event);
    const handOver = (socket: Socket): void => {
      for (const listener of toHttp) listener.call(server, socket);
      // Whoever listens to the bytes makes Node feed its parser from this side, as it does with bytes that were read
      // before: fed from beneath, it lets promises go on in the middle of what came at once, and another answer results.
      socket.on('data', ignore).off('data', ignore);
    };
    const begin = splice?.inFrontOf({
      strictTransport: tls?.strictTransport,
      handOver,
      refuse,
    });
    return (socket) => {
      serve(socket);
      if (begin === undefined) handOver(socket);
      else begin(socket, peerOf(socket, address, tls !== undefined));
    };
  }

  function onSecure(socket: TLSSocket, begin: (socket: Socket) => void): void {
    const connection = handshakes.finish(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    // Node's own throws on a TLS socket, and whoever breaks an answer off resets the connection under it.
    socket.resetAndDestroy = () => {
      connection.resetAndDestroy();
      return socket;
    };
    begin(socket);
  }

  /** Counts a connection until it closes, or says why it is one too many. */
  function admit(connection: Socket): ErrorCode | undefined {
    const peerAddress = addressOf(connection);
    const countedAddress =
      peerAddress !== undefined && !parts.trustedProxies.has(peerAddress) ? peerAddress : undefined;
    const refused = counter.admit(countedAddress);
    if (refused !== undefined) parts.onRefused(refused, peerAddress);
    else connection.on('close', () => counter.release(countedAddress));
    return refused;
  }

  /** Requests of this socket are answered from now on. */
  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  }

  function onParseError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Every further piece of nonsense would be another error, with another answer.
    if (unreadable.has(socket)) return;
    unreadable.add(socket);
    if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const code = parseErrorCode(error);
    const current = order.currentOf(socket);
    if (current === undefined) {
      refuse(socket, code);
    } else if (current.headersSent && (!current.req.complete || error.code === 'HPE_INVALID_EOF_STATE')) {
      // What was answered so far goes out; an answer still under way is cut short, which its framing shows. Who has ended
      // the connection in the middle of a later request is taken for gone, like everybody who ends it.
      socket.end(() => socket.destroy());
    } else if (current.req.complete) {
      // What could not be read is a later request: the earlier ones get their answers first.
      order.afterAll(socket, () => refuse(socket, code));
    } else {
      refuse(socket, code);
    }
  }

  function refuse(socket: Duplex, code: ErrorCode): void {
    parts.onRefused(code, socket instanceof Socket ? addressOf(socket) : undefined);
    answerRefusal(socket, code);
  }
}

function ignore(): void {
  // It is there to be registered only.
}

/** One address to open, and what is behind it. */
interface Opening extends Pick<ListenersParts, 'setting' | 'door' | 'upgrades' | 'tls' | 'splice'> {
  readonly address: ListenAddress;
}

interface Listener {
  readonly server: Server | TlsServer;
  readonly address: ListenAddress;
}

function answerRefusal(socket: Duplex, code: ErrorCode): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(errorAnswer(code, { method: undefined, path: undefined, isMatrix: true })), () =>
    socket.destroy(),
  );
}

function addressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : bareAddress(remoteAddress);
}

function peerOf(socket: Socket, listenAddress: ListenAddress, isTls: boolean): Peer {
  return {
    address: socket.remoteAddress,
    isUnix: listenAddress.kind === 'unix',
    isTls,
    localAuthority:
      socket.localAddress === undefined ? 'localhost' : authority(socket.localAddress, socket.localPort ?? 0),
  };
}

function authority(address: string, port: number): string {
  const bare = bareAddress(address) ?? address;
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}

function parseErrorCode(error: NodeJS.ErrnoException): ErrorCode {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'REQUEST_HEADERS_TOO_LARGE';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'REQUEST_TIMEOUT';
    case 'HPE_INVALID_TRANSFER_ENCODING':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
    case 'HPE_INVALID_CONTENT_LENGTH':
      return 'REQUEST_FRAMING_AMBIGUOUS';
    case 'HPE_INVALID_URL':
      return 'REQUEST_TARGET_INVALID';
    default:
      return 'REQUEST_MALFORMED';
  }
}
