// A call that comes in: it rings, is answered, declined, taken by another device, or forgotten by the server.

import t from 'tap';

import { PorticoError } from '../../../../client/error.ts';
import { refusal } from './fake-media.ts';
import { CALL_ID, settle } from './fake-signaling.ts';
import { BOB, CAROL, heard, isReleased, World } from './world.ts';

await t.test('it rings, is answered, and whoever called offers', async (t) => {
  const world = new World();
  const { signaling, devices, clock } = world;
  const call = world.announce({ iceServers: [{ urls: 'turn:ring' }] });
  t.match(call, {
    id: CALL_ID,
    direction: 'incoming',
    type: 'voice',
    state: 'ringing',
    caller: { userId: BOB, name: 'Bob' },
    ringsUntil: clock.nowMs() + 30_000,
    isSilenced: false,
  });
  t.equal(call.local.stream, undefined);
  t.match(signaling.last('call-ringing'), { callId: CALL_ID });
  world.offer(BOB);
  signaling.tell('user-joined', { userId: CAROL });
  t.equal(devices.connections.length, 0, 'not before it is answered');

  signaling.replies.set('answer', async () => {
    // The offer that waited comes before the answer does.
    world.offer(BOB, 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\na=msid:s t audio\r\n', {
      enabled: { audio: false },
    });
    await settle();
    return { iceServers: [{ urls: 'turn:ack' }] };
  });
  const answering = call.answer();
  t.equal(call.answer(), answering, 'twice is once');
  await answering;
  t.equal(call.state, 'connecting');
  t.match(signaling.last('webrtc-answer'), { targetUserId: BOB, answer: { type: 'answer' } });
  t.match(call.participants, [{ userId: BOB, isAudioEnabled: false, connection: 'connecting' }]);
  await call.answer();
  t.equal(signaling.of('answer').length, 1);
  devices.connection.become('checking');
  devices.connection.become('connected', 'connected');
  t.equal(call.state, 'active');
  call.hangup();
  t.equal(signaling.types().at(-1), 'end');
  t.equal(call.endReason, 'hangup');
  isReleased(t, world);
});

await t.test('who joins later gets an offer; who was missed is found', async (t) => {
  const world = new World();
  world.roster('active', { [BOB]: 'joined', [CAROL]: 'joined', '@left:hs': 'left' });
  const call = await world.talk();
  world.signaling.tell('user-joined', { userId: '@dave:hs' });
  await settle();
  t.same(
    world.signaling.of('webrtc-offer').map(({ targetUserId }) => targetUserId),
    ['@dave:hs'],
  );
  world.signaling.tell('user-left', { userId: '@dave:hs' });
  world.clock.advance(5_000);
  await settle();
  t.same(
    call.participants.map(({ userId }) => userId),
    [BOB, CAROL],
  );
  t.equal(world.signaling.last('webrtc-offer')['targetUserId'], CAROL);
});

await t.test('video is answered with a camera, or without', async (t) => {
  const world = new World();
  const call = world.announce({ callType: 'video' });
  await call.answer();
  t.equal(call.local.isVideoEnabled, true);
  t.ok(call.local.cameraId);
  call.hangup();
  await settle();
  const again = world.announce({ callType: 'video' });
  await again.answer({ video: false });
  t.equal(again.local.isVideoEnabled, false);
  t.match(world.signaling.last('toggle-video'), { enabled: false });
});

await t.test('a microphone that is refused leaves it ringing', async (t) => {
  const world = new World();
  const call = world.announce();
  world.devices.failures = [refusal('NotAllowedError')];
  await t.rejects(call.answer(), { code: 'MEDIA_REFUSED' });
  t.equal(call.state, 'ringing');
  t.equal(world.signaling.of('answer').length, 0);
  world.signaling.replies.set('answer', new PorticoError('TIMEOUT', 'no answer'));
  await t.rejects(call.answer(), { code: 'TIMEOUT' });
  t.same(world.devices.live, [], 'the microphone is closed again');
  t.equal(call.state, 'ringing');
  world.signaling.replies.set('answer', {});
  await call.answer();
  t.equal(call.state, 'connecting');
});

await t.test('too late: another device has answered, or the ring is over', async (t) => {
  for (const [code, reason] of [
    ['CALL_ANSWERED_ELSEWHERE', 'answered_elsewhere'],
    ['CALL_NOT_RINGING', 'no_answer'],
    ['CALL_ENDED', 'unknown_error'],
  ] as const) {
    const world = new World();
    const call = world.announce();
    world.signaling.replies.set('answer', new PorticoError(code, 'too late'));
    await t.rejects(call.answer(), { code });
    t.equal(call.endReason, reason);
    isReleased(t, world);
  }
});

