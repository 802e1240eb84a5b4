// Both ends of a tunnel by hand: an upstream and a client that speak raw TCP and keep every byte. Neither knows
// WebSocket frames; what is answered is the test's.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { Test } from 'tap';

export const OFFER =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

/** One end of a connection, with everything that came. */
export class RawEnd {
  readonly socket: Socket;
  /** Latin1. */
  text = '';
  hasEnded = false;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => socket.destroy());
  }

  get head(): string {
    return this.text.slice(0, Math.max(this.text.indexOf('\r\n\r\n'), 0));
  }

  /** What came behind the head. */
  get body(): string {
    const at = this.text.indexOf('\r\n\r\n');
    return at === -1 ? '' : this.text.slice(at + 4);
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }
}

export interface RawUpstream {
  readonly port: number;
  /** All connections ever made. */
  readonly connections: readonly RawEnd[];
  /** Those that the other side has neither ended nor reset. */
  readonly open: () => number;
}

/** @param onHead called once for each connection, when a head has come whole */
export async function startRawUpstream(t: Test, onHead: (end: RawEnd) => void): Promise<RawUpstream> {
  const connections: RawEnd[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const end = new RawEnd(socket);
    connections.push(end);
    let isAsked = false;
    socket.on('data', () => {
      if (isAsked || end.head === '') return;
      isAsked = true;
      onHead(end);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    open: () => connections.filter(({ isClosed, hasEnded }) => !isClosed && !hasEnded).length,
  };
}

export function connectRaw(t: Test, port: number, text = ''): RawEnd {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const end = new RawEnd(socket);
  t.teardown(() => socket.destroy());
  if (text !== '') end.write(text);
  return end;
}

export function offerTo(target: string, more = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: chat.test\r\n${OFFER}${more}\r\n`;
}
