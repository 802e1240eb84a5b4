// Raw bytes to a port, and what comes back: for input that no HTTP client would send. It reads no HTTP beyond a status.

import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Everything that was received, as latin1. */
  readonly text: string;
  /** The status of the first answer, undefined without one. */
  readonly status: number | undefined;
  /** Whether the peer closed the connection (in time). */
  readonly isClosed: boolean;
  /** Whether it was a reset rather than an orderly end. */
  readonly isReset: boolean;
}

export interface RawOptions {
  /** Half-closes after sending. */
  readonly end?: boolean;
  /** Stops waiting as soon as this many answers (status lines) are there. */
  readonly answers?: number;
  readonly timeoutMs?: number;
}

/** Sends `bytes` and collects what comes back until the peer closes, the answers are there, or the time is over. */
export function sendRaw(
  to: number | string,
  bytes: string | Buffer,
  { end = false, answers, timeoutMs = 3_000 }: RawOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket: Socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
    let text = '';
    let isReset = false;
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1];
      resolve({ text, status: status === undefined ? undefined : Number(status), isClosed, isReset });
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (answers !== undefined && text.split(/^HTTP\/1\.1 /m).length > answers) finish(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      isReset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    });
    socket.on('close', () => finish(true));
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    if (end) socket.end(data);
    else socket.write(data);
  });
}
