// A call that is placed: the devices, the request, who answers, and how it ends.

import t from 'tap';

import { PorticoError } from '../../../../client/error.ts';
import { CALL_ID, ROOM_ID, settle } from './fake-signaling.ts';
import { refusal } from './fake-media.ts';
import { BOB, CAROL, heard, isReleased, World } from './world.ts';

await t.test('of two people: the offer waits at the server, and the answer makes the call', async (t) => {
  const world = new World();
  const { signaling, devices, calls, clock } = world;
  world.roster('ringing', { [BOB]: 'ringing' });
  const call = await calls.place(ROOM_ID, { video: true, invitees: [BOB] });
  t.match(signaling.asked[0], {
    type: 'initiate',
    members: { roomId: ROOM_ID, callType: 'video', invitees: [BOB] },
    whenOffline: 'fail',
  });
  t.match(call, { id: CALL_ID, roomId: ROOM_ID, type: 'video', direction: 'outgoing', state: 'ringing' });
  t.equal(call.ringsUntil, undefined);
  t.equal(calls.list[0], call);
  await settle();
  t.match(signaling.last('webrtc-offer'), {
    callId: CALL_ID,
    targetUserId: BOB,
    offer: { type: 'offer', sdp: /^v=0/ },
    streams: { [call.local.stream?.id ?? '']: 'camera' },
    enabled: { audio: true, video: true },
  });
  t.match(devices.connection.configuration, { iceServers: [{ urls: 'turn:ack' }] });
  t.same(call.participants, [], 'nobody is in it');
  const states = heard(call, 'state');
  const participants = heard(call, 'participant');

  signaling.tell('call-answered', { answeredBy: BOB });
  signaling.tell('user-joined', { userId: BOB });
  t.equal(call.state, 'connecting');
  t.equal(participants.length, 1);
  world.answer(BOB);
  await settle();
  t.equal(signaling.of('webrtc-offer').length, 1, 'no second offer');
  clock.advance(700);
  devices.connection.become('checking');
  devices.connection.become('connected', 'connected');
  t.equal(call.state, 'active');
  t.equal(call.startedAt, clock.nowMs());
  t.match(call.participants, [
    { userId: BOB, connection: 'connected', isAudioEnabled: true, isVideoEnabled: false },
  ]);
  t.ok(call.participants[0]?.stream);

  devices.connection.become('disconnected', 'disconnected');
  t.equal(call.state, 'reconnecting');
  devices.connection.become('connected', 'connected');
  signaling.tell('call-ended', { endedBy: BOB, reason: 'hangup' });
  t.same(states, ['connecting', 'active', 'reconnecting', 'active', 'ended']);
  t.equal(call.endReason, 'hangup');
  t.same(world.ended, [call]);
  signaling.tell('call-ended', { reason: 'again' });
  t.equal(world.ended.length, 1);
  isReleased(t, world);
});

await t.test('of several: an offer to each who joins, and a sixth is told apart', async (t) => {
  const world = new World();
  const { signaling, devices, calls } = world;
  world.roster('ringing', { [BOB]: 'ringing', [CAROL]: 'invited' });
  const call = await calls.place(ROOM_ID);
  await settle();
  t.equal(devices.connections.length, 0, 'nobody knows who will come');
  const errors = heard(call, 'error');
  for (const name of ['b', 'c', 'd', 'e', 'f', 'g']) signaling.tell('user-joined', { userId: `@${name}:hs` });
  signaling.tell('user-joined', { userId: '@me:hs' });
  signaling.tell('user-joined', {});
  await settle();
  t.equal(call.participants.length, 5);
  t.equal(devices.connections.length, 5);
  t.same(
    signaling.of('webrtc-offer').map(({ targetUserId }) => targetUserId),
    ['@b:hs', '@c:hs', '@d:hs', '@e:hs', '@f:hs'],
  );
  t.match(errors, [{ code: 'CALL_FULL', message: /@g:hs/ }]);
  signaling.tell('user-left', { userId: '@c:hs' });
  signaling.tell('user-left', { userId: '@nobody:hs' });
  t.equal(call.participants.length, 4);
  t.equal(devices.connectionAt(1).isClosed, true);
  signaling.tell('user-joined', { userId: '@g:hs' });
  t.equal(call.participants.length, 5, 'there is room now');
  call.hangup();
  t.equal(signaling.types().at(-1), 'leave-call', 'the others go on');
  t.equal(call.endReason, 'hangup');
  isReleased(t, world);
});

await t.test('declined before it was answered', async (t) => {
  const world = new World();
  world.roster('ringing', { [BOB]: 'ringing' });
  const call = await world.calls.place(ROOM_ID);
  await settle();
  world.signaling.tell('call-ringing', { userId: BOB });
  world.signaling.tell('call-rejected', { rejectedBy: BOB });
  world.signaling.tell('call-ended', { endedBy: BOB, reason: 'rejected' });
  t.equal(call.endReason, 'rejected');
  isReleased(t, world);
});

