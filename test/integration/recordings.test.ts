// Recordings on the server, with the real Synapse: begun, added to, saved and deleted by tus and plain HTTP, and who is
// told and let in. What cuts them off is in recordings-cut.test.ts.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, makeRoom, shows } from '../harness/call-api.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { add, begin, offsetOf, record, tus } from '../harness/recorder.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(120_000);

const MIB = 1024 * 1024;
const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, carol, roomId } = await gatherCast(synapse);
const group = await makeRoom(synapse, alice, bob, carol);
const CHUNK = Buffer.from('\u001aE\u00df\u00a3 the first part, ', 'latin1');
const REST = Buffer.from('and the rest of it', 'latin1');
const WHOLE = Buffer.concat([CHUNK, REST]);

async function start(
  t: Test,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TestGateway & { dir: string }> {
  const dir = join(t.testdir(), 'recordings');
  const gateway = await startGateway(t, {
    synapse: { url: synapse.url },
    recordings: { enabled: true, dir, ...settings },
  });
  return { ...gateway, dir };
}

async function talk(url: string, where: string, ...callees: readonly Session[]): Promise<string> {
  const callId = await dial(url, alice, where);
  for (const who of callees) await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(who) });
  return callId;
}

async function listed(
  url: string,
  callId: string,
  who: Session,
): Promise<readonly Record<string, unknown>[]> {
  const { text } = await ask(url, `GET /api/calls/${callId}/recordings`, { token: who.accessToken });
  return JSON.parse(text) as Record<string, unknown>[];
}

await t.test('a recording from its beginning to its deletion, and what the others hear', async (t) => {
  const { url, dir } = await start(t);
  const caps = { caps: ['recording'] };
  const caller = await registerNative(t, url, { ...shows(alice), ...caps });
  const callee = await registerNative(t, url, { ...shows(bob), ...caps });
  const unchanged = await registerNative(t, url, shows(bobLaptop));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
  const call = String(callId);
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });

  const begun = await begin(url, call, bob);
  t.equal(begun.status, 201);
  const location = begun.headers.get('location') ?? '';
  t.match(location, new RegExp(`^/api/calls/${call}/recordings/[0-9a-f]{32}$`));
  t.equal(begun.headers.get('tus-resumable'), '1.0.0');
  t.match(await caller.next('recording-started'), {
    callId,
    userId: bob.userId,
    eventType: 'recording_started',
  });
  await callee.next('recording-started');
  const recording = url + location;
  t.equal(await offsetOf(recording, bob), 0);
  const added = await add(recording, bob, 0, CHUNK);
  t.strictSame([added.status, added.headers.get('upload-offset')], [204, String(CHUNK.length)]);
  const again = await add(recording, bob, 0, CHUNK);
  t.strictSame([again.status, again.body['code']], [409, 'RECORDING_OFFSET_WRONG'], 'the same once more');
  t.equal(await offsetOf(recording, bob), CHUNK.length);
  t.match(await listed(url, call, alice), [
    { userId: bob.userId, state: 'recording', bytes: CHUNK.length, endedAt: null, type: 'video/webm' },
  ]);

  const last = await add(recording, bob, CHUNK.length, REST, { 'Upload-Length': String(WHOLE.length) });
  t.equal(last.status, 204);
  t.match(await caller.next('recording-stopped'), { callId, userId: bob.userId });
  t.equal(await offsetOf(recording, bob), WHOLE.length, 'for a client that did not get the last answer');
  const repeated = await add(recording, bob, WHOLE.length, Buffer.alloc(0), {
    'Upload-Length': String(WHOLE.length),
  });
  t.equal(repeated.status, 204, 'and says once more that this was all');
  const late = await add(recording, bob, WHOLE.length, REST);
  t.strictSame([late.status, late.body['code']], [410, 'RECORDING_STOPPED']);
  const [entry] = await listed(url, call, alice);
  t.match(entry, { id: location.slice(-32), state: 'finished', bytes: WHOLE.length });
  t.ok(Date.parse(String(entry?.['endedAt'])) >= Date.parse(String(entry?.['startedAt'])));
  t.strictSame(readdirSync(dir), [location.slice(-32)], 'one file, and nothing beside it');
  await unchanged.ask('ping');
  t.notMatch(unchanged.types().join(), /recording/);

  await caller.ask('end', { callId });
  const saved = await fetch(recording, { headers: { Authorization: `Bearer ${alice.accessToken}` } });
  t.equal(saved.status, 200, 'after the call');
  t.match(saved.headers.get('content-disposition'), /^attachment; filename="call-[0-9TZ-]+\.webm"$/);
  const fields = [
    'content-type',
    'content-length',
    'x-content-type-options',
    'accept-ranges',
    'cache-control',
  ];
  t.strictSame(
    fields.map((name) => saved.headers.get(name)),
    ['video/webm', String(WHOLE.length), 'nosniff', 'bytes', 'no-store'],
  );
  t.match(saved.headers.get('content-security-policy'), /\bsandbox\b/);
  t.strictSame(Buffer.from(await saved.arrayBuffer()), WHOLE);

  const { body: timeline } = await ask(url, `GET /api/calls/${call}/timeline`, { token: alice.accessToken });
  const types = (timeline['events'] as Record<string, unknown>[]).map(({ type }) => String(type));
  t.strictSame(
    types.filter((type) => type.startsWith('recording')),
    ['recording-started', 'recording-stopped'],
  );
  const deleted = await tus(recording, bob, { method: 'DELETE' });
  t.equal(deleted.status, 204);
  t.strictSame([readdirSync(dir), await listed(url, call, alice)], [[], []]);
  t.equal((await tus(recording, bob, { method: 'DELETE' })).body['code'], 'RECORDING_NOT_FOUND');
});

