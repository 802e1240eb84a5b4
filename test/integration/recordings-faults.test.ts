// What clients and proxies do to recordings that no client of good will means: saved by who is gone already, the last
// bytes sent twice, bytes that come with the creation, an announced length that is more than there is place for.

import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { add, begin, offsetOf, record } from '../harness/recorder.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const MIB = 1024 * 1024;
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

async function start(
  t: Test,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TestGateway & { dir: string }> {
  const dir = join(t.testdir(), 'recordings');
  const document = { synapse: { url: synapse.url }, recordings: { enabled: true, dir, ...settings } };
  return { ...(await startGateway(t, document)), dir };
}

async function talk(url: string): Promise<string> {
  const callId = await dial(url, alice, roomId);
  await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  return callId;
}

/** A request head, and what is to follow it, as it stands. */
async function sendHead(
  t: Test,
  { port }: TestGateway,
  line: string,
  { accessToken }: Session,
  ...fields: readonly string[]
): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = [
    `${line} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${accessToken}`,
    ...fields,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  return socket;
}

const CHUNK = ['Tus-Resumable: 1.0.0', 'Content-Type: application/offset+octet-stream'];

/** Files of recordings that this process has open. */
function openFiles(dir: string): number {
  const targets = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(dir)).length;
}

function sizesIn(dir: string): readonly number[] {
  return readdirSync(dir).map((name) => statSync(join(dir, name)).size);
}

await t.test('who asks for a recording and goes leaves no file open', async (t) => {
  const gateway = await start(t);
  const callId = await talk(gateway.url);
  const recording = await record(gateway.url, callId, alice);
  await add(recording, alice, 0, Buffer.alloc(MIB), { 'Upload-Length': String(MIB) });
  for (let n = 0; n < 150; n += 1) {
    const socket = await sendHead(t, gateway, `GET ${new URL(recording).pathname}`, alice);
    if (n % 2 === 0) await pause(n % 3);
    socket.resetAndDestroy();
  }
  await until(() => openFiles(gateway.dir) === 0).catch(() => undefined);
  t.equal(openFiles(gateway.dir), 0);
});

await t.test('the last chunk is sent again with the length of the whole, after it was cut off', async (t) => {
  const gateway = await start(t);
  const callId = await talk(gateway.url);
  const recording = await record(gateway.url, callId, alice);
  const fields = [...CHUNK, 'Upload-Offset: 0', 'Upload-Length: 1000', 'Content-Length: 1000'];
  const socket = await sendHead(t, gateway, `PATCH ${new URL(recording).pathname}`, alice, ...fields);
  socket.write('a'.repeat(400));
  await until(() => sizesIn(gateway.dir)[0] === 400);
  socket.destroy();
  await until(async () => (await offsetOf(recording, alice)) === 400);
  const rest = await add(recording, alice, 400, Buffer.alloc(600), { 'Upload-Length': '1000' });
  t.equal(rest.status, 204);
  const { text } = await ask(gateway.url, `GET /api/calls/${callId}/recordings`, { token: bob.accessToken });
  t.match(JSON.parse(text), [{ state: 'finished', bytes: 1000 }]);
});

await t.test(
  'bytes that come with the creation wait for nobody: the next request breaks them off',
  async (t) => {
    const gateway = await start(t);
    const callId = await talk(gateway.url);
    const type = `Upload-Metadata: filetype ${btoa('video/webm')}`;
    const fields = [...CHUNK, 'Upload-Defer-Length: 1', type, 'Content-Length: 8000'];
    const creating = await sendHead(t, gateway, `POST /api/calls/${callId}/recordings`, bob, ...fields);
    creating.write('c'.repeat(4000));
    await until(() => sizesIn(gateway.dir)[0] === 4000);
    const { text } = await ask(gateway.url, `GET /api/calls/${callId}/recordings`, {
      token: bob.accessToken,
    });
    const [{ id }] = JSON.parse(text) as [{ id: string }];
    const recording = `${gateway.url}/api/calls/${callId}/recordings/${id}`;
    const last = await add(recording, bob, 4000, Buffer.alloc(4000, 'P'), { 'Upload-Length': '8000' });
    t.equal(last.status, 204);
    creating.write('d'.repeat(4000));
    await pause(100);
    const saved = await fetch(recording, { headers: { Authorization: `Bearer ${alice.accessToken}` } });
    t.equal((await saved.text()).slice(3999, 4001), 'cP', 'what is finished stays as it is');
  },
);

