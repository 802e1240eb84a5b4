// Which exchange of a connection is charged with which of its bytes: what came and went since the one before it. A
// connection that is handed from one lane to another is charged by neither twice.

import type { Socket } from 'node:net';

export class ConnectionBytes {
  readonly #charged = new WeakMap<Socket, { read: number; written: number }>();

  /** What was received and sent since the last call for this connection. */
  charge(socket: Socket): { bytesReceived: number; bytesSent: number } {
    const { bytesRead, bytesWritten } = socket;
    const before = this.#charged.get(socket) ?? { read: 0, written: 0 };
    this.#charged.set(socket, { read: bytesRead, written: bytesWritten });
    return { bytesReceived: bytesRead - before.read, bytesSent: bytesWritten - before.written };
  }

  /** Whatever happened on the connection so far was charged elsewhere, but the last `unread` bytes received. */
  handOver(socket: Socket, unread: number): void {
    this.#charged.set(socket, { read: socket.bytesRead - unread, written: socket.bytesWritten });
  }
}
