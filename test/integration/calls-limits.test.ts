// What one client may do to the signaling of others: pages of foreign origins, floods of frames, frames too large.

import { request } from 'node:http';

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import { dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { connectNative, registerNative } from '../harness/native-client.ts';
import { connect2, registerIo } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(60_000);

const FOREIGN = 'https://evil.example';
const FRIEND = 'https://app.example.org';
const MAX_FRAME = 64 * 1024;
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

const open = async (t: Test, document: ConfigDocument = {}): Promise<{ url: string; port: number }> =>
  startGateway(t, { synapse: { url: synapse.url }, ...document });

const POLL = '/socket.io/?EIO=4&transport=polling';
const UPGRADES = ['/', '/socket.io/?EIO=4&transport=websocket', '/socket.io/?EIO=3&transport=websocket'];

/** 101, or the status with which it was refused. */
function upgradeStatus(url: string, path: string, origin: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { origin });
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      socket.terminate();
      resolve(statusCode);
    });
  });
}

function pollStatus(url: string, method: string, path: string, origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers: { origin } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}

await t.test('pages of other origins open no socket, unless they are named', async (t) => {
  const closed = await open(t);
  const named = await open(t, { signaling: { origins: [FRIEND] } });
  const cases: readonly (readonly [string, string, boolean])[] = [
    [closed.url, FOREIGN, false],
    [closed.url, FRIEND, false],
    [closed.url, 'null', false],
    [closed.url, closed.url, true],
    [named.url, FOREIGN, false],
    [named.url, `${FRIEND}.evil.example`, false],
    [named.url, 'http://app.example.org', false],
    [named.url, FRIEND, true],
    [named.url, named.url, true],
  ];
  for (const [url, origin, isAllowed] of cases) {
    for (const path of UPGRADES)
      t.equal(await upgradeStatus(url, path, origin), isAllowed ? 101 : 403, `${origin} to ${path}`);
    t.equal(await pollStatus(url, 'GET', POLL, origin), isAllowed ? 200 : 403, `${origin} polls`);
    if (!isAllowed) t.equal(await pollStatus(url, 'POST', `${POLL}&sid=x`, origin), 403);
  }
  const client = await registerIo(t, named.url, shows(bob), { extraHeaders: { Origin: FRIEND } });
  const callId = await dial(named.url, alice, roomId);
  t.match(await client.next('incoming-call'), { callId }, 'a named page is rung as any');
});

await t.test('a flood of frames ends its own socket, and no other', async (t) => {
  const { url } = await open(t, { limits: { signaling_rate: 5 } });
  const native = await registerNative(t, url, shows(alice));
  const other = await registerNative(t, url, shows(bob));
  for (let n = 0; n < 40; n += 1) native.send('ping');
  await until(() => native.closed !== undefined);
  t.equal(native.closed?.code, 4008);
  const answered = native.of('pong').length;
  t.ok(answered >= 20 && answered < 39, `${answered} were answered: five seconds' worth`);
  for (const transports of [['websocket'], ['polling']]) {
    const flooding = await registerIo(t, url, shows(alice), { transports, reconnection: false });
    for (let n = 0; n < 40; n += 1) flooding.send('silence-call', { callId: 'f'.repeat(32) });
    await flooding.next('disconnect');
    t.ok(flooding.of('error').length <= 25, transports.join());
  }
  t.match(await other.ask('ping'), { type: 'pong' });
});

await t.test('a frame of 64 KiB is taken, a larger one ends its own socket', async (t) => {
  const { url } = await open(t);
  const callee = await registerNative(t, url, shows(bob));
  const caller = await registerNative(t, url, shows(alice));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  const frame = (bytes: number): string => {
    const parts = { type: 'webrtc-offer', callId, offer: { type: 'offer', sdp: 'v=0' } };
    return JSON.stringify({
      ...parts,
      offer: { type: 'offer', sdp: 'v=0'.padEnd(3 + bytes - JSON.stringify(parts).length, 'x') },
    });
  };
  caller.socket.send(frame(MAX_FRAME));
  t.equal(String((await callee.next('webrtc-offer'))['callId']), callId);
  caller.socket.send(frame(MAX_FRAME + 1));
  await until(() => caller.closed !== undefined);
  t.equal(caller.closed?.code, 1009);

  for (const connect of [undefined, connect2]) {
    for (const transports of [['websocket'], ['polling']]) {
      const client = await registerIo(t, url, shows(alice), {
        transports,
        reconnection: false,
        ...(connect === undefined ? {} : { connect }),
      });
      client.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0'.padEnd(MAX_FRAME, 'x') } });
      const { payload } = await client.next('disconnect');
      t.comment(`${transports.join()}: ${String(payload)}`);
    }
  }
  await callee.ask('ping');
  t.equal(callee.of('webrtc-offer').length, 1);
  t.strictSame([...callee.of('call-ended'), ...callee.of('user-left')], [], 'the call goes on');
});

await t.test('what is not for us ends the socket that sends it', async (t) => {
  const { url } = await open(t);
  const binary = await connectNative(t, url);
  binary.socket.send(Buffer.from('{"type":"ping"}'));
  await until(() => binary.closed !== undefined);
  t.equal(binary.closed?.code, 4002);
  const broken = await connectNative(t, url);
  broken.socket.send('not JSON');
  await until(() => broken.closed !== undefined);
  t.equal(broken.closed?.code, 4002);
});
