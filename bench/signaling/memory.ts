// What an idle registered socket costs the server in memory.

import type { WebSocket } from 'ws';

import type { MeasuredProcess } from './measured-process.ts';
import { ask, openWebSocket, pause } from './relay.ts';

/** Until then the heap of the process grows to its working size, which is no socket's cost. */
const WARM_UP = 3_000;
/** Longer than from one ping to the next. */
const SETTLE_MS = 30_000;
const COLLECT_MS = 3_000;

/**
 * Garbage is collected before each look: when V8 does so by itself, and by how many MiB it has just enlarged the space for
 * new objects, made more of a difference from run to run than the sockets.
 * @returns bytes of resident memory for each of `count` sockets, opened after some that are not counted
 */
export async function measureMemory(
  { port, rssBytes, collectGarbage }: MeasuredProcess,
  count: number,
  open: (url: string, n: number) => Promise<WebSocket>,
): Promise<number> {
  const url = `ws://127.0.0.1:${port}`;
  const sockets: WebSocket[] = [];
  const openMany = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) sockets.push(await open(url, n));
    await pause(SETTLE_MS);
    collectGarbage();
    await pause(COLLECT_MS);
  };
  await openMany(0, WARM_UP);
  const before = rssBytes();
  await openMany(WARM_UP, WARM_UP + count);
  const after = rssBytes();
  for (const socket of sockets) socket.terminate();
  return (after - before) / count;
}

export async function openRegistered(url: string, n: number): Promise<WebSocket> {
  const socket = await openWebSocket(`${url}/`);
  await ask(socket, { type: 'register-user', userId: `@idle${n}:localhost` });
  return socket;
}

export function openBare(url: string, n: number): Promise<WebSocket> {
  return openWebSocket(`${url}/${n}`);
}
