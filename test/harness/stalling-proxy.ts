// A network that fails as networks do: the client's end of its connections is gone, and the server's end hears nothing,
// neither an end nor a byte.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { Test } from 'tap';

export interface StallingProxy {
  readonly url: string;
  /** Cuts the connections that are open; new ones work. */
  stall(): void;
}

export async function startStallingProxy(t: Test, port: number): Promise<StallingProxy> {
  const open = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  const stalled: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const pair = { client, upstream };
    open.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => {
      if (open.delete(pair)) upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stall = (): void => {
    for (const pair of open) {
      open.delete(pair);
      const { client, upstream } = pair;
      client.unpipe(upstream);
      upstream.unpipe(client);
      // The kernel goes on taking what the server sends, as one does whose packets get lost.
      upstream.resume();
      stalled.push(upstream);
      client.destroy();
    }
  };
  t.teardown(() => {
    stall();
    for (const upstream of stalled) upstream.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stall };
}
