// What happens at the edges of a call: two answers at once, a page reloaded while it rings, a caller or a callee who
// does not come back, another device in somebody's seat, and neighbours who would like to be vouched for.

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { askFrom, syncFrom } from '../harness/http-from.ts';
import { connectNative, registerNative, type Frame } from '../harness/native-client.ts';
import { connectIo, registerIo, type IoClient } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);

const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, carol, roomId } = await gatherCast(synapse);
const offer = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=bob\r\n' };

const open = async (t: Test, { calls, ...document }: ConfigDocument = {}): Promise<string> =>
  (
    await startGateway(t, {
      synapse: { url: synapse.url },
      calls: { initiates_per_minute: 100, ...(calls as object) },
      ...document,
    })
  ).url;
const post = (url: string, callId: unknown, what: string, who: Session) =>
  ask(url, `POST /api/calls/${String(callId)}/${what}`, { body: shows(who) });

await t.test('both phones answer at the same moment: one is in the call, the other is told', async (t) => {
  const url = await open(t);
  const phone = await registerIo(t, url, shows(bob));
  const laptop = await registerNative(t, url, shows(bobLaptop));
  const caller = await registerIo(t, url, shows(alice));
  for (let n = 0; n < 10; n += 1) {
    const callId = await dial(url, alice, roomId);
    for (const device of [phone, laptop]) t.match(await device.next('incoming-call'), { callId });
    const answers = await Promise.all([
      post(url, callId, 'answer', bob),
      post(url, callId, 'answer', bobLaptop),
    ]);
    const [won, lost] = answers[0].status === 200 ? [phone, laptop] : [laptop, phone];
    t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200, 400]));
    t.match(
      answers.find(({ status }) => status === 400),
      { body: { error: 'Call is not in ringing state', code: 'CALL_ANSWERED_ELSEWHERE' } },
    );
    t.match(await lost.next('call-ended'), { callId, reason: 'answered_elsewhere' });
    t.match(await caller.next('call-answered'), { callId, answeredBy: bob.userId });
    await post(url, callId, 'end', alice);
    t.match(await won.next('call-ended'), { callId, reason: 'hangup' });
    const ends = (client: { of(type: string): readonly Frame[] }): number =>
      client.of('call-ended').filter((frame) => frame['callId'] === callId).length;
    t.strictSame([won, lost, caller].map(ends), [1, 1, 1]);
  }
  t.equal(caller.of('call-answered').length, 10);
});

await t.test('the device that did not answer can do nothing in the call', async (t) => {
  const url = await open(t);
  const phone = await registerIo(t, url, shows(bob));
  const laptop = await registerNative(t, url, shows(bobLaptop));
  const caller = await registerNative(t, url, shows(alice));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
  await laptop.next('incoming-call');
  t.match(
    await phone.ask('webrtc-answer', { callId, answer }),
    { code: 'CALL_NOT_JOINED' },
    'before an answer',
  );
  t.match(await phone.ask('answer', { callId }), { ok: true });
  await laptop.next('call-ended');
  t.match(await laptop.ask('join-call', { callId }), { code: 'CALL_OTHER_DEVICE' });
  t.match(await laptop.ask('webrtc-answer', { callId, answer }), { code: 'CALL_OTHER_DEVICE' });
  t.match(await laptop.ask('ice-candidate', { callId, candidate: null }), { code: 'CALL_OTHER_DEVICE' });
  t.match(await laptop.ask('answer', { callId }), { code: 'CALL_ANSWERED_ELSEWHERE' });
  t.match(await laptop.ask('reject', { callId }), { ok: true, status: 'active' }, 'T13');
  caller.send('webrtc-offer', { callId, offer });
  t.match(await phone.next('webrtc-offer'), { callId });
  await laptop.ask('ping');
  await caller.ask('ping');
  t.notOk(laptop.types().includes('webrtc-offer'));
  t.strictSame(
    [...caller.of('webrtc-answer'), ...caller.of('ice-candidate'), ...caller.of('call-ended')],
    [],
  );
  await post(url, callId, 'end', alice);
});

await t.test('a page that is reloaded while it rings is rung again, once', async (t) => {
  const url = await open(t);
  const first = await registerIo(t, url, shows(bob));
  const callId = await dial(url, alice, roomId);
  const rung = await first.next('incoming-call');
  first.socket.close();
  const second = await registerIo(t, url, shows(bob));
  t.match(await second.next('incoming-call'), { callId, expiresAt: rung['expiresAt'] });
  await second.ask('register-user', shows(bob));
  t.equal(second.of('incoming-call').length, 1);
  await post(url, callId, 'end', alice);
  t.match(await second.next('call-ended'), { callId, reason: 'cancelled' });
});

await t.test(
  'a caller who is gone while it rings stops the ring; one without a socket does not',
  async (t) => {
    const url = await open(t, { calls: { caller_grace: '1s' } });
    const callee = await registerIo(t, url, shows(bob));
    const caller = await registerIo(t, url, shows(alice));
    const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
    await callee.next('incoming-call');
    const startedMs = performance.now();
    caller.socket.close();
    t.match(await callee.next('call-ended'), { callId, reason: 'caller_lost', endedBy: 'system' });
    t.ok(performance.now() - startedMs > 900, 'not before its grace');
    const byScript = await dial(url, alice, roomId);
    await callee.next('incoming-call');
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    t.equal(callee.of('call-ended').length, 1);
    await post(url, byScript, 'end', alice);
  },
);

