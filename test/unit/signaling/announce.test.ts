// Who is told what of a call: each change of it, through the whole of signaling, on sockets without a network.

import t from 'tap';

import { ROOM } from '../../contract/calls.ts';
import { pass, settle, startHub, userId, type NativeClient, type TestHub } from '../../harness/hub.ts';
import { by, callIn, RING_MS } from '../../harness/call-service.ts';
import type { CallId, DeviceId } from '../../../src/matrix/ids.ts';

const CAPS = { caps: ['call-ringing', 'peer-reconnecting', 'ice-servers-updated'] };

interface Ringing {
  readonly alice: NativeClient;
  readonly bob: NativeClient;
  readonly laptop: NativeClient;
  readonly callId: string;
}

/** Alice has called bob, who has two devices. */
async function ring(test: TestHub): Promise<Ringing> {
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob', 'PHONE', CAPS);
  const laptop = await test.register('bob', 'LAPTOP', CAPS);
  const callId = await alice.dial();
  return { alice, bob, laptop, callId };
}

async function talk(test: TestHub): Promise<Ringing> {
  const ringing = await ring(test);
  await ringing.bob.ask('answer', { callId: ringing.callId });
  return ringing;
}

await t.test('an initiate rings every socket of every other member once, and nobody else', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const stranger = await test.register('alice', 'LAPTOP');
  const { alice, bob, laptop } = await ring(test);
  const carol = await test.register('carol');
  t.strictSame(bob.told, ['incoming-call']);
  t.strictSame(laptop.told, ['incoming-call']);
  t.strictSame(carol.told, ['incoming-call'], 'also who registers while it rings');
  t.strictSame(alice.told, [], 'not the caller');
  t.strictSame(stranger.told, [], 'nor another device of the caller');
  t.match(bob.of('incoming-call')[0], {
    roomId: ROOM,
    initiatorId: userId('alice'),
    callerName: 'alice',
    baseUrl: 'https://example.org',
    iceServers: [{ urls: ['turn:example.org'] }],
    expiresAt: test.clock.nowMs() + RING_MS,
    seq: 1,
  });
});

await t.test('the same initiate again rings nobody again and has the same call', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await ring(test);
  t.equal(await alice.dial(), callId);
  t.strictSame(bob.told, ['incoming-call']);
});

await t.test('who talks already is not rung, and the caller hears busy', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  await alice.ask('answer', { callId: await carol.dial({ invitees: [userId('alice')] }) });
  const callId = await bob.dial({ invitees: [userId('alice')] });
  t.strictSame(alice.told, ['incoming-call']);
  t.strictSame(bob.told, ['call-rejected', 'call-ended']);
  t.match(bob.of('call-rejected')[0], { callId, rejectedBy: userId('alice'), reason: 'busy' });
  t.match(bob.of('call-ended')[0], { callId, reason: 'busy', endedBy: 'system' });
  t.strictSame(carol.told, ['call-answered', 'user-joined']);
});

await t.test('nobody reachable: the leg is offline, and a device that registers later is rung', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  await alice.dial();
  t.strictSame(test.told, ['initiated', 'ring', 'user-offline']);
  const bob = await test.register('bob');
  t.strictSame(bob.told, ['incoming-call']);
});

await t.test('a repeated register is not rung again, a new socket of the same device is', async (t) => {
  const test = startHub(t);
  const { bob } = await ring(test);
  await bob.ask('register-user', { accessToken: 'bob.PHONE' });
  t.strictSame(bob.told, ['incoming-call']);
  const reloaded = await test.register('bob');
  t.strictSame(reloaded.told, ['incoming-call']);
  t.equal(test.told.filter((type) => type === 'device-notified').length, 2, 'phone and laptop');
});

await t.test('a device that registers in the last two seconds is not rung', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  await alice.dial();
  await pass(test.clock, RING_MS - 2_000);
  t.strictSame((await test.register('bob')).told, []);
});

await t.test('the first device that rings is told to a caller that asked for it', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await ring(test);
  const plain = await test.register('alice', 'PHONE');
  await bob.ask('call-ringing', { callId });
  await laptop.ask('call-ringing', { callId });
  t.strictSame(alice.told, ['call-ringing']);
  t.match(alice.of('call-ringing')[0], { callId, userId: userId('bob') });
  t.strictSame(plain.told, []);
});

await t.test('an answer is told to the caller, and stops the other devices of the user', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await talk(test);
  t.strictSame(alice.told, ['call-answered', 'user-joined']);
  t.match(alice.of('call-answered')[0], {
    callId,
    answeredBy: userId('bob'),
    roomId: ROOM,
    callType: 'video',
  });
  t.strictSame(bob.told, ['incoming-call']);
  t.strictSame(laptop.told, ['incoming-call', 'call-ended']);
  t.match(laptop.of('call-ended')[0], { callId, reason: 'answered_elsewhere', endedBy: userId('bob') });
  t.match(await bob.ask('answer', { callId }), { ok: true, status: 'active' }, 'again is harmless');
  t.match(await laptop.ask('answer', { callId }), { code: 'CALL_ANSWERED_ELSEWHERE' });
  t.match(await bob.ask('reject', { callId }), { ok: true, status: 'active' }, 'an answer beats a reject');
  t.equal(alice.told.length, 2);
});

