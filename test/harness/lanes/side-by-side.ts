// Large bodies side by side through the splice lane, whose sockets read into one buffer: each
// client's are its own. Owns the upstream and the gateway before it; how bodies are sent and read is the test's.

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Test } from 'tap';

import { startGateway } from '../gateway.ts';

/** More than the kernel keeps for somebody who does not read. */
export const BODY_BYTES = 16 * 1024 * 1024;

const CLIENTS = 6;

/** Words that tell whose they are and where they stand. */
export function bodyOf(client: number): Buffer {
  const words = new Uint32Array(BODY_BYTES / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = client * 0x1000_0000 + i;
  return Buffer.from(words.buffer);
}

/** How often the reading of a client's body stops for a moment: some read fast, some slowly, some with few pauses. */
export function pausesOf(client: number): number {
  return [0, 8, 100][client % 3] ?? 0;
}

/** @returns the port of the gateway */
export async function startBefore(t: Test, upstream: RequestListener): Promise<number> {
  const server = createServer(upstream);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const gateway = await startGateway(t, { synapse: { url: `http://127.0.0.1:${port}` } });
  return gateway.port;
}

/** All clients at once, and once more when the connections are there to be used again. */
export async function twiceSideBySide<T>(
  exchange: (client: number) => Promise<T>,
  check: (result: T, client: number) => void,
): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const results = await Promise.all(Array.from({ length: CLIENTS }, (_, client) => exchange(client)));
    for (const [client, result] of results.entries()) check(result, client);
  }
}