await t.test('requests side by side do not share the last place', async (t) => {
  const gateway = await start(t, { max_total: '1MiB', max_size: '1MiB' });
  const callId = await talk(gateway.url);
  const sockets: Socket[] = [];
  for (const who of [alice, bob]) {
    const { pathname } = new URL(await record(gateway.url, callId, who));
    const fields = [...CHUNK, 'Upload-Offset: 0', `Content-Length: ${MIB}`];
    sockets.push(await sendHead(t, gateway, `PATCH ${pathname}`, who, ...fields));
  }
  await pause(200);
  const answers = sockets.map((socket) => once(socket, 'data'));
  for (const socket of sockets) socket.write(Buffer.alloc(MIB));
  const lines = (await Promise.all(answers)).map(([data]) => String(data).split(' ', 2)[1]);
  t.strictSame(lines, ['204', '507']);
  t.strictSame(
    sizesIn(gateway.dir).toSorted((a, b) => a - b),
    [0, MIB],
  );
});

await t.test('proxies in a row say the scheme twice', async (t) => {
  const { url } = await start(t);
  const recording = await record(url, await talk(url), alice);
  const added = await add(recording, alice, 0, Buffer.from('x'), { 'X-Forwarded-Proto': 'https, http' });
  t.equal(added.status, 204);
});

await t.test('recordings are for this user alone, and the message of the disk for nobody', async (t) => {
  const gateway = await start(t);
  const callId = await talk(gateway.url);
  const begun = await begin(gateway.url, callId, alice);
  t.equal(begun.status, 201);
  const [name = ''] = readdirSync(gateway.dir);
  t.equal(statSync(join(gateway.dir, name)).mode & 0o077, 0);
});

await t.test('what is old goes also when nothing is recorded any more', async (t) => {
  const dir = join(t.testdir(), 'recordings');
  mkdirSync(dir);
  const name = 'a'.repeat(32);
  mkdirSync(join(dir, 'somebody-elses'));
  writeFileSync(join(dir, name), 'of a call that is gone');
  await startGateway(t, { synapse: { url: synapse.url }, recordings: { enabled: false, dir } });
  await until(() => !readdirSync(dir).includes(name));
  t.strictSame(readdirSync(dir), ['somebody-elses']);
});

await t.test('a folder that cannot be used stops only who wants to record', async (t) => {
  const dir = join(t.testdir({ recordings: 'no folder' }), 'recordings');
  const document = { synapse: { url: synapse.url }, recordings: { enabled: false, dir } };
  const { url } = await startGateway(t, document);
  t.equal((await fetch(`${url}/health`)).status, 200);
  await t.rejects(startGateway(t, { ...document, recordings: { enabled: true, dir } }), {
    message: /recordings/,
  });
});

await t.test('who shows no token hears nothing, also where a name is enough to be called', async (t) => {
  const dir = join(t.testdir(), 'recordings');
  const document = { synapse: { url: synapse.url }, recordings: { enabled: true, dir } };
  const { url } = await startGateway(t, { ...document, signaling: { identity: 'claimed' } });
  const callId = await talk(url);
  const recording = new URL(await record(url, callId, alice)).pathname;
  for (const asked of [
    `GET /api/calls/${callId}/recordings`,
    `POST /api/calls/${callId}/recordings`,
    `GET ${recording}`,
    `DELETE ${recording}`,
  ]) {
    const { status, text } = await ask(url, `${asked}?userId=${encodeURIComponent(alice.userId)}`);
    t.equal(status, 401, asked);
    t.match(text, 'IDENTITY_REQUIRED', asked);
  }
  const status = await ask(url, `GET /api/calls/${callId}/status?userId=${encodeURIComponent(alice.userId)}`);
  t.equal(status.status, 200, 'of the call itself it is told');
});
