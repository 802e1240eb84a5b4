// Sockets that go and come back while there is a call: grace, what is told of it, and races with the store.

import t from 'tap';

import { ROOM } from '../../contract/calls.ts';
import { LIMITS } from '../../harness/call-service.ts';
import { pass, settle, startHub, userId, type NativeClient, type TestHub } from '../../harness/hub.ts';
import type { CallId } from '../../../src/matrix/ids.ts';

const CAPS = { caps: ['peer-reconnecting'] };

interface Talk {
  readonly alice: NativeClient;
  readonly bob: NativeClient;
  readonly callId: string;
}

async function talk(test: TestHub, caps: Readonly<Record<string, unknown>> = CAPS): Promise<Talk> {
  const alice = await test.register('alice', 'PHONE', caps);
  const bob = await test.register('bob');
  const callId = await alice.dial({ invitees: [userId('bob')] });
  await bob.ask('answer', { callId });
  return { alice, bob, callId };
}

async function legsOf(test: TestHub, callId: string): Promise<readonly string[]> {
  const call = await test.store.findCall(callId as CallId);
  return [call?.state ?? 'none', ...(call?.legs.map(({ state }) => state) ?? [])];
}

function back(test: TestHub, name: string, lost: NativeClient): Promise<NativeClient> {
  return test.register(name, 'PHONE', { resume: { token: lost.resumeToken, seq: lost.lastSeq } });
}

await t.test(
  'during its grace nobody hears that a peer has left, and who asked hears that it is away',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    bob.socket.cut();
    await pass(test.clock, LIMITS.graceMs - 1);
    t.strictSame(alice.told, ['call-answered', 'user-joined', 'peer-reconnecting']);
    t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
    const again = await back(test, 'bob', bob);
    t.strictSame(alice.told.slice(2), ['peer-reconnecting', 'peer-reconnected']);
    t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined']);
    await pass(test.clock, LIMITS.graceMs);
    t.strictSame(again.told, []);
    t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined'], 'the old grace is over');
  },
);

await t.test('a peer without the capability hears nothing of it', async (t) => {
  const test = startHub(t);
  const { alice, bob } = await talk(test, {});
  bob.socket.cut();
  await settle();
  await back(test, 'bob', bob);
  t.strictSame(alice.told, ['call-answered', 'user-joined']);
});

await t.test('at the end of its grace a peer has left', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  await bob.ask('answer', { callId });
  await carol.ask('answer', { callId });
  bob.socket.cut();
  await pass(test.clock, LIMITS.graceMs);
  t.match(alice.of('user-left'), [{ userId: userId('bob') }]);
  t.match(carol.of('user-left'), [{ userId: userId('bob') }]);
  t.strictSame(alice.of('call-ended'), []);
  carol.socket.cut();
  await pass(test.clock, LIMITS.graceMs);
  t.match(alice.of('call-ended'), [{ reason: 'connection_lost', endedBy: 'system' }]);
  t.equal(alice.of('user-left').length, 1);
});

await t.test('a caller that is gone while it rings has ten seconds', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  await alice.dial();
  alice.socket.cut();
  await pass(test.clock, LIMITS.callerGraceMs - 1);
  t.strictSame(bob.told, ['incoming-call']);
  await pass(test.clock, 1);
  t.match(bob.of('call-ended'), [{ reason: 'caller_lost', endedBy: 'system' }]);
});

await t.test('a device is away only when its last socket is gone', async (t) => {
  const test = startHub(t);
  const { bob, callId } = await talk(test);
  const screen = test.connect();
  await screen.ask('join-call', { callId, accessToken: 'bob.PHONE' });
  bob.socket.cut();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined']);
  screen.socket.cut();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
  await test.connect().ask('join-call', { callId, accessToken: 'bob.PHONE' });
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined']);
});

await t.test('a device that is not in the call may come and go', async (t) => {
  const test = startHub(t);
  const { callId } = await talk(test);
  const laptop = await test.register('bob', 'LAPTOP');
  laptop.socket.cut();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined']);
});

await t.test('who comes back while the store still notes that it went is back', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  test.gate.hold('findCall');
  bob.socket.cut();
  await settle();
  t.equal(test.gate.held, 1);
  const again = await back(test, 'bob', bob);
  test.gate.release();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'joined']);
  t.strictSame(alice.told.slice(2), ['peer-reconnecting', 'peer-reconnected']);
  test.gate.hold('findCall');
  again.socket.cut();
  await settle();
  const third = await back(test, 'bob', again);
  third.socket.cut();
  test.gate.release();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
});

