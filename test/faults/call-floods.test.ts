// Threat cases A50, A52 and A56 against the gateway as its own process: a peer that does not read, sockets that say
// nothing, and frames of every shape from nobody. What misbehaves is cut off, memory comes back, and no call changes.
//
// PORTICO_FRAMES says how many generated frames are sent.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import { ask, gatherCast, shows } from '../harness/call-api.ts';
import { frameTexts } from '../harness/frame-texts.ts';
import { freePort, spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { connectNative, registerNative, type NativeClient } from '../harness/native-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(1_800_000);

const FRAMES = Number(process.env['PORTICO_FRAMES'] ?? 100_000);
const BATCH = 50;
const MIB = 1024 * 1024;
const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

/** So that memory can be told from garbage: V8 collects when it has to, and gives pages back when it likes. */
const COLLECTS = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc()})'];

interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

interface OpenGateway extends GatewayProcess {
  readonly path: string;
  /** Once garbage is collected. */
  memory(): Promise<Memory>;
}

async function open(t: Test): Promise<OpenGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-floods-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'calls.db');
  const observePort = await freePort();
  const gateway = await spawnGateway(
    t,
    {
      PORTICO_OBSERVE_LISTEN: `127.0.0.1:${observePort}`,
      PORTICO_SYNAPSE_URL: synapse.url,
      PORTICO_STORE_URL: `sqlite:${path}`,
      PORTICO_LIMITS_CONNECTIONS_PER_ADDRESS: '10000',
      PORTICO_LIMITS_SIGNALING_RATE: '10000',
    },
    COLLECTS,
  );
  const memory = async (): Promise<Memory> => {
    gateway.child.kill('SIGUSR2');
    await pause(100);
    const { text } = await ask(`http://127.0.0.1:${observePort}`, 'GET /metrics');
    const heapBytes = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]);
    return { rssBytes: gateway.rssBytes(), heapBytes };
  };
  return { ...gateway, path, memory };
}

function errorsIn({ logged }: GatewayProcess): readonly unknown[] {
  return logged.filter((line) => Number(line['level']) >= 50);
}

interface Talk {
  readonly caller: NativeClient;
  readonly callee: NativeClient;
  readonly callId: unknown;
}

async function talk(t: Test, url: string): Promise<Talk> {
  const caller = await registerNative(t, url, shows(alice));
  const callee = await registerNative(t, url, shows(bob));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await callee.next('webrtc-offer');
  return { caller, callee, callId };
}

function numbersOf(client: NativeClient): readonly number[] {
  return client
    .of('ice-candidate')
    .map((frame) => (frame['candidate'] as Record<string, unknown>)['number'] as number);
}

