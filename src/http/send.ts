// Puts a finished answer on the wire, and ends an answer whose request body nobody will read.
// It decides no status and no text.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Clock } from '../clock.ts';
import type { Answer } from './errors.ts';

/** How long we go on reading a body that is not wanted, so that the client gets to read the answer. */
const LINGER_MS = 5_000;
/** The same for a request that was not even canonical: no client of good will sends one. */
const MALFORMED_LINGER_MS = 500;
/** How long a client gets to take what was sent before the break. */
const BREAK_OFF_MS = 1_000;

export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  clock: Clock,
): void {
  const closes = answer.closes || !isBodyRead(request);
  response.writeHead(answer.status, [
    ...answer.headers,
    // RFC 9110 section 8.6: no Content-Length in a 204.
    ...(answer.status === 204 ? [] : ['Content-Length', String(answer.body.length)]),
    ...(closes ? ['Connection', 'close'] : []),
  ]);
  if (request.method !== 'HEAD') response.write(answer.body);
  endLingering(request, response, clock, answer.status === 400 ? MALFORMED_LINGER_MS : LINGER_MS);
}

/**
 * Ends `response` when the rest of the request body was read and thrown away, or after `lingerMs`. Closing with unread
 * bytes in the kernel sends a reset, and the client's kernel would then drop the answer before the client read it.
 */
export function endLingering(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
  lingerMs = LINGER_MS,
): void {
  if (isBodyRead(request) || response.destroyed) {
    response.end();
    return;
  }
  const end = (): void => {
    cancel();
    response.end();
  };
  const cancel = clock.after(lingerMs, end);
  request.once('end', end);
  request.once('close', end);
  request.once('error', end);
  request.resume();
}

/**
 * Breaks off an answer that has begun, so that it looks complete to nobody: with a reset, because to an HTTP/1.0 client
 * the mere end of the connection is the end of the body.
 */
export function breakOff(socket: Socket, clock: Clock): void {
  // A Unix socket knows no reset, and Node throws where there is none.
  if (socket.remoteAddress === undefined) {
    socket.destroy();
    return;
  }
  socket.resetAndDestroy();
  // The reset waits for what was written before it, which a client that does not read never takes.
  const cancel = clock.after(BREAK_OFF_MS, () => socket.destroy());
  socket.once('close', cancel);
}

/** Whether the whole request has arrived; a request without a body has, as soon as its head has. */
export function isBodyRead(request: IncomingMessage): boolean {
  return (
    request.complete ||
    ((request.headers['content-length'] ?? '0') === '0' && request.headers['transfer-encoding'] === undefined)
  );
}

/** The same answer as bytes, for a connection on which Node could not even make a request out of what came. */
export function rawAnswer(answer: Answer): Buffer {
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`];
  for (let i = 0; i < answer.headers.length; i += 2)
    lines.push(`${answer.headers[i]}: ${answer.headers[i + 1]}`);
  lines.push(`Content-Length: ${answer.body.length}`, 'Connection: close', '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), answer.body]);
}
