// SIGTERM to a gateway process with calls, and its successor on the same port and store: every socket is told to come
// back, the ring goes on with the time that is left, and who was in a call is still in it.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { connectNative, registerNative, type Frame } from '../harness/native-client.ts';
import { connectIo, type IoClient, type IoClientOptions } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);

const RING_MS = 15_000;
const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, roomId } = await gatherCast(synapse);
const OFFER = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=bob\r\n' };

/** A gateway that can be ended and started again where it was. */
async function open(t: Test): Promise<{ url: string; restart(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-drain-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const environment = {
    PORTICO_SYNAPSE_URL: synapse.url,
    PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
    PORTICO_CALLS_RING_TIMEOUT: `${RING_MS / 1_000}s`,
  };
  let gateway: GatewayProcess = await spawnGateway(t, environment);
  const { port, url } = gateway;
  return {
    url,
    async restart() {
      const startedMs = performance.now();
      const exit = once(gateway.child, 'exit');
      gateway.child.kill('SIGTERM');
      const [code] = (await exit) as [number | null];
      t.equal(code, 0);
      t.comment(`stopped within ${Math.round(performance.now() - startedMs)} ms`);
      gateway = await spawnGateway(t, { ...environment, PORTICO_LISTEN: `127.0.0.1:${port}` });
      t.comment(`and served again after ${Math.round(performance.now() - startedMs)} ms`);
    },
  };
}

/** As original clients do: what has to be said is said at every connect. */
async function attached(
  t: Test,
  url: string,
  [type, members]: readonly [string, Frame],
  options: IoClientOptions = {},
): Promise<IoClient> {
  const client = await connectIo(t, url, { auth: { token: members['accessToken'] }, ...options });
  client.send(type, members);
  client.socket.on('connect', () => client.send(type, members));
  await client.ask('ping');
  return client;
}

async function cameBack(t: Test, client: IoClient): Promise<void> {
  await until(() => client.of('connect').length === 2, 15_000);
  const reasons = client.of('disconnect').map(({ payload }) => payload);
  t.equal(reasons.length, 1);
  t.ok(['transport close', 'transport error'].includes(String(reasons[0])), `told by ${String(reasons[0])}`);
}

await t.test('a ring goes on with the time that is left', async (t) => {
  const gateway = await open(t);
  const { url } = gateway;
  const phone = await attached(t, url, ['register-user', shows(bob)]);
  const polling = await attached(t, url, ['register-user', shows(bob)], { transports: ['polling'] });
  const laptop = await registerNative(t, url, shows(bobLaptop));
  const caller = await attached(t, url, ['register-user', shows(alice)]);
  const startedMs = performance.now();
  const callId = await dial(url, alice, roomId);
  const rings = await Promise.all([phone, polling, laptop].map((client) => client.next('incoming-call')));
  const [{ expiresAt } = {}] = rings;
  await gateway.restart();
  await until(() => laptop.closed !== undefined);
  t.equal(laptop.closed?.code, 1012);
  for (const client of [phone, polling, caller]) await cameBack(t, client);
  const laptopAgain = await registerNative(t, url, shows(bobLaptop));
  for (const client of [phone, polling, laptopAgain])
    t.match(await client.next('incoming-call'), { callId, expiresAt }, 'its deadline has not moved');
  for (const client of [phone, polling, laptopAgain, caller])
    t.match(await client.next('call-ended', RING_MS), { callId, reason: 'no_answer', endedBy: 'system' });
  const rangMs = performance.now() - startedMs;
  t.comment(`it rang for ${Math.round(rangMs)} ms of ${RING_MS}`);
  t.ok(rangMs > RING_MS - 500 && rangMs < RING_MS + 5_000, `${Math.round(rangMs)} ms`);
  for (const client of [phone, polling]) {
    t.equal(client.of('incoming-call').length, 2, 'once to each connection');
    t.equal(client.of('call-ended').length, 1);
  }
});

await t.test('who was in a call is still in it', async (t) => {
  const gateway = await open(t);
  const { url } = gateway;
  const caller = await registerNative(t, url, shows(alice));
  const ring = await attached(t, url, ['register-user', shows(bob)]);
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  await ring.next('incoming-call');
  t.equal((await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) })).status, 200);
  const screen = await attached(t, url, ['join-call', { callId, ...shows(bob) }]);
  caller.send('webrtc-offer', { callId, offer: OFFER });
  await screen.next('webrtc-offer');
  const { resumeToken: token } = caller.of('registered')[0] ?? {};
  const seq = Math.max(...caller.frames.map((frame) => Number(frame['seq'] ?? 0)));
  await gateway.restart();
  await until(() => caller.closed !== undefined);
  t.equal(caller.closed?.code, 1012);
  t.match((await ask(url, `GET /api/calls/${callId}/status`, { token: bob.accessToken })).body, {
    session: { status: 'active' },
  });
  const again = await connectNative(t, url);
  again.send('register-user', { ...shows(alice), resume: { token, seq } });
  t.match(await again.next('registered'), { userId: alice.userId });
  t.match(await again.next('error'), { code: 'RESUME_REJOIN' });
  t.match(await again.ask('join-call', { callId }), { ok: true, status: 'active' });
  for (const client of [ring, screen]) await cameBack(t, client);
  await screen.ask('ping');
  screen.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: alice.userId });
  t.match(await again.next('webrtc-answer'), { callId, answer: ANSWER, fromUserId: bob.userId });
  // An ICE restart, as clients do after a cut.
  again.send('webrtc-offer', { callId, offer: OFFER });
  t.match(await screen.next('webrtc-offer'), { callId, offer: OFFER });
  t.strictSame([...ring.of('incoming-call')].length, 1, 'it is not rung for its own call');
  t.strictSame([...ring.of('call-ended'), ...screen.of('call-ended'), ...screen.of('user-left')], []);
  t.equal((await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) })).status, 200);
  for (const client of [screen, again])
    t.match(await client.next('call-ended'), { callId, reason: 'hangup', endedBy: alice.userId });
});