await t.test('A56 who does not read while 10,000 messages are relayed to it is cut off', async (t) => {
  const gateway = await open(t);
  const { url } = gateway;
  const { caller, callee, callId } = await talk(t, url);
  const padding = 'x'.repeat(2_000);
  const send = async (from: number, to: number): Promise<void> => {
    for (let number = from; number < to; number += 1) {
      caller.send('ice-candidate', { callId, candidate: { candidate: padding, number } });
      if (number % 100 === 99) await caller.ask('ping');
    }
    await caller.ask('ping');
  };
  // The same to somebody who reads: what the traffic itself costs is not held against the one who does not.
  await send(0, 10_000);
  await until(() => callee.of('ice-candidate').length === 10_000);
  t.equal(callee.closed, undefined, 'a reader gets them all');
  const { rssBytes: baseBytes } = await gateway.memory();

  const { resumeToken } = callee.of('registered')[0] ?? {};
  callee.socket.pause();
  let [highestBytes, highestWithGarbageBytes] = [0, 0];
  for (let from = 10_000; from < 20_000; from += 500) {
    await send(from, from + 500);
    highestWithGarbageBytes = Math.max(highestWithGarbageBytes, gateway.rssBytes());
    highestBytes = Math.max(highestBytes, (await gateway.memory()).rssBytes);
  }
  t.comment(
    `RSS ${mib(baseBytes)}, then at most ${mib(highestBytes)} (${mib(highestWithGarbageBytes)} with garbage)`,
  );
  t.ok(highestBytes - baseBytes < 16 * MIB, `it grew by ${mib(highestBytes - baseBytes)}`);
  callee.socket.resume();
  await until(() => callee.closed !== undefined);
  t.ok([1006, 4010].includes(callee.closed?.code ?? 0), `closed with ${callee.closed?.code}`);
  const got = numbersOf(callee);
  t.ok(got.length < 20_000, `it had got ${got.length - 10_000} of the 10,000`);
  t.strictSame(
    got,
    got.map((_, index) => index),
    'in order, without a gap',
  );

  const back = await connectNative(t, url);
  const seq = Math.max(...callee.frames.map((frame) => Number(frame['seq'] ?? 0)));
  back.send('register-user', { ...shows(bob), resume: { token: resumeToken, seq } });
  await back.next('registered');
  await back.ask('join-call', { callId });
  await back.ask('ping');
  const isRejoin = back.of('error').some((frame) => frame['code'] === 'RESUME_REJOIN');
  const rest = numbersOf(back);
  t.comment(`${isRejoin ? 'told to join again' : 'resumed'}, ${rest.length} messages followed`);
  t.strictSame(
    rest,
    [...new Set(rest)].toSorted((a, b) => a - b),
    'none twice, in order',
  );
  if (isRejoin)
    t.match(
      back.frames.find(({ fromUserId }) => fromUserId !== undefined),
      { type: 'webrtc-offer' },
    );
  else t.equal(rest[0], (got.at(-1) ?? 0) + 1, 'without a gap');
  t.equal(back.closed, undefined, 'and it is no attack');
  caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\nagain' } });
  await until(() => JSON.stringify(back.of('webrtc-offer')).includes('again'));
  const { body } = await ask(url, `GET /api/calls/${String(callId)}/status`, { token: alice.accessToken });
  t.match(body, { session: { status: 'active' } });
  t.strictSame(errorsIn(gateway), []);
});

await t.test(
  '1,000 sockets that say nothing are all closed with 4001, and their memory comes back',
  async (t) => {
    const gateway = await open(t);
    const flood = async (): Promise<{ codes: Map<number, number>; longestMs: number; peak: Memory }> => {
      const codes = new Map<number, number>();
      let longestMs = 0;
      const sockets = Array.from({ length: 1_000 }, () => {
        const socket = new WebSocket(gateway.url.replace('http', 'ws'));
        let openedMs = performance.now();
        socket.on('open', () => (openedMs = performance.now()));
        socket.on('error', () => undefined);
        socket.on('close', (code) => {
          codes.set(code, (codes.get(code) ?? 0) + 1);
          longestMs = Math.max(longestMs, performance.now() - openedMs);
        });
        return socket;
      });
      t.teardown(() => {
        for (const socket of sockets) socket.terminate();
      });
      await until(() => sockets.every(({ readyState }) => readyState === WebSocket.OPEN), 20_000);
      const peak = await gateway.memory();
      const health = await ask(gateway.url, 'GET /health');
      t.equal(health.status, 200, 'others are served meanwhile');
      await until(() => sockets.every(({ readyState }) => readyState === WebSocket.CLOSED), 20_000);
      return { codes, longestMs, peak };
    };
    const before = await gateway.memory();
    const first = await flood();
    const between = await gateway.memory();
    const second = await flood();
    const after = await gateway.memory();
    for (const { codes, longestMs } of [first, second]) {
      t.strictSame([...codes], [[4001, 1_000]]);
      t.ok(longestMs >= 9_900 && longestMs < 15_000, `within ${Math.round(longestMs)} ms`);
    }
    const told = [before, first.peak, between, second.peak, after]
      .map(({ rssBytes, heapBytes }) => `${mib(rssBytes)} (heap ${mib(heapBytes)})`)
      .join(', ');
    t.comment(`RSS before, with 1,000 sockets, without, with, without: ${told}`);
    // Not the resident set: freed pages stay with the allocator, for the next flood.
    const leftBytes = after.heapBytes - between.heapBytes;
    t.ok(leftBytes < 2 * MIB, `a second time leaves ${mib(leftBytes)} of heap`);
    const perSocketBytes = (first.peak.rssBytes - before.rssBytes) / 1_000;
    t.ok(perSocketBytes < 100 * 1024, `${Math.round(perSocketBytes / 1024)} KiB for each`);
    t.strictSame(errorsIn(gateway), []);
  },
);

