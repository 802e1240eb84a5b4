// The listening sockets: one HTTP server per configured address, all handing every request to the same front door.
// Owns what happens below a request: connection limits, parse errors, order on a connection, closing. Nothing above.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Clock } from '../clock.ts';
import type { ListenAddress } from '../config/kinds/listen-address.ts';
import type { ErrorCode } from '../errors.ts';
import { bareAddress, type AddressRanges } from './address.ts';
import type { Peer } from './client.ts';
import { ConnectionCounter, type ConnectionLimits } from './connections.ts';
import { errorAnswer } from './errors.ts';
import type { FrontDoor } from './front-door.ts';
import { RequestOrder } from './in-order.ts';
import { rawAnswer } from './send.ts';
import type { Upgrades } from './upgrade.ts';

export interface ListenerLimits extends ConnectionLimits {
  readonly headerSizeBytes: number;
  readonly headerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface ListenersParts {
  /** The config key that the addresses come from, for errors. */
  readonly setting: string;
  readonly door: FrontDoor;
  /** Without it every offer of an upgrade is ignored. */
  readonly upgrades?: Upgrades;
  readonly trustedProxies: AddressRanges;
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  /** Told of what was refused before there was a request. */
  readonly onRefused: (code: ErrorCode, address: string | undefined) => void;
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

/** An address that cannot be listened on; the message is for the operator. */
export class ListenError extends Error {}

/** How often Node looks for connections past their header deadline; the deadline is late by at most this. */
const DEADLINE_CHECK_MS = 1_000;

export function createListeners(listen: readonly ListenAddress[], parts: ListenersParts): Listeners {
  const counter = new ConnectionCounter(parts.limits);
  const sockets = new Set<Socket>();
  /** Those that have left HTTP. */
  const upgraded = new WeakSet<Socket>();
  const order = new RequestOrder();
  const { upgrades } = parts;
  const servers: { server: Server; address: ListenAddress }[] = [];
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
    // An offer behind a request that is still in work is ignored: the answer to that one, and the first frames of the
    // new protocol, would go out side by side.
    shouldUpgradeCallback: (request) =>
      upgrades !== undefined &&
      sockets.has(request.socket) &&
      order.currentOf(request.socket) === undefined &&
      upgrades.shouldUpgrade(request),
  };

  return {
    async open() {
      try {
        for (const address of listen) servers.push(await openOne(address));
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
      const closed = servers.map(
        ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
      );
      // Node's closeIdleConnections() spares connections that have not sent anything yet, and those that become idle
      // later: both would hold up the stop until its deadline.
      for (const socket of sockets) {
        if (!upgraded.has(socket)) order.whenFree(socket, () => socket.destroySoon());
      }
      await Promise.all(closed);
    },
    destroy() {
      for (const { server } of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };

  async function openOne(address: ListenAddress): Promise<{ server: Server; address: ListenAddress }> {
    const server = createServer(options);
    // Node keeps the first 1,000 lines and drops the rest without a word; http/head.ts refuses such a request.
    server.maxHeadersCount = 0;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      // What a refused connection had sent already must not be served while its refusal is on the way.
      if (!sockets.has(request.socket)) return;
      order.enter(request.socket, response, () =>
        parts.door(request, response, peerOf(request.socket, address)),
      );
    };
    server.on('request', onRequest);
    // Without this Node asks for the body at once, also for one that we are about to refuse.
    server.on('checkContinue', onRequest);
    server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
      upgraded.add(request.socket);
      upgrades?.handle(request, request.socket, head, peerOf(request.socket, address));
    });
    server.on('connection', (socket) => admit(socket));
    server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
      refuse(socket, 'REQUEST_METHOD_REFUSED'),
    );
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => onParseError(error, socket));
    if (address.kind === 'unix') await removeStaleSocket(address.path);
    await listenOn(server, address, parts.setting);
    return { server, address };
  }

  function admit(socket: Socket): void {
    const peerAddress = socket.remoteAddress === undefined ? undefined : bareAddress(socket.remoteAddress);
    const countedAddress =
      peerAddress !== undefined && !parts.trustedProxies.has(peerAddress) ? peerAddress : undefined;
    const refused = counter.admit(countedAddress);
    if (refused !== undefined) {
      refuse(socket, refused, peerAddress);
      return;
    }
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      counter.release(countedAddress);
    });
  }

  function onParseError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const code = parseErrorCode(error);
    const current = order.currentOf(socket);
    if (current === undefined) {
      refuse(socket, code);
    } else if (current.req.complete) {
      // What could not be read is a later request: the earlier one gets its answer first.
      current.once('close', () => refuse(socket, code));
    } else if (current.headersSent) {
      // What was answered so far goes out; an answer still under way is cut short, which its framing shows.
      socket.end(() => socket.destroy());
    } else {
      refuse(socket, code);
    }
  }

  function refuse(socket: Duplex, code: ErrorCode, address?: string): void {
    parts.onRefused(code, address);
    socket.on('error', () => socket.destroy());
    socket.end(rawAnswer(errorAnswer(code, { method: undefined, path: undefined, isMatrix: true })), () =>
      socket.destroy(),
    );
  }
}

function peerOf(socket: Socket, listenAddress: ListenAddress): Peer {
  return {
    address: socket.remoteAddress,
    isUnix: listenAddress.kind === 'unix',
    isTls: false,
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

function boundAddress(server: Server, address: ListenAddress): ListenAddress {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return address;
  return { ...address, port: bound.port };
}

async function listenOn(server: Server, address: ListenAddress, setting: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, setting, error)));
    server.once('listening', resolve);
    // Any local user may use the socket, like a TCP port of this machine; its folder's mode restricts it.
    if (address.kind === 'unix') server.listen({ path: address.path, readableAll: true, writableAll: true });
    else server.listen({ port: address.port, ...(address.host === undefined ? {} : { host: address.host }) });
  });
  server.removeAllListeners('error');
  server.on('error', () => {
    // EMFILE on accept: the kernel keeps the connection waiting, and the next one that closes makes room.
  });
}

function listenError(address: ListenAddress, setting: string, error: NodeJS.ErrnoException): ListenError {
  const where = address.kind === 'unix' ? `unix:${address.path}` : `${address.host ?? '*'}:${address.port}`;
  const remedies: Record<string, string> = {
    EADDRINUSE: `another program listens there: stop it, or choose another address in \`${setting}\``,
    EACCES: 'this user may not open it: take a port from 1024 on, or grant the right to bind low ports',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOENT: 'the folder of the socket does not exist',
  };
  const why = remedies[error.code ?? ''] ?? error.message;
  return new ListenError(`cannot listen on ${where}: ${why}`, { cause: error });
}

/** A socket file that nobody answers on was left behind by a killed process, and would block the address for ever. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isSocket()) return;
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (!isAlive) await rm(path, { force: true });
}
