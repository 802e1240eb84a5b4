// Recordings whose recorder, connection or gateway goes away in the middle, with the real Synapse: what had come is kept,
// whoever comes back goes on there, and silence is told to the others.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { systemClock, type Clock } from '../../src/clock.ts';
import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { add, offsetOf, record } from '../harness/recorder.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(180_000);

const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const CHUNK = Buffer.alloc(100_000, 'a chunk ');

/** On which a minute passes in two seconds. */
const FAST = 30;
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * FAST,
  after: (delayMs, action) => systemClock.after(delayMs / FAST, action),
};

async function start(t: Test, clock = systemClock): Promise<TestGateway & { dir: string }> {
  const dir = join(t.testdir(), 'recordings');
  const document = { synapse: { url: synapse.url }, recordings: { enabled: true, dir } };
  return { ...(await startGateway(t, document, { clock })), dir };
}

async function talk(url: string): Promise<string> {
  const callId = await dial(url, alice, roomId);
  await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  return callId;
}

async function stateOf(url: string, callId: string): Promise<readonly unknown[]> {
  const { text } = await ask(url, `GET /api/calls/${callId}/recordings`, { token: bob.accessToken });
  const [first] = JSON.parse(text) as Record<string, unknown>[];
  return first === undefined ? [] : [first['state'], first['bytes']];
}