await t.test(
  `${FRAMES} generated frames change no call of others and end nothing but their sockets`,
  async (t) => {
    const gateway = await open(t);
    const { url, path } = gateway;
    const { caller, callee, callId } = await talk(t, url);
    const texts = frameTexts({
      callIds: [String(callId)],
      userIds: [alice.userId, bob.userId, carol.userId],
      roomIds: [roomId],
    });
    const seed = Number(process.env['PORTICO_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    t.comment(`seed ${seed}`);
    const before = recordsOf(path);
    const framesBefore = caller.frames.length + callee.frames.length;
    const memoryBefore = await gateway.memory();

    const batches = Math.ceil(FRAMES / BATCH);
    const tally = { sent: 0, answers: 0, closes: new Map<number, number>() };
    let next = 0;
    const work = async (): Promise<void> => {
      for (let batch = next++; batch < batches; batch = next++) {
        const isNative = batch % 2 === 0;
        const isStranger = batch % 3 === 0;
        const sample = fc.sample(isNative ? texts.native : texts.socketIo, {
          numRuns: BATCH,
          seed: seed + batch,
        });
        await sendAll(url, isNative, isStranger, sample, tally);
      }
    };
    await Promise.all(Array.from({ length: 16 }, () => work()));
    const memory = await gateway.memory();
    t.comment(`${tally.sent} sent, ${tally.answers} answers, closes ${JSON.stringify([...tally.closes])}`);
    t.comment(`RSS ${mib(memoryBefore.rssBytes)}, then ${mib(memory.rssBytes)}`);
    const grownBytes = memory.heapBytes - memoryBefore.heapBytes;
    t.ok(grownBytes < 16 * MIB, `the heap grew by ${mib(grownBytes)}`);
    t.equal(tally.sent, batches * BATCH);
    t.ok(tally.answers > 0);
    t.equal(gateway.child.exitCode, null, 'it lives');
    t.equal((await ask(url, 'GET /health')).status, 200);
    t.strictSame(errorsIn(gateway), [], 'nothing was logged as an error');
    t.strictSame(recordsOf(path), before, 'no call was made or changed');
    t.equal(caller.frames.length + callee.frames.length, framesBefore, 'nobody in the call heard of it');
    caller.send('ice-candidate', { callId, candidate: { candidate: 'last' } });
    t.match(await callee.next('ice-candidate'), { candidate: { candidate: 'last' } }, 'and the call goes on');
  },
);

function recordsOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = ['call_sessions', 'call_participants', 'call_events', 'call_stats'].map((table) =>
    database
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => ({ ...row })),
  );
  database.close();
  return rows;
}

interface Tally {
  sent: number;
  answers: number;
  readonly closes: Map<number, number>;
}

/** Sends them over as many sockets as it takes: one that only sends nonsense is cut off again and again. */
async function sendAll(
  url: string,
  isNative: boolean,
  isStranger: boolean,
  frames: readonly string[],
  tally: Tally,
): Promise<void> {
  const rest = [...frames];
  while (rest.length > 0) {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}${isNative ? '/' : '/socket.io/?EIO=4&transport=websocket'}`,
    );
    socket.on('error', () => undefined);
    let isClosed = false;
    let heard = 0;
    socket.on('message', () => (heard += 1));
    socket.on('close', (code) => {
      isClosed = true;
      tally.closes.set(code, (tally.closes.get(code) ?? 0) + 1);
    });
    await once(socket, 'open');
    const register = { userId: carol.userId, accessToken: carol.accessToken };
    if (!isNative) socket.send('40');
    if (isStranger) {
      socket.send(
        isNative
          ? JSON.stringify({ type: 'register-user', ...register })
          : `42${JSON.stringify(['register-user', register])}`,
      );
    }
    // Fewer than are read before a socket is cut off, so that none is sent in vain.
    for (const frame of rest.splice(0, 18)) {
      if (socket.readyState !== WebSocket.OPEN) break;
      socket.send(frame);
      tally.sent += 1;
    }
    const heardBefore = heard;
    if (socket.readyState === WebSocket.OPEN)
      socket.send(isNative ? '{"type":"ping","id":1}' : '42["ping",{}]');
    await until(() => isClosed || heard > heardBefore, 1_000).catch(() => undefined);
    tally.answers += heard;
    socket.terminate();
    await until(() => isClosed);
  }
  await pause(0);
}