await t.test('what is recorded is counted', async (t) => {
  const { url, observeUrl } = await start(t);
  const counted = async (): Promise<readonly string[]> => {
    const text = await (await fetch(`${observeUrl}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith('portico_recording'));
  };
  const callId = await talk(url, group, bob, carol);
  const finished = await record(url, callId, alice);
  const interrupted = await record(url, callId, bob);
  const empty = await record(url, callId, carol);
  t.strictSame(await counted(), ['portico_recordings_open 3', 'portico_recording_bytes_total 0']);
  await add(finished, alice, 0, WHOLE, { 'Upload-Length': String(WHOLE.length) });
  await add(interrupted, bob, 0, CHUNK);
  await tus(interrupted, bob, { method: 'DELETE' });
  await tus(empty, carol, { method: 'DELETE' });
  t.strictSame(
    new Set(await counted()),
    new Set([
      'portico_recordings_open 0',
      `portico_recording_bytes_total ${WHOLE.length + CHUNK.length}`,
      'portico_recordings_ended_total{state="finished"} 1',
      'portico_recordings_ended_total{state="interrupted"} 1',
      'portico_recordings_ended_total{state="empty"} 1',
    ]),
  );
});

await t.test('parts of a recording are saved, also of one that grows', async (t) => {
  const { url } = await start(t);
  const callId = await talk(url, roomId, bob);
  const recording = await record(url, callId, alice);
  await add(recording, alice, 0, WHOLE);
  const get = (fields: Record<string, string>, method = 'GET') =>
    fetch(recording, { method, headers: { Authorization: `Bearer ${bob.accessToken}`, ...fields } });
  const part = await get({ Range: 'bytes=5-9' });
  t.strictSame([part.status, part.headers.get('content-range')], [206, `bytes 5-9/${WHOLE.length}`]);
  t.strictSame(Buffer.from(await part.arrayBuffer()), WHOLE.subarray(5, 10));
  const etag = part.headers.get('etag') ?? '';
  t.equal((await get({ Range: 'bytes=5-', 'If-Range': etag })).status, 206);
  const changed = await get({ Range: 'bytes=5-', 'If-Range': '"other"' });
  t.strictSame([changed.status, Buffer.from(await changed.arrayBuffer())], [200, WHOLE]);
  const behind = await get({ Range: `bytes=${WHOLE.length}-` });
  t.match(await behind.json(), { code: 'RECORDING_RANGE_UNSATISFIABLE' });
  t.strictSame([behind.status, behind.headers.get('content-range')], [416, `bytes */${WHOLE.length}`]);
  const head = await get({}, 'HEAD');
  t.strictSame([head.status, head.headers.get('content-length')], [200, String(WHOLE.length)]);
  t.notOk(head.headers.has('upload-offset'), 'no answer of tus');
});

await t.test('a late joiner is told who records', async (t) => {
  const { url } = await start(t);
  const callId = await talk(url, group, bob);
  await record(url, callId, alice);
  const late = await registerNative(t, url, { ...shows(carol), caps: ['recording'] });
  await late.next('incoming-call');
  await late.ask('answer', { callId });
  t.match(await late.next('recording-started'), { callId, userId: alice.userId });
});

await t.test('strangers and unknown calls get the same 404, others what is theirs', async (t) => {
  const { url } = await start(t);
  const callId = await talk(url, roomId, bob);
  const recording = await record(url, callId, bob);
  await add(recording, bob, 0, CHUNK);
  const unknown = recording.replace(callId, 'f'.repeat(32));
  for (const method of ['POST', 'GET']) {
    const [at, nowhere] = [`/api/calls/${callId}/recordings`, `/api/calls/${'f'.repeat(32)}/recordings`];
    const answers = [await tus(url + at, carol, { method }), await tus(url + nowhere, alice, { method })];
    for (const { status, body } of answers)
      t.strictSame([status, body], [404, { error: 'Call not found', code: 'CALL_NOT_FOUND' }], method);
  }
  for (const method of ['GET', 'HEAD', 'PATCH', 'DELETE']) {
    for (const answer of [await tus(recording, carol, { method }), await tus(unknown, alice, { method })])
      t.equal(answer.status, 404, method);
  }
  t.equal((await tus(recording, { accessToken: 'syt_made_up' }, { method: 'GET' })).status, 401);

  const stolen = await add(recording, alice, CHUNK.length, REST);
  t.strictSame(
    [stolen.status, stolen.body['code']],
    [403, 'RECORDING_NOT_ALLOWED'],
    'who does not record it',
  );
  t.equal((await tus(recording, alice, { method: 'HEAD' })).status, 403);
  const other = recording.replace(/[0-9a-f]{32}$/, 'e'.repeat(32));
  t.equal((await tus(other, bob, { method: 'GET' })).body['code'], 'RECORDING_NOT_FOUND');
  t.equal((await tus(`${recording}x`, bob, { method: 'GET' })).body['code'], 'RECORDING_NOT_FOUND');
  t.equal((await tus(recording, alice, { method: 'DELETE' })).status, 204, 'who made the call deletes');
});

await t.test('who declined hears nothing, and deletes nothing', async (t) => {
  const { url } = await start(t);
  const callId = await talk(url, group, bob);
  await ask(url, `POST /api/calls/${callId}/reject`, { body: shows(carol) });
  const recording = await record(url, callId, alice);
  await add(recording, alice, 0, CHUNK);
  for (const path of [recording, `${url}/api/calls/${callId}/recordings`])
    t.strictSame((await tus(path, carol, { method: 'GET' })).body['code'], 'RECORDING_NOT_ALLOWED');
  for (const who of [carol, bob])
    t.equal((await tus(recording, who, { method: 'DELETE' })).body['code'], 'RECORDING_NOT_ALLOWED');
});

await t.test('what is no recording of an active call is refused in words', async (t) => {
  const { url } = await start(t);
  const ringing = await dial(url, alice, roomId);
  t.match(await begin(url, ringing, alice), { status: 409, body: { code: 'CALL_NOT_ACTIVE' } });
  await ask(url, `POST /api/calls/${ringing}/answer`, { body: shows(bob) });
  const rows: readonly [fields: Record<string, string>, status: number, code: string, text: RegExp][] = [
    [{ type: 'text/html' }, 415, 'RECORDING_TYPE_REFUSED', /video\/webm/],
    [{ 'Upload-Metadata': '' }, 415, 'RECORDING_TYPE_REFUSED', /video\/webm/],
    [{ 'Tus-Resumable': '' }, 400, 'RECORDING_REQUEST_INVALID', /Tus-Resumable must be 1\.0\.0/],
    [{ 'Upload-Defer-Length': '' }, 400, 'RECORDING_REQUEST_INVALID', /Upload-Length/],
    [{ 'Upload-Defer-Length': '', 'Upload-Length': '999999999999' }, 413, 'RECORDING_TOO_LARGE', /larger/],
  ];
  for (const [fields, status, code, text] of rows) {
    const answer = await begin(url, ringing, alice, fields);
    t.match(answer, { status, body: { code, error: text } }, JSON.stringify(fields));
  }
  const recording = await record(url, ringing, alice);
  t.match(await begin(url, ringing, alice), { status: 409, body: { code: 'RECORDING_RUNNING' } });
  const odd = await add(recording, alice, 0, CHUNK, { 'Content-Type': 'application/json' });
  t.match(odd, { status: 400, body: { error: /Content-Type must be application\/offset/ } });
  t.match(await add(recording, alice, 0, CHUNK, { 'Upload-Offset': '' }), { status: 400 });
  await ask(url, `POST /api/calls/${ringing}/end`, { body: shows(alice) });
  const late = await begin(url, ringing, alice);
  t.match(late, { status: 400, body: { code: 'CALL_ENDED', error: 'The call has ended' } });
});

await t.test('one request, one recording and all together may become so large, and no larger', async (t) => {
  const { url, dir } = await start(t, { max_size: '20MiB', max_total: '21MiB' });
  const callId = await talk(url, roomId, bob);
  const recording = await record(url, callId, alice);
  const much = Buffer.alloc(17 * MIB, 1);
  t.match(await add(recording, alice, 0, much), { status: 413, body: { code: 'RECORDING_TOO_LARGE' } });
  t.equal((await add(recording, alice, 0, much.subarray(0, 16 * MIB))).status, 204, 'the largest request');
  const more = await add(recording, alice, 16 * MIB, much.subarray(0, 5 * MIB));
  t.match(more, { status: 413, body: { code: 'RECORDING_TOO_LARGE' } });
  t.equal(await offsetOf(recording, alice), 16 * MIB);
  t.equal((await add(recording, alice, 16 * MIB, much.subarray(0, 4 * MIB))).status, 204);
  const other = await record(url, callId, bob);
  t.equal((await add(other, bob, 0, much.subarray(0, MIB))).status, 204);
  const full = await add(other, bob, MIB, CHUNK);
  t.match(full, { status: 507, body: { code: 'RECORDING_FULL' } });
  const done = await add(other, bob, MIB, Buffer.alloc(0), { 'Upload-Length': String(MIB) });
  t.equal(done.status, 204, 'it is ended where it stands');
  t.match(await begin(url, callId, bob), { status: 507, body: { code: 'RECORDING_FULL' } });
  await tus(recording, alice, { method: 'DELETE' });
  t.equal((await begin(url, callId, bob)).status, 201, 'there is place again');
  t.equal(readdirSync(dir).length, 2);
});

await t.test('a client learns what of tus there is, before it has a token or a call', async (t) => {
  const { url } = await start(t, { max_size: '20MiB' });
  const path = `/api/calls/${'0'.repeat(32)}/recordings`;
  const { status, headers } = await fetch(url + path, { method: 'OPTIONS' });
  t.equal(status, 204);
  t.strictSame(
    ['tus-resumable', 'tus-version', 'tus-extension', 'tus-max-size'].map((name) => headers.get(name)),
    ['1.0.0', '1.0.0', 'creation,creation-with-upload,creation-defer-length,termination', String(20 * MIB)],
  );
  const off = await startGateway(t, { synapse: { url: synapse.url } });
  const refused = await fetch(off.url + path, { method: 'OPTIONS' });
  t.match(await refused.json(), { code: 'RECORDING_DISABLED' });
});

await t.test(
  'pages of other sites may do it where they are let in, and nothing is recorded by default',
  async (t) => {
    const { url } = await start(t, {});
    const preflight = await fetch(`${url}/api/calls/${'0'.repeat(32)}/recordings`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
    });
    t.equal(preflight.status, 204);
    t.match(preflight.headers.get('access-control-allow-methods'), /\bPATCH\b/);
    t.match(preflight.headers.get('access-control-allow-headers'), /\bUpload-Offset\b/);
    t.notOk(preflight.headers.has('tus-version'), 'a preflight is none of tus');
    const off = await startGateway(t, { synapse: { url: synapse.url } });
    const callId = await talk(off.url, roomId, bob);
    t.match(await begin(off.url, callId, alice), { status: 404, body: { code: 'RECORDING_DISABLED' } });
  },
);
