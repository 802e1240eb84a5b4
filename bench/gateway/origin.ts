// The server behind the rivals: `node origin.ts PORT`. Answers what the scenarios ask, on raw sockets so
// that little of the machine goes into it. Knows requests whose body has a length, and no others.

import { createServer, type Socket } from 'node:net';

import {
  DOWNLOAD_PATH,
  HELD_COUNT_PATH,
  LARGE_BYTES,
  RELEASE_PATH,
  SMALL_BYTES,
  SYNC_PATH,
  UPLOAD_PATH,
} from './paths.ts';

const NOTHING = Buffer.alloc(0);
const SMALL = JSON.stringify({ filled: 'x'.repeat(SMALL_BYTES - '{"filled":""}'.length) });
const LARGE = Buffer.alloc(LARGE_BYTES, 'x');
/** Each answers the request that it stands for. */
const held = new Set<() => void>();

const server = createServer({ noDelay: true }, (socket) => serve(socket));
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4_096 });

function serve(socket: Socket): void {
  let rest: Buffer = NOTHING;
  let head = '';
  let bodyLeftBytes = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece) => {
    let data = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    rest = NOTHING;
    while (data.length > 0) {
      if (head === '') {
        const end = data.indexOf('\r\n\r\n', 0, 'latin1');
        if (end === -1) {
          rest = data;
          return;
        }
        head = data.toString('latin1', 0, end);
        data = data.subarray(end + 4);
        bodyLeftBytes = Number(/\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1] ?? 0);
      }
      const bytes = Math.min(bodyLeftBytes, data.length);
      bodyLeftBytes -= bytes;
      data = data.subarray(bytes);
      if (bodyLeftBytes > 0) return;
      answer(socket, head);
      head = '';
    }
  });
}

function answer(socket: Socket, head: string): void {
  const [method, target = '', version] = head.slice(0, head.indexOf('\r\n')).split(' ');
  const isLast = version === 'HTTP/1.0' || /\r\nconnection: *close/i.test(head);
  const send = (status: string, body: string | Buffer, type = 'application/json'): void => {
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n` +
        `${isLast ? 'Connection: close\r\n' : ''}\r\n${typeof body === 'string' ? body : ''}`,
      'latin1',
    );
    if (typeof body !== 'string') socket.write(body);
    if (isLast) socket.end();
  };
  if (/\r\ntransfer-encoding:/i.test(head)) send('411 Length Required', '{}');
  else if (method === 'POST' && target === UPLOAD_PATH) send('200 OK', SMALL);
  else if (method !== 'GET') send('405 Method Not Allowed', '{}');
  else if (target === DOWNLOAD_PATH) send('200 OK', LARGE, 'application/octet-stream');
  else if (target === HELD_COUNT_PATH) send('200 OK', String(held.size));
  else if (target === RELEASE_PATH) {
    for (const release of held) release();
    send('200 OK', '{}');
  } else if (target.startsWith(SYNC_PATH)) hold(socket, target, () => send('200 OK', SMALL));
  else send('200 OK', SMALL);
}

function hold(socket: Socket, target: string, send: () => void): void {
  const end = (): void => {
    clearTimeout(timer);
    held.delete(release);
    socket.off('close', end);
  };
  const release = (): void => {
    end();
    send();
  };
  const timer = setTimeout(release, Number(new URL(target, 'http://localhost').searchParams.get('timeout')));
  held.add(release);
  socket.once('close', end);
}