await t.test('a late answer in a group is told to all in the call, and to nobody who rings', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol', 'dave'] });
  const carol = await test.register('carol');
  const dave = await test.register('dave');
  const { alice, bob, callId } = await talk(test);
  await carol.ask('answer', { callId });
  t.strictSame(alice.told, ['call-answered', 'user-joined', 'call-answered', 'user-joined']);
  t.strictSame(bob.told, ['incoming-call', 'user-joined']);
  t.strictSame(dave.told, ['incoming-call']);
  t.strictSame(carol.told, ['incoming-call']);
});

await t.test('a reject ends a call of two and stops the other devices', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await ring(test);
  await bob.ask('reject', { callId });
  t.strictSame(alice.told, ['call-rejected', 'call-ended']);
  t.match(alice.of('call-ended')[0], { reason: 'rejected', endedBy: userId('bob') });
  t.strictSame(laptop.told, ['incoming-call', 'call-ended']);
  t.match(laptop.of('call-ended')[0], { reason: 'declined_elsewhere' });
  t.strictSame(bob.told, ['incoming-call'], 'who rejects has the answer to its request');
});

await t.test('a reject in a group leaves the others ringing', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const { alice, callId, bob, laptop } = await ring(test);
  await bob.ask('reject', { callId });
  t.strictSame(alice.told, ['call-rejected']);
  t.strictSame(laptop.told, ['incoming-call', 'call-ended']);
  t.strictSame(carol.told, ['incoming-call']);
});

await t.test('a cancel reaches every device that rings, with its reason, and the caller once', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await ring(test);
  const second = test.connect();
  t.match(await second.ask('join-call', { callId, accessToken: 'bob.TABLET' }), { ok: true });
  await alice.ask('end', { callId });
  for (const device of [bob, laptop]) {
    t.strictSame(device.told, ['incoming-call', 'call-ended']);
    t.match(device.of('call-ended')[0], { reason: 'cancelled', endedBy: userId('alice') });
  }
  t.strictSame(second.told, ['call-ended'], 'also who has joined without having been rung');
  t.strictSame(alice.told, ['call-ended']);
});

await t.test('who has joined without having been rung stops when another device answers', async (t) => {
  const test = startHub(t);
  const { bob, callId } = await ring(test);
  const second = test.connect();
  await second.ask('join-call', { callId, accessToken: 'bob.TABLET' });
  await bob.ask('answer', { callId });
  t.match(second.of('call-ended'), [{ reason: 'answered_elsewhere' }]);
  await bob.ask('end', { callId });
  t.equal(second.of('call-ended').length, 1);
});

await t.test(
  'a hangup is told to both sides once, though a device has a socket for each purpose',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, laptop, callId } = await talk(test);
    const screen = test.connect();
    await screen.ask('join-call', { callId, accessToken: 'bob.PHONE' });
    await bob.ask('end', { callId });
    t.equal(alice.of('call-ended').length, 1);
    t.equal(bob.of('call-ended').length, 1);
    t.equal(screen.of('call-ended').length, 1);
    t.equal(laptop.of('call-ended').length, 1, 'from when bob answered');
    t.match(screen.of('call-ended')[0], { reason: 'hangup', endedBy: userId('bob') });
  },
);

await t.test('in a group, an end by another than the caller is a leave', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const { alice, bob, callId } = await talk(test);
  await carol.ask('answer', { callId });
  await bob.ask('end', { callId });
  t.match(alice.of('user-left'), [{ userId: userId('bob'), callId }]);
  t.match(carol.of('user-left'), [{ userId: userId('bob'), callId }]);
  t.match(bob.of('call-ended'), [{ reason: 'hangup', endedBy: userId('bob') }]);
  t.strictSame(bob.of('user-left'), []);
  t.strictSame(alice.of('call-ended'), []);
  await carol.ask('leave-call', { callId });
  t.match(alice.of('call-ended'), [{ reason: 'hangup', endedBy: userId('carol') }]);
  t.match(carol.of('call-ended'), [{ reason: 'hangup' }]);
  t.equal(bob.of('call-ended').length, 1, 'who had left hears nothing more');
  t.equal(alice.of('user-left').length, 1);
});

await t.test('nobody answers: at the deadline all are told, by the system', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop } = await ring(test);
  await pass(test.clock, RING_MS);
  for (const client of [alice, bob, laptop])
    t.match(client.of('call-ended'), [{ reason: 'no_answer', endedBy: 'system' }]);
});

await t.test('a muted microphone is told to the others in the call, once', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await talk(test);
  t.match(await bob.ask('toggle-audio', { callId, enabled: false }), { ok: true, audioEnabled: false });
  await bob.ask('toggle-audio', { callId, enabled: false });
  t.match(alice.of('audio-toggled'), [{ userId: userId('bob'), enabled: false, callId }]);
  t.strictSame(bob.of('audio-toggled'), []);
  t.strictSame(laptop.of('audio-toggled'), []);
});

