// An upstream that misbehaves on purpose, or writes down byte for byte what reaches it. It is no stand-in for Synapse:
// tests of Matrix behaviour run against the real one (synapse.ts).

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Test } from 'tap';

export interface RecordedRequest {
  /** Request line and header section as received, without the empty line. */
  readonly head: string;
  readonly requestLine: string;
  readonly target: string;
  /** Header lines in wire order: name and value. */
  readonly headers: readonly (readonly [string, string])[];
  readonly socket: Socket;
  /** 1 for the first request of its connection. */
  readonly numberOnConnection: number;
}

export type Respond = (request: RecordedRequest, body: Buffer) => void;

export interface RecordingUpstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** Everything that was received on all connections. */
  readonly receivedBytes: () => number;
  readonly openSockets: ReadonlySet<Socket>;
  /** Stops accepting and drops every connection; `restart` listens on the same port again. */
  stop(): Promise<void>;
  restart(): Promise<void>;
}

export const respondEmpty: Respond = ({ socket }) => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
};

/**
 * @param respond called when a request is whole
 * @param onHead called as soon as a head is there, before its body
 */
export async function startRecordingUpstream(
  t: Test,
  respond: Respond = respondEmpty,
  onHead: (request: RecordedRequest) => void = () => undefined,
): Promise<RecordingUpstream> {
  const requests: RecordedRequest[] = [];
  const openSockets = new Set<Socket>();
  let receivedBytes = 0;

  const server: Server = createServer((socket) => {
    openSockets.add(socket);
    socket.on('close', () => openSockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    let current: { request: RecordedRequest; bodyBytes: number | 'chunked' } | undefined;
    let count = 0;
    socket.on('data', (chunk) => {
      receivedBytes += chunk.length;
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        if (current === undefined) {
          const end = pending.indexOf('\r\n\r\n');
          if (end === -1) return;
          count += 1;
          const request = readHead(pending.subarray(0, end).toString('latin1'), socket, count);
          pending = pending.subarray(end + 4);
          current = { request, bodyBytes: bodyLength(request) };
          requests.push(request);
          onHead(request);
        }
        const bodyEnd = current.bodyBytes === 'chunked' ? chunkedEnd(pending) : current.bodyBytes;
        if (bodyEnd === undefined || pending.length < bodyEnd) return;
        const body = pending.subarray(0, bodyEnd);
        pending = pending.subarray(bodyEnd);
        const { request } = current;
        current = undefined;
        respond(request, body);
      }
    });
  });

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of openSockets) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  t.teardown(stop);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    receivedBytes: () => receivedBytes,
    openSockets,
    stop,
    restart: () => listen(port),
  };
}

function readHead(head: string, socket: Socket, numberOnConnection: number): RecordedRequest {
  const [requestLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const target = requestLine.split(' ')[1] ?? '';
  return { head, requestLine, target, headers, socket, numberOnConnection };
}

export function headerValues(request: RecordedRequest, name: string): string[] {
  return request.headers
    .filter(([given]) => given.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
}

function bodyLength(request: RecordedRequest): number | 'chunked' {
  if (headerValues(request, 'transfer-encoding').length > 0) return 'chunked';
  return Number(headerValues(request, 'content-length')[0] ?? 0);
}

function chunkedEnd(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('0\r\n\r\n');
  return end === -1 ? undefined : end + 5;
}
