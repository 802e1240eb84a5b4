// Connections whose TLS handshake goes on, and the TCP connection under each one that is done with it. Node tells of the
// one and of the other, but not which belong together.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export class Handshakes {
  readonly #pending = new Map<string, Socket>();

  begin(connection: Socket): void {
    const key = keyOf(connection);
    this.#pending.set(key, connection);
    connection.once('close', () => {
      if (this.#pending.get(key) === connection) this.#pending.delete(key);
    });
  }

  /** The handshake is done. @returns the connection under it; undefined if it closed meanwhile */
  finish(socket: TLSSocket): Socket | undefined {
    const key = keyOf(socket);
    const connection = this.#pending.get(key);
    this.#pending.delete(key);
    return connection;
  }

  destroyAll(): void {
    for (const connection of this.#pending.values()) connection.destroy();
  }
}

/** No two open TCP connections have all four in common. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