await t.test('a user who leaves the room is out of the call, or stops ringing', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const { alice, bob, laptop, callId } = await talk(test);
  await test.service.command(callId as CallId, { type: 'remove-user', userId: userId('carol') });
  t.match(carol.of('call-ended'), [{ reason: 'room_left', endedBy: 'system' }]);
  await test.service.command(callId as CallId, { type: 'remove-user', userId: userId('bob') });
  await settle();
  t.match(alice.of('call-ended'), [{ reason: 'room_left', endedBy: 'system' }]);
  t.match(bob.of('call-ended'), [{ reason: 'room_left' }]);
  t.equal(laptop.of('call-ended').length, 1);
});

await t.test('a new call by the same device replaces its old one', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const carol = await test.register('carol');
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const old = await alice.dial({ invitees: [userId('bob')] });
  await bob.ask('answer', { callId: old });
  await alice.dial({ invitees: [userId('carol')] });
  t.match(bob.of('call-ended'), [{ callId: old, reason: 'replaced' }]);
  t.match(alice.of('call-ended'), [{ callId: old, reason: 'replaced' }]);
  t.strictSame(carol.told, ['incoming-call']);
});

await t.test('two who call each other: the loser learns which call won, and still rings', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  t.match(await bob.ask('initiate', { roomId: ROOM, callType: 'video' }), { code: 'CALL_GLARE', callId });
  t.strictSame(bob.told, ['incoming-call']);
  t.strictSame(alice.told, []);
});

await t.test('a call that ends for a reason from outside is told to all in it', async (t) => {
  const test = startHub(t);
  const { alice, bob, laptop, callId } = await talk(test);
  await test.service.command(callId as CallId, { type: 'terminate', reason: 'server_shutdown' });
  for (const client of [alice, bob])
    t.match(client.of('call-ended'), [{ reason: 'server_shutdown', endedBy: 'system' }]);
  t.equal(laptop.of('call-ended').length, 1);
});

await t.test('the oldest of too many devices stops ringing', async (t) => {
  const test = startHub(t);
  const { bob, callId } = await ring(test);
  const devices = Array.from({ length: 31 }, (_, n) => ({
    userId: userId('bob'),
    deviceId: `D${n}` as DeviceId,
  }));
  await test.service.command(callId as CallId, { type: 'note-notified', devices });
  t.match(bob.of('call-ended'), [{ callId, reason: 'unknown_error', endedBy: 'system' }]);
});

await t.test('a call by the call API is rung and told like any other', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const call = callIn(
    await test.service.initiate({
      roomId: ROOM,
      callType: 'voice',
      callerName: 'Alice',
      inviteeIds: [userId('bob')],
      ...by(userId('alice'), 'PHONE' as DeviceId),
    }),
  );
  await settle();
  t.strictSame(bob.told, ['incoming-call']);
  await test.service.command(call.callId, {
    type: 'answer',
    userId: userId('bob'),
    deviceId: 'PHONE' as DeviceId,
  });
  t.strictSame(alice.told, ['call-answered', 'user-joined']);
});

await t.test('who is invited into a call is rung, and is told of by joining', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const [alice, bob, carol] = [
    await test.register('alice'),
    await test.register('bob'),
    await test.register('carol'),
  ];
  const callId = await alice.dial({ invitees: [userId('bob')] });
  await bob.ask('answer', { callId });
  await pass(test.clock, RING_MS);
  const by = { userId: userId('bob'), deviceId: 'PHONE' as DeviceId };
  callIn(await test.service.invite(callId as CallId, by, [userId('carol')]));
  await settle();
  t.strictSame(carol.told, ['incoming-call']);
  t.match(carol.of('incoming-call')[0], { callId, expiresAt: test.clock.nowMs() + RING_MS });
  t.strictSame(bob.told, ['incoming-call'], 'and nobody else is told');
  await carol.ask('answer', { callId });
  t.strictSame(bob.told, ['incoming-call', 'user-joined']);
  t.strictSame(alice.told.slice(2), ['call-answered', 'user-joined']);
});

await t.test('a caller that has left hears no more of who comes into the call', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol', 'dave', 'erin'] });
  const alice = await test.register('alice');
  const others = await Promise.all(['bob', 'carol', 'dave', 'erin'].map((name) => test.register(name)));
  const [bob, carol, dave, erin] = others;
  const callId = await alice.dial();
  await bob?.ask('answer', { callId });
  await carol?.ask('answer', { callId });
  await alice.ask('leave-call', { callId });
  const told = alice.told.length;
  const reloaded = await test.register('alice');
  await dave?.ask('answer', { callId });
  await erin?.ask('reject', { callId });
  t.strictSame([...alice.told.slice(told), ...reloaded.told], []);
  t.strictSame(bob?.told.at(-1), 'user-joined');
});
