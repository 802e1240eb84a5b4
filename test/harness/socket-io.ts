// A Socket.IO transport behind a small HTTP server of the test, with a hub that only answers and remembers. Real sockets
// on 127.0.0.1; it knows no call.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { systemClock } from '../../src/clock.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { bearerOf } from '../../src/http/auth.ts';
import type { RequestHead } from '../../src/http/head.ts';
import { refuseOrigin } from '../../src/http/origins.ts';
import type { SocketIoFrame } from '../../src/signaling/dialects/socket-io.ts';
import type { SocketIoSocket } from '../../src/signaling/transports/socket-io-socket.ts';
import {
  createSocketIoTransport,
  type RequestArrival,
  type SocketIoTransport,
  type SocketIoTransportParts,
} from '../../src/signaling/transports/socket-io.ts';

export interface Seen {
  readonly socket: SocketIoSocket;
  readonly frames: SocketIoFrame[];
  isClosed: boolean;
}

export interface SocketIoServer {
  readonly url: string;
  readonly port: number;
  readonly transport: SocketIoTransport;
  /** Every socket that was reported, oldest first. */
  readonly seen: Seen[];
  readonly refused: ErrorCode[];
  /** Upgrades of other paths, which nobody answers. */
  readonly strayUpgrades: string[];
  close(): Promise<void>;
}

export interface SocketIoServerOptions extends Partial<SocketIoTransportParts> {
  readonly origins?: readonly string[];
}

/**
 * Its hub acknowledges everything with the payload, sends what `send` names (`{name, payload}`), and takes `recover`
 * (`{sessionId}`) for the capability.
 */
export async function startSocketIoServer(options: SocketIoServerOptions = {}): Promise<SocketIoServer> {
  const { origins = [], ...parts } = options;
  const seen: Seen[] = [];
  const refused: ErrorCode[] = [];
  const strayUpgrades: string[] = [];
  const strays: Duplex[] = [];
  const transport = createSocketIoTransport({
    clock: systemClock,
    path: '/socket.io/',
    graceMs: 5_000,
    limits: { sessions: 100, sessionsPerAddress: 100 },
    arrivalOf: (request) => arrivalOf(request, origins),
    onSocket: (socket) => seen.push(attend(socket)),
    onRefused: (_request, code) => refused.push(code),
    ...parts,
  });
  const server = createServer((request, response) => {
    if (transport.isPath(request.url ?? '')) transport.request(request, response);
    else response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (transport.isPath(request.url ?? '')) transport.upgrade({ request, socket, head });
    else {
      strayUpgrades.push(request.url ?? '');
      strays.push(socket);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    transport,
    seen,
    refused,
    strayUpgrades,
    async close() {
      await transport.close();
      for (const socket of strays) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function arrivalOf(request: IncomingMessage, origins: readonly string[]): RequestArrival {
  const { rawHeaders } = request;
  // What is asked of it looks at the headers only.
  const head = { rawHeaders } as unknown as RequestHead;
  const origin = `http://${request.headers.host ?? ''}`;
  return {
    clientAddress: request.socket.remoteAddress ?? '',
    isAddressUsable: true,
    origin,
    token: bearerOf(head),
    isOriginRefused: refuseOrigin(head, origin, origins) !== undefined,
    originHeader: request.headers.origin,
  };
}

function attend(socket: SocketIoSocket): Seen {
  const seen: Seen = { socket, frames: [], isClosed: false };
  socket.listen({
    frame(frame) {
      seen.frames.push(frame);
      const members = typeof frame.payload === 'object' && frame.payload !== null ? frame.payload : {};
      if (frame.name === 'send' && 'name' in members && 'payload' in members)
        socket.send({ kind: 'event', name: String(members.name), payload: members.payload });
      const recoverAs =
        frame.name === 'recover' && 'sessionId' in members ? String(members.sessionId) : undefined;
      if (frame.ack !== undefined)
        socket.send({ kind: 'ack', ack: frame.ack, payload: { echo: frame.payload }, recoverAs });
      else if (recoverAs !== undefined) socket.send({ kind: 'none', recoverAs });
    },
    closed() {
      seen.isClosed = true;
    },
  });
  return seen;
}
