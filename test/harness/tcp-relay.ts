// A TCP relay between a client and a gateway, which breaks as networks do: it cuts every connection, or lets them stand
// while nothing of what is sent arrives any more. It reads none of what it passes on.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { Test } from 'tap';

export interface TcpRelay {
  readonly url: string;
  /** Ends all connections on both sides, and each new one, until mend(). */
  cut(): void;
  /**
   * From now on bytes vanish in both directions, those of new connections too, and neither side hears of the other's
   * end. After mend() new connections work; those of before stay as they are.
   */
  stall(): void;
  mend(): void;
}

export async function startTcpRelay(t: Test, port: number): Promise<TcpRelay> {
  let state: 'passes' | 'cut' | 'stalled' = 'passes';
  const sides = new Set<Socket>();
  const stalled = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sides.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sides.delete(socket));
  };
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (chunk: Buffer) => {
      if (!stalled.has(from)) to.write(chunk);
    });
    from.on('close', () => {
      if (!stalled.has(from)) to.destroy();
    });
  };
  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') {
      client.destroy();
      return;
    }
    if (state === 'stalled') {
      client.resume();
      return;
    }
    const gateway = connect(port, '127.0.0.1');
    keep(gateway);
    pass(client, gateway);
    pass(gateway, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sides) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      state = 'cut';
      for (const socket of sides) socket.destroy();
    },
    stall() {
      state = 'stalled';
      for (const socket of sides) stalled.add(socket);
    },
    mend() {
      state = 'passes';
    },
  };
}