await t.test('a callee who does not come back has left when the grace is over, not before', async (t) => {
  const url = await open(t, { calls: { grace: '1s' } });
  const callee = await registerIo(t, url, shows(bob));
  const caller = await registerNative(t, url, shows(alice));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  await caller.next('call-answered');
  const startedMs = performance.now();
  callee.socket.close();
  t.match(await caller.next('call-ended'), { callId, reason: 'connection_lost' });
  t.ok(performance.now() - startedMs > 900);
  t.notOk(caller.types().includes('peer-reconnecting'), 'it did not ask for it');
});

await t.test('an address vouches for those who sync from it, and for nobody else', async (t) => {
  const url = await open(t);
  await syncFrom('127.0.0.2', url, bob.accessToken);
  const { userId } = bob;
  const forwarded = { 'X-Forwarded-For': '127.0.0.2', Forwarded: 'for=127.0.0.2', 'X-Real-IP': '127.0.0.2' };
  const callId = await dial(url, alice, roomId);
  for (const extraHeaders of [{}, forwarded]) {
    for (const transports of [['websocket'], ['polling']]) {
      const thief = await connectIo(t, url, { localAddress: '127.0.0.3', transports, extraHeaders });
      t.match(await thief.ask('register-user', { userId }), { ok: false, code: 'IDENTITY_REQUIRED' });
      thief.send('join-call', { callId, userId });
      t.match(await thief.next('error'), { code: 'IDENTITY_REQUIRED' });
    }
    const native = await connectNative(t, url, {
      localAddress: '127.0.0.3',
      headers: extraHeaders,
    });
    native.send('register-user', { userId });
    await until(() => native.closed !== undefined);
    t.equal(native.closed?.code, 4003);
  }
  for (const what of ['end', 'toggle-audio', 'ice-candidate']) {
    const body = { userId, enabled: true, candidate: { candidate: 'x' } };
    t.equal(
      (await askFrom('127.0.0.3', url, `POST /api/calls/${callId}/${what}`, { body })).status,
      401,
      what,
    );
  }
  t.equal((await askFrom('127.0.0.3', url, `GET /api/calls/${callId}/status`)).status, 401);
  t.equal((await askFrom('127.0.0.2', url, `GET /api/calls/${callId}/status`)).status, 200);
  t.equal(
    (await askFrom('127.0.0.2', url, `POST /api/calls/${callId}/end`, { body: { userId: carol.userId } }))
      .status,
    401,
    'and only for those',
  );
  const own = await registerIo(t, url, { userId }, { localAddress: '127.0.0.2' });
  t.match(await own.next('incoming-call'), { callId });
  await post(url, callId, 'end', alice);
});

for (const [name, answering] of [
  ['first', bob],
  ['second', bobLaptop],
] as const) {
  await t.test(`two phones behind one address, started in turn: the ${name} answers`, async (t) => {
    const url = await open(t);
    const home = { localAddress: '127.0.0.2' };
    const phones: IoClient[] = [];
    for (const { accessToken, userId } of [bob, bobLaptop]) {
      await syncFrom('127.0.0.2', url, accessToken);
      phones.push(await registerIo(t, url, { userId }, home));
    }
    const callId = await dial(url, alice, roomId);
    for (const phone of phones) t.match(await phone.next('incoming-call'), { callId });
    const body = shows(answering);
    t.equal((await askFrom('127.0.0.2', url, `POST /api/calls/${callId}/answer`, { body })).status, 200);
    const screen = await connectIo(t, url, home);
    t.match(await screen.ask('join-call', { callId, userId: bob.userId }), { ok: true });
    const [own, other] = answering === bob ? phones : phones.toReversed();
    t.match(await other?.next('call-ended'), { callId, reason: 'answered_elsewhere' });
    t.match(await ask(url, `POST /api/calls/${callId}/offer`, { body: { ...shows(alice), offer } }), {
      status: 200,
    });
    t.match(await screen.next('webrtc-offer'), { callId });
    t.strictSame([...(own?.of('call-ended') ?? []), ...screen.of('call-ended')], []);
    await post(url, callId, 'end', alice);
    t.match(await screen.next('call-ended'), { callId, reason: 'hangup' });
  });
}

await t.test('a browser shows its token as a subprotocol, and needs to say nothing else', async (t) => {
  const url = await open(t);
  const protocols = ['portico', `access_token.${bob.accessToken}`];
  const client = await connectNative(t, url, { protocols });
  t.equal(client.socket.protocol, 'portico');
  client.send('register-user');
  t.match(await client.next('registered'), { userId: bob.userId, deviceId: bob.deviceId, trust: 'verified' });
  const callId = await dial(url, alice, roomId);
  t.match(await client.next('incoming-call'), { callId });
  await post(url, callId, 'end', alice);
});

await t.test('a token that is logged out loses its socket and its place in the call', async (t) => {
  const url = await open(t);
  const gone = await synapse.login(synapse.bob);
  const callee: IoClient = await registerIo(t, url, shows(gone));
  const caller = await registerNative(t, url, shows(alice));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  await caller.next('call-answered');
  const startedMs = performance.now();
  await ask(url, 'POST /_matrix/client/v3/logout', { token: gone.accessToken, body: {} });
  t.match(await caller.next('call-ended', 20_000), { callId, reason: 'token_revoked' });
  t.match(await callee.next('disconnect'), { payload: 'io server disconnect' });
  t.comment(`closed ${Math.round(performance.now() - startedMs)} ms after the logout`);
});