await t.test('a store that is out of order while a socket goes notes it when it is back', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  test.gate.isFailing = true;
  bob.socket.cut();
  await pass(test.clock, 3_000, 1_000);
  t.ok(test.failures.length > 0);
  test.gate.isFailing = false;
  await pass(test.clock, 1_000);
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
  await pass(test.clock, LIMITS.graceMs);
  t.match(alice.of('call-ended'), [{ reason: 'connection_lost' }]);
});

await t.test('a socket that is lost while its answer is stored has a grace like any other', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  test.gate.hold('findCall');
  bob.send('answer', { callId });
  await settle();
  bob.socket.cut();
  test.gate.release();
  await settle();
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
  await pass(test.clock, LIMITS.graceMs);
  t.match(alice.of('call-ended'), [{ reason: 'connection_lost' }]);
});

await t.test('a socket that is lost while its call is made rings for ten seconds', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  test.gate.hold('findLiveCalls');
  alice.send('initiate', { roomId: ROOM, callType: 'voice' });
  await settle();
  alice.socket.cut();
  test.gate.release();
  await settle();
  t.strictSame(bob.told, ['incoming-call']);
  await pass(test.clock, LIMITS.callerGraceMs);
  t.match(bob.of('call-ended'), [{ reason: 'caller_lost' }]);
});

await t.test('a socket that becomes another user leaves the call of the first', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const { alice, bob, callId } = await talk(test);
  await bob.ask('register-user', { accessToken: 'carol.PHONE' });
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
  alice.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0' } });
  await pass(test.clock, 2_000);
  t.strictSame(bob.of('webrtc-offer'), [], 'the same name of a device is not the same device');
  t.match(await bob.ask('end', { callId }), { code: 'CALL_NOT_FOUND' });
});

await t.test('a socket that becomes another user is rung for that user', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  await bob.ask('register-user', { accessToken: 'carol.PHONE' });
  t.strictSame(bob.told, ['incoming-call', 'incoming-call']);
  await test.service.command(callId as CallId, { type: 'end', userId: userId('alice'), deviceId: undefined });
  t.equal(bob.of('call-ended').length, 1);
});

await t.test('the oldest of too many sockets gives way, and its device has its grace', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  for (let n = 0; n < 31; n += 1) await test.register('bob', `DEVICE${n}`);
  t.equal(bob.code, undefined, '32 are allowed');
  await test.register('bob', 'ONE-MORE');
  t.equal(bob.code, 4009);
  t.strictSame(await legsOf(test, callId), ['active', 'joined', 'reconnecting']);
  await pass(test.clock, LIMITS.graceMs);
  t.match(alice.of('call-ended'), [{ reason: 'connection_lost' }]);
});

await t.test('of too many sockets, those that are gone give way first', async (t) => {
  const test = startHub(t);
  const first = await test.register('bob');
  for (let n = 0; n < 31; n += 1) await test.register('bob', `DEVICE${n}`);
  const gone = await test.register('alice');
  gone.socket.cut();
  (await test.register('bob', 'DEVICE31')).socket.cut();
  t.equal(first.code, 4009, 'there were 33');
  const second = await test.register('bob', 'DEVICE32');
  t.ok(second.socket.isOpen);
  t.equal([...test.hub.sockets()].length, 32);
});

await t.test(
  'a hangup that a socket said last is done, though it waited and the socket is gone',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    test.gate.hold('findCall');
    bob.send('toggle-audio', { callId, enabled: false });
    bob.send('end', { callId });
    await settle();
    bob.socket.cut();
    test.gate.release();
    await settle();
    t.match(alice.of('call-ended'), [{ reason: 'hangup', endedBy: userId('bob') }]);
  },
);

await t.test('nothing else is done for a socket that is gone', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  test.gate.hold('findCall');
  bob.send('call-ringing', { callId });
  bob.send('answer', { callId });
  bob.send('end', { callId, userId: userId('alice') });
  await settle();
  bob.socket.cut();
  test.gate.release();
  await settle();
  t.strictSame(await legsOf(test, callId), ['ringing', 'joined', 'ringing']);
});