await t.test('cancelled while it rings, also without a server', async (t) => {
  const world = new World();
  const call = await world.calls.place(ROOM_ID);
  world.signaling.become('reconnecting');
  world.signaling.replies.set('end', new PorticoError('OFFLINE', 'no'));
  call.hangup();
  call.hangup();
  await call.reject();
  t.match(world.signaling.asked.at(-1), { type: 'end', whenOffline: 'wait' });
  t.equal(call.endReason, 'cancelled');
  await t.rejects(call.answer(), { code: 'CALL_ENDED' });
  await settle();
  isReleased(t, world);
});

await t.test('reject of the own call cancels it; answer does nothing', async (t) => {
  const world = new World();
  const call = await world.calls.place(ROOM_ID);
  await call.answer();
  t.equal(call.state, 'ringing');
  await call.reject();
  t.equal(call.endReason, 'cancelled');
});

await t.test('refused by the server, or by the browser: no device stays open', async (t) => {
  const world = new World();
  const { signaling, devices, calls } = world;
  signaling.replies.set('initiate', new PorticoError('CALL_GLARE', 'Already ringing'));
  await t.rejects(calls.place(ROOM_ID), { code: 'CALL_GLARE' });
  isReleased(t, world);
  signaling.replies.set('initiate', {});
  await t.rejects(calls.place(ROOM_ID), { code: 'ANSWER_INVALID' });
  isReleased(t, world);
  devices.failures = [refusal('NotAllowedError')];
  await t.rejects(calls.place(ROOM_ID, { video: true }), { code: 'MEDIA_REFUSED' });
  t.equal(signaling.of('initiate').length, 2, 'nobody was rung');
});

await t.test('a video call without a camera goes on with voice, and says so', async (t) => {
  const world = new World();
  world.devices.failures = [refusal('NotFoundError')];
  const call = await world.calls.place(ROOM_ID, { video: true });
  t.equal(call.local.isVideoEnabled, false);
  t.match(world.signaling.last('toggle-video'), { callId: CALL_ID, enabled: false });
  world.devices.failures = [refusal('NotFoundError'), refusal('NotFoundError')];
  await t.rejects(world.calls.place(ROOM_ID, { video: true }), { code: 'MEDIA_MISSING' });
});

await t.test('what comes before the server has named the call is not lost', async (t) => {
  const world = new World();
  const { signaling, calls } = world;
  const named = Promise.withResolvers<Record<string, unknown>>();
  signaling.replies.set('initiate', named.promise);
  const placing = calls.place(ROOM_ID);
  await settle();
  signaling.tell('call-ended', { callId: 'another', reason: 'hangup' });
  for (let n = 0; n < 100; n += 1) signaling.tell(n === 0 ? 'call-ended' : 'noise', { reason: 'busy' });
  named.resolve({ callId: CALL_ID });
  const call = await placing;
  t.equal(call.state, 'ended');
  t.equal(call.endReason, 'busy');
  t.same(world.ended, [call]);
  isReleased(t, world);
});

await t.test('the same room again while it rings is the same call', async (t) => {
  const world = new World();
  const call = await world.calls.place(ROOM_ID);
  t.equal(await world.calls.place(ROOM_ID), call);
  t.equal(world.devices.live.length, 1);
});

await t.test('closed while it is placed', async (t) => {
  const world = new World();
  const placing = world.calls.place(ROOM_ID);
  world.calls.closeAll();
  await t.rejects(placing, { code: 'CLOSED' });
  const late = new World();
  const named = Promise.withResolvers<Record<string, unknown>>();
  late.signaling.replies.set('initiate', named.promise);
  const latest = late.calls.place(ROOM_ID);
  await settle();
  late.calls.closeAll();
  named.resolve({ callId: CALL_ID });
  t.equal((await latest).endReason, 'cancelled');
  t.equal(late.signaling.types().at(-1), 'end');
  t.equal(late.isListening, false);
  await settle();
  isReleased(t, late);
});

await t.test('relays that the browser refuses do not end the call', async (t) => {
  const world = new World();
  const call = await world.calls.place(ROOM_ID);
  const errors = heard(call, 'error');
  world.devices.connectionFailure = new Error('bad TURN URL');
  world.signaling.tell('user-joined', { userId: BOB });
  t.match(errors, [{ code: 'NEGOTIATION_FAILED', message: 'bad TURN URL' }]);
  t.equal(call.state, 'ringing');
  world.devices.connectionFailure = undefined;
  world.signaling.tell('user-joined', { userId: BOB });
  t.equal(call.state, 'connecting');
});