/** A chunk that is announced whole, and of which only the first part is sent. */
async function sendPart(
  t: Test,
  port: number,
  recording: string,
  { accessToken }: Session,
  { offset, part }: { readonly offset: number; readonly part: Buffer },
): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = [
    `PATCH ${new URL(recording).pathname} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${accessToken}`,
    'Tus-Resumable: 1.0.0',
    'Content-Type: application/offset+octet-stream',
    `Upload-Offset: ${offset}`,
    `Content-Length: ${CHUNK.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(part);
  return socket;
}

await t.test('a chunk that is cut off is kept as far as it came, and the rest is sent later', async (t) => {
  const { url, port, logged } = await start(t);
  const callId = await talk(url);
  const recording = await record(url, callId, alice);
  await add(recording, alice, 0, CHUNK);
  const part = CHUNK.subarray(0, 60_000);
  const socket = await sendPart(t, port, recording, alice, { offset: CHUNK.length, part });
  await until(async () => (await stateOf(url, callId))[1] === CHUNK.length + part.length);
  socket.destroy();
  const offset = CHUNK.length + part.length;
  await until(async () => (await offsetOf(recording, alice)) === offset);
  const rest = CHUNK.subarray(part.length);
  const ended = await add(recording, alice, offset, rest, { 'Upload-Length': String(2 * CHUNK.length) });
  t.equal(ended.status, 204);
  t.strictSame(await stateOf(url, callId), ['finished', 2 * CHUNK.length]);
  const saved = await fetch(recording, { headers: { Authorization: `Bearer ${bob.accessToken}` } });
  t.ok(Buffer.from(await saved.arrayBuffer()).equals(Buffer.concat([CHUNK, CHUNK])), 'every byte once');
  t.notOk(
    logged.some(({ level }) => Number(level) >= 50),
    'a client that goes is no failure of ours',
  );
});

await t.test('a chunk that stands still gives way to the next request of its recorder', async (t) => {
  const { url, port } = await start(t);
  const callId = await talk(url);
  const recording = await record(url, callId, alice);
  const part = CHUNK.subarray(0, 1_000);
  const socket = await sendPart(t, port, recording, alice, { offset: 0, part });
  await until(async () => (await stateOf(url, callId))[1] === part.length);
  const closed = once(socket, 'close');
  t.equal(await offsetOf(recording, alice), part.length);
  await closed;
  const stalled = await sendPart(t, port, recording, alice, { offset: part.length, part });
  await until(async () => (await stateOf(url, callId))[1] === 2 * part.length);
  const added = await add(recording, alice, 2 * part.length, CHUNK);
  t.equal(added.status, 204);
  stalled.destroy();
  t.strictSame(await stateOf(url, callId), ['recording', 2 * part.length + CHUNK.length]);
});

await t.test('two chunks for the same place: one is taken', async (t) => {
  const { url } = await start(t);
  const callId = await talk(url);
  const recording = await record(url, callId, alice);
  const answers = await Promise.all(
    [1, 2, 3].map(() => add(recording, alice, 0, CHUNK).catch(() => undefined)),
  );
  const taken = answers.filter((answer) => answer?.status === 204);
  t.ok(taken.length <= 1, `${taken.length} of them`);
  const offset = await offsetOf(recording, alice);
  t.ok(offset <= CHUNK.length, 'none twice');
  t.equal((await add(recording, alice, offset, CHUNK)).status, 204, 'and it goes on from there');
});

await t.test('a recorder that falls silent is stopped, and the others are told', async (t) => {
  const { url, port } = await start(t, fastClock);
  const callId = await talk(url);
  const other = await registerNative(t, url, { ...shows(bob), caps: ['recording'] });
  await other.ask('join-call', { callId });
  const recording = await record(url, callId, alice);
  await add(recording, alice, 0, CHUNK);
  await other.next('recording-started');
  const socket = await sendPart(t, port, recording, alice, {
    offset: CHUNK.length,
    part: CHUNK.subarray(0, 9),
  });
  const closed = once(socket, 'close');
  t.match(await other.next('recording-stopped', 20_000), { callId, userId: alice.userId });
  await closed;
  await until(async () => (await stateOf(url, callId))[0] === 'interrupted');
  t.strictSame(await stateOf(url, callId), ['interrupted', CHUNK.length + 9], 'what had come is kept');
  t.match(await add(recording, alice, CHUNK.length + 9, CHUNK), {
    status: 410,
    body: { code: 'RECORDING_STOPPED' },
  });
  t.notOk(other.types().includes('call-ended'), 'the call goes on');
});

await t.test(
  'the end of the call gives the recorder time for the rest, and then ends the recording',
  async (t) => {
    const { url } = await start(t, fastClock);
    const callId = await talk(url);
    const recording = await record(url, callId, alice);
    await add(recording, alice, 0, CHUNK);
    await ask(url, `POST /api/calls/${callId}/end`, { body: shows(bob) });
    t.equal((await add(recording, alice, CHUNK.length, CHUNK)).status, 204);
    await until(async () => (await stateOf(url, callId))[0] === 'interrupted', 20_000);
    t.strictSame(await stateOf(url, callId), ['interrupted', 2 * CHUNK.length]);
  },
);

async function kill({ child }: GatewayProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

await t.test('killed in the middle: what had come is there, and the recorder goes on', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-recordings-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const open = (): Promise<GatewayProcess> =>
    spawnGateway(t, {
      PORTICO_SYNAPSE_URL: synapse.url,
      PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
      PORTICO_RECORDINGS_ENABLED: 'true',
      PORTICO_RECORDINGS_DIR: join(folder, 'recordings'),
    });
  const first = await open();
  const callId = await talk(first.url);
  const recording = await record(first.url, callId, alice);
  await add(recording, alice, 0, CHUNK);
  const part = CHUNK.subarray(0, 5_000);
  await sendPart(t, first.port, recording, alice, { offset: CHUNK.length, part });
  const sum = CHUNK.length + part.length;
  await until(async () => (await stateOf(first.url, callId))[1] === sum);
  await kill(first);

  const second = await open();
  const again = recording.replace(first.url, second.url);
  const [name = ''] = readdirSync(join(folder, 'recordings'));
  const offset = await offsetOf(again, alice);
  t.equal(offset, readFileSync(join(folder, 'recordings', name)).length, 'as much as the file has');
  t.ok(offset >= CHUNK.length && offset <= sum, `${offset} bytes`);
  t.strictSame(await stateOf(second.url, callId), ['recording', offset]);
  const member = await registerNative(t, second.url, { ...shows(bob), caps: ['recording'] });
  await member.ask('join-call', { callId });
  t.match(await member.next('recording-started'), { userId: alice.userId }, 'who comes back is told');
  t.equal((await add(again, alice, offset, CHUNK)).status, 204);
  await kill(second);

  const third = await open();
  await ask(third.url, `POST /api/calls/${callId}/end`, { body: shows(bob) });
  await kill(third);
  const fourth = await open();
  t.strictSame(await stateOf(fourth.url, callId), ['interrupted', offset + CHUNK.length], 'at once');
  const saved = await fetch(recording.replace(first.url, fourth.url), {
    headers: { Authorization: `Bearer ${bob.accessToken}` },
  });
  const bytes = Buffer.from(await saved.arrayBuffer());
  t.ok(bytes.equals(Buffer.concat([CHUNK, CHUNK.subarray(0, offset - CHUNK.length), CHUNK])), 'every byte');
});
