// How long a phone takes to be rung: from the request that begins the call to `incoming-call` at the callee, while many
// others are registered.

import { cpus } from 'node:os';

import type { WebSocket } from 'ws';

import { watchStolen } from '../gateway/proc.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { Pair } from './people.ts';
import { ask, openWebSocket, pause } from './relay.ts';

/** Code that has run a few times only is slow, in the gateway as in the load: without it the worst calls are the first. */
const WARM_UP_SECONDS = 5;

export interface RingFigure {
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What the hypervisor took of the processors meanwhile, 0 to 1: with a tenth of it p99 is several times as long. */
  readonly stolenShare: number;
}

interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
}

export async function measureRing(
  { port }: MeasuredProcess,
  pairs: readonly Pair[],
  { sockets, ...rate }: Rate & { readonly sockets: number },
): Promise<RingFigure> {
  const url = `ws://127.0.0.1:${port}/`;
  const idle: WebSocket[] = [];
  for (let n = 0; n < sockets - pairs.length; n += 1) {
    const socket = await openWebSocket(url);
    await ask(socket, { type: 'register-user', userId: `@idle${n}:localhost` });
    idle.push(socket);
  }
  const rung = new Map<unknown, number>();
  for (const { callee } of pairs) {
    const socket = await openWebSocket(url);
    await ask(socket, { type: 'register-user', userId: callee.userId, accessToken: callee.accessToken });
    socket.on('message', (data: Buffer) => {
      const atMs = performance.now();
      const frame = JSON.parse(data.toString()) as Readonly<Record<string, unknown>>;
      if (frame['type'] === 'incoming-call') rung.set(frame['callId'], atMs);
    });
    idle.push(socket);
  }
  // The first call of each is another measurement: the homeserver has to be asked who holds the token.
  for (const pair of pairs) await callOnce(`http://127.0.0.1:${port}`, pair, rung);
  const once = (pair: Pair): Promise<number> => callOnce(`http://127.0.0.1:${port}`, pair, rung);
  await atRate(pairs, { ...rate, seconds: WARM_UP_SECONDS }, once);
  const figure = await atRate(pairs, rate, once);
  for (const socket of idle) socket.terminate();
  return figure;
}

/** The part of it that is the homeserver's: each call asks it once who is in the room. */
export function measureMembers(synapseUrl: string, pairs: readonly Pair[], rate: Rate): Promise<RingFigure> {
  return atRate(pairs, rate, async ({ caller, roomId }) => {
    const startedMs = performance.now();
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
    const response = await fetch(`${synapseUrl}${path}`, {
      headers: { Authorization: `Bearer ${caller.accessToken}` },
    });
    await response.text();
    if (!response.ok) throw new Error(`joined_members: ${response.status}`);
    return performance.now() - startedMs;
  });
}

/** @param once resolves to how long it took, in milliseconds */
async function atRate(
  pairs: readonly Pair[],
  { perSecond, seconds }: Rate,
  once: (pair: Pair) => Promise<number>,
): Promise<RingFigure> {
  const timesMs: number[] = [];
  const underWay: Promise<void>[] = [];
  const stolen = watchStolen(cpus().map((_, core) => core));
  const startedMs = performance.now();
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const pair = pairs[n % pairs.length];
    if (pair === undefined) throw new Error('no pairs');
    // A fixed rate: a slow answer must not slow down what is asked.
    await pause(Math.max(0, startedMs + (n * 1_000) / perSecond - performance.now()));
    underWay.push(once(pair).then((ms) => void timesMs.push(ms)));
  }
  await Promise.all(underWay);
  timesMs.sort((a, b) => a - b);
  const at = (share: number): number => timesMs[Math.floor(timesMs.length * share)] ?? Number.NaN;
  return { calls: timesMs.length, p50Ms: at(0.5), p99Ms: at(0.99), stolenShare: stolen() };
}

async function callOnce(url: string, { caller, roomId }: Pair, rung: Map<unknown, number>): Promise<number> {
  const { userId, accessToken } = caller;
  const post = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ userId, accessToken, ...body }),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const startedMs = performance.now();
  const { callId } = await post('/api/calls/initiate', { roomId, callType: 'voice' });
  while (!rung.has(callId)) await pause(1);
  const tookMs = (rung.get(callId) ?? Number.NaN) - startedMs;
  await post(`/api/calls/${String(callId)}/end`, {});
  return tookMs;
}
