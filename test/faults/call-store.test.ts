// Threat cases F18 and F19 with sockets: the store can not be written while calls go on. Requests that need it are
// refused, what does not need it goes on, and when the store works again so does everything.

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { ask, gatherCast, makeRoom, shows } from '../harness/call-api.ts';
import { startDevice } from '../harness/call-device.ts';
import { spawnGateway } from '../harness/gateway-process.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const GRACE_MS = 4_000;
const HOLD_LOCK = `
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(process.argv[1]);
  database.exec('BEGIN EXCLUSIVE');
  process.stdout.write('locked');
  process.stdin.on('end', () => { database.exec('ROLLBACK'); }).resume();`;
const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const carolsRoom = await makeRoom(synapse, carol, bob);

type Trouble = (folder: string) => Promise<() => void>;

/** Another process holds the lock. */
function lock(t: Test): Trouble {
  return async (folder) => {
    const path = join(folder, 'calls.db');
    const holder = spawn(process.execPath, ['-e', HOLD_LOCK, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => void holder.kill());
    let said = '';
    holder.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    await until(() => said === 'locked');
    return () => void holder.stdin.end();
  };
}

/** The disk is full. */
const fill: Trouble = async (folder) => {
  const ballast = join(folder, 'ballast');
  const descriptor = openSync(ballast, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4_096));
  } catch {
    closeSync(descriptor);
  }
  return () => rmSync(ballast);
};

await t.test('F18 locked by another process, while signaling', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-call-store-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await trouble(t, folder, lock(t));
});

await t.test('F19 out of space, while signaling', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-call-store-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return t.comment('cannot mount');
  }
  t.teardown(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  await trouble(t, folder, fill);
});

for (const change of ['goes', 'comes back'] as const) {
  await t.test(`F18 who ${change} while the store is locked is known to when it works again`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'portico-call-store-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const { url, logged } = await spawnGateway(t, {
      PORTICO_SYNAPSE_URL: synapse.url,
      PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
      PORTICO_CALLS_GRACE: `${GRACE_MS}ms`,
    });
    const caller = startDevice(t, url, 'native', alice, { register: { caps: ['peer-reconnecting'] } });
    const callee = startDevice(t, url, 'native', bob);
    await Promise.all([caller.ready(), callee.ready()]);
    const callId = String((await caller.ask('initiate', { roomId, callType: 'video' }))['callId']);
    await until(() => callee.wasInvitedTo(callId));
    await callee.ask('answer', { callId });

    if (change === 'comes back') {
      callee.end();
      await until(() => caller.of('peer-reconnecting').length === 1);
    }
    const end = await lock(t)(folder);
    if (change === 'goes') callee.end();
    else {
      const back = startDevice(t, url, 'native', bob);
      back.calls.add(callId);
      await back.ready();
    }
    // It waits a while for the lock.
    await until(() => logged.some((line) => line['msg'] === 'signaling failed'));
    end();
    if (change === 'goes') {
      await until(() => caller.of('peer-reconnecting').length === 1);
      await until(() => caller.of('call-ended', callId).length === 1, GRACE_MS + 5_000);
      t.match(caller.of('call-ended', callId), [{ reason: 'connection_lost' }]);
      return;
    }
    await until(() => caller.of('peer-reconnected').length === 1);
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    t.strictSame([...caller.of('call-ended'), ...caller.of('user-left')], []);
    const { body } = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
    t.match(body, { session: { status: 'active' } });
  });
}

async function trouble(t: Test, folder: string, begin: Trouble): Promise<void> {
  const gateway = await spawnGateway(t, {
    PORTICO_SYNAPSE_URL: synapse.url,
    PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
  });
  const { url } = gateway;
  const caller = startDevice(t, url, 'native', alice);
  const callee = startDevice(t, url, 'socket.io', bob);
  const third = startDevice(t, url, 'native', carol);
  const devices = [caller, callee, third];
  await Promise.all(devices.map((device) => device.ready()));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
  await until(() => callee.wasInvitedTo(String(callId)));
  await callee.ask('answer', { callId });
  caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await until(() => callee.of('webrtc-offer').length === 1);

  const end = await begin(folder);
  // What is already in the file's pages may still be written on a full disk: asked until the first refusal.
  await until(async () => (await ask(url, 'GET /health')).body['database'] !== 'connected', 20_000);
  const refused = { ok: undefined, type: 'error', code: 'STORE_UNAVAILABLE' };
  const initiate = { roomId: carolsRoom, callType: 'voice' };
  t.match(without(await third.ask('initiate', initiate), 'id'), refused, 'initiate');
  t.match(await callee.ask('toggle-audio', { callId, enabled: false }), {
    ok: false,
    code: 'STORE_UNAVAILABLE',
  });
  t.match(without(await caller.ask('end', { callId }), 'id'), refused, 'end');
  const byApi = await ask(url, 'POST /api/calls/initiate', { body: { ...initiate, ...shows(carol) } });
  t.match({ status: byApi.status, body: byApi.body }, { status: 503, body: { code: 'STORE_UNAVAILABLE' } });

  caller.send('ice-candidate', { callId, candidate: { candidate: 'during' } });
  await until(() => callee.of('ice-candidate').length === 1);
  t.pass('negotiation of the running call is relayed');
  const sync = await ask(url, 'GET /_matrix/client/v3/sync?timeout=0', { token: alice.accessToken });
  t.equal(sync.status, 200, 'chat is forwarded');
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${Math.random()}`;
  const sent = await ask(url, `PUT ${path}`, {
    token: alice.accessToken,
    body: { msgtype: 'm.text', body: 'still here' },
  });
  t.equal(sent.status, 200);
  // Whoever comes now is let in as well; a device that goes is noted later.
  const late = startDevice(t, url, 'native', alice);
  await late.ready();
  late.end();
  t.match(await third.ask('ping'), { type: 'pong' });
  t.strictSame(
    devices.map(({ sockets }) => sockets),
    [1, 1, 1],
    'no socket was closed',
  );

  end();
  await until(async () => (await ask(url, 'GET /health')).body['database'] === 'connected', 10_000);
  t.match(await callee.ask('toggle-audio', { callId, enabled: false }), { ok: true });
  await until(() => caller.of('audio-toggled').length === 1);
  t.match(await caller.ask('end', { callId }), { ok: true, status: 'ended' });
  await until(() => callee.of('call-ended', callId).length === 1);
  const again = await third.ask('initiate', initiate);
  t.match(again, { ok: true, status: 'ringing' }, 'initiate works again');
  await until(() => callee.wasInvitedTo(String(again['callId'])));
  t.match(await callee.ask('reject', { callId: again['callId'] }), { ok: true });
  t.strictSame(
    devices.flatMap(({ problems }) => problems),
    [],
  );
  t.strictSame(
    devices.map(({ sockets }) => sockets),
    [1, 1, 1],
  );
  const history = await ask(url, 'GET /api/calls', { token: carol.accessToken });
  t.equal((history.body['calls'] as unknown[]).length, 1, 'nothing of what was refused is there');
}

function without(frame: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(frame).filter(([key]) => key !== name));
}