await t.test('it ends while the microphone is being opened, and while the server is asked', async (t) => {
  const world = new World();
  const call = world.announce();
  const gate = Promise.withResolvers<void>();
  world.devices.gate = gate.promise;
  const answering = call.answer();
  world.signaling.tell('call-ended', { reason: 'cancelled' });
  gate.resolve();
  await t.rejects(answering, { code: 'CALL_ENDED' });
  isReleased(t, world);

  const asked = new World();
  const other = asked.announce();
  asked.signaling.replies.set('answer', async () => {
    other.hangup();
    return {};
  });
  await t.rejects(other.answer(), { code: 'CALL_ENDED' });
  t.equal(asked.signaling.types().at(-1), 'end');
  await settle();
  isReleased(t, asked);
});

await t.test('declined, by button or by hanging up; and it does not ring again for it', async (t) => {
  const world = new World();
  const { signaling } = world;
  const told = Promise.withResolvers<Record<string, unknown>>();
  signaling.replies.set('reject', told.promise);
  const call = world.announce();
  const rejecting = call.reject();
  t.equal(call.endReason, 'rejected');
  t.match(signaling.asked.at(-1), { type: 'reject', whenOffline: 'wait' });
  world.announce();
  t.equal(world.incoming.length, 1, 'the server does not know yet');
  told.resolve({});
  await rejecting;
  await call.reject();
  await settle();
  const again = world.announce();
  t.equal(world.incoming.length, 2, 'asked anew');
  again.hangup();
  t.equal(signaling.types().at(-1), 'reject');
  t.equal(again.endReason, 'hangup');
  isReleased(t, world);
});

await t.test('another device answers or declines', async (t) => {
  for (const reason of ['answered_elsewhere', 'declined_elsewhere']) {
    const world = new World();
    const call = world.announce();
    world.signaling.tell('call-ended', { endedBy: '@me:hs', reason });
    t.equal(call.endReason, reason);
    t.same(world.ended, [call]);
    isReleased(t, world);
  }
});

await t.test('silenced, it rings on', async (t) => {
  const world = new World();
  const call = world.announce();
  const states = heard(call, 'state');
  world.signaling.replies.set('silence-call', new PorticoError('OFFLINE', 'no'));
  await call.silence();
  await call.silence();
  t.equal(call.isSilenced, true);
  t.same(states, ['ringing']);
  t.equal(world.signaling.of('silence-call').length, 1);
});

await t.test('announced again it is the same call, with the time that is left', async (t) => {
  const world = new World();
  const call = world.announce();
  const until = world.clock.nowMs() + 50_000;
  world.announce({ expiresAt: until });
  t.equal(world.incoming.length, 1);
  t.equal(call.ringsUntil, until);
  await call.answer();
  world.announce({ expiresAt: until + 1 });
  t.equal(call.ringsUntil, until, 'it does not ring any more');
});

await t.test('a ring that nobody ends is over some time after it should be', async (t) => {
  const world = new World();
  const { signaling, clock } = world;
  const call = world.announce();
  clock.advance(33_000);
  await settle();
  t.equal(call.state, 'ringing', 'the server says that it rings on: its clock is another one');
  t.equal(signaling.of('call-ringing').length, 2);
  signaling.replies.set('call-ringing', new PorticoError('OFFLINE', 'no'));
  clock.advance(10_000);
  await settle();
  t.equal(call.endReason, 'no_answer');
  isReleased(t, world);

  const slow = new World();
  const answered = slow.announce();
  const gate = Promise.withResolvers<void>();
  slow.devices.gate = gate.promise;
  const answering = answered.answer();
  slow.signaling.replies.set('call-ringing', new PorticoError('OFFLINE', 'no'));
  slow.clock.advance(33_000);
  await settle();
  t.equal(answered.state, 'ringing', 'it is being answered');
  gate.resolve();
  await answering;
});

await t.test('after lost messages the server is asked whether it rings', async (t) => {
  const world = new World();
  const call = world.announce();
  world.signaling.rejoin();
  await settle();
  t.equal(call.state, 'ringing');
  world.signaling.replies.set('call-ringing', new PorticoError('CALL_ENDED', 'over'));
  world.signaling.rejoin();
  await settle();
  t.equal(call.endReason, 'no_answer');
  const other = new World();
  const ended = other.announce();
  other.signaling.rejoin();
  ended.hangup();
  await settle();
  isReleased(t, other);
});

await t.test('what makes no sense is passed over, and so many calls ring at most', (t) => {
  const world = new World();
  world.signaling.tell('incoming-call', {});
  world.signaling.tell('call-ended', { callId: 'unknown' });
  world.signaling.tell('call-ended', { callId: undefined });
  t.equal(world.incoming.length, 0);
  for (let n = 0; n < 40; n += 1) world.announce({ callId: `call${n}` });
  t.equal(world.incoming.length, 16);
  world.calls.closeAll();
  t.same(world.calls.list, []);
  world.announce({ callId: 'late' });
  t.equal(world.incoming.length, 16);
  t.end();
});
