// An accepted connection that reads into a buffer which all of them share. Node allocates 64 KiB for each read of a socket
// that it accepts, which costs more than anything else that is done for an upload or a signaling frame. Who accepts, and
// what is done with what was read, is not here. Why it takes a part of Node that is not documented: docs/decisions/0010.

import { Socket } from 'node:net';

/** As much as Node reads at once. */
export const READ_BYTES = 65_536;

/** @param bytes which are other bytes once this returns */
export type Reader = (bytes: Buffer) => void;

/** What was read stands here until the next read, of whichever socket. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

class AcceptedSocket extends Socket {
  reader: Reader | undefined;

  constructor(handle: object) {
    const onread = { buffer: shared, callback: (bytes: number) => this.#received(bytes) };
    const options: object = { handle, allowHalfOpen: true, onread };
    super(options);
  }

  #received(bytes: number): boolean {
    const piece = shared.subarray(0, bytes);
    if (this.reader === undefined) return this.push(Buffer.from(piece));
    this.reader(piece);
    return true;
  }
}

/** What Node keeps behind an accepted socket. */
interface Inside {
  _handle: object | null | undefined;
  _server: unknown;
  server: unknown;
}

/**
 * @param accepted by a server that lets connections be half open, and not read from yet
 * @returns the socket to use in its place; `accepted` itself where Node is built in another way
 */
export function withSharedReads(accepted: Socket): Socket {
  const inside = accepted as unknown as Inside;
  const { _handle: handle, _server, server } = inside;
  if (handle === null || handle === undefined || !('useUserBuffer' in handle)) return accepted;
  inside._handle = null;
  const socket = new AcceptedSocket(handle);
  // The server counts the connection out when the socket that has these closes, and waits for that when it is closed.
  Object.assign(socket, { _server, server } satisfies Omit<Inside, '_handle'>);
  inside._server = null;
  return socket;
}

/** Gives `reader` all that is read from now on, in place of 'data' events. */
export function startReading(socket: Socket, reader: Reader): void {
  if (socket instanceof AcceptedSocket) socket.reader = reader;
  else socket.on('data', reader);
  socket.resume();
}

/** What is read from now on goes into the stream. @param reader the one that was given it */
export function stopReading(socket: Socket, reader: Reader): void {
  if (socket instanceof AcceptedSocket) socket.reader = undefined;
  else socket.off('data', reader);
}
