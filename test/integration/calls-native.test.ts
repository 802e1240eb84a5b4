// Calls between clients of the native protocol and of the call API, with the real Synapse: ring, answer, negotiation, end.

import t from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { connectNative, registerNative } from '../harness/native-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, carol, roomId } = await gatherCast(synapse);
const OFFER = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=bob\r\n' };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 1 192.0.2.1 ${n} typ host`,
  sdpMid: '0',
  sdpMLineIndex: 0,
});

await t.test('a call from ring to end, wholly by the native protocol', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const caller = await registerNative(t, url, shows(alice));
  const callee = await registerNative(t, url, shows(bob));
  const initiated = await caller.ask('initiate', { roomId, callType: 'video' });
  t.match(initiated, { type: 'ack', ok: true, status: 'ringing', roomId, callType: 'video' });
  const { callId } = initiated;
  t.match(await callee.next('incoming-call'), {
    eventType: 'incoming_call',
    callId,
    callType: 'video',
    roomId,
    initiatorId: alice.userId,
    callerId: alice.userId,
    callerName: 'alice',
    baseUrl: url,
    seq: 1,
  });
  caller.send('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all', unknown: 'kept' });
  caller.send('ice-candidate', { callId, candidate: candidate(1), targetUserId: 'all' });
  t.match(await callee.ask('answer', { callId }), { ok: true, status: 'active', roomId });
  t.match(await caller.next('call-answered'), { callId, answeredBy: bob.userId });
  t.match(await callee.next('webrtc-offer'), {
    callId,
    offer: OFFER,
    fromUserId: alice.userId,
    targetUserId: bob.userId,
    unknown: 'kept',
  });
  t.match(await callee.next('ice-candidate'), { candidate: candidate(1) });
  callee.send('webrtc-answer', {
    callId,
    answer: ANSWER,
    targetUserId: alice.userId,
    fromUserId: carol.userId,
  });
  t.match(await caller.next('webrtc-answer'), { answer: ANSWER, fromUserId: bob.userId });
  callee.send('ice-candidate', { callId, candidate: null });
  t.equal((await caller.next('ice-candidate'))['candidate'], null);
  callee.send('toggle-audio', { callId, enabled: false });
  t.match(await caller.next('audio-toggled'), { userId: bob.userId, enabled: false, callId });
  t.match(await callee.ask('end', { callId }), { ok: true, status: 'ended' });
  t.match(await caller.next('call-ended'), { callId, endedBy: bob.userId, reason: 'hangup' });
  t.match(await callee.next('call-ended'), { callId, endedBy: bob.userId, reason: 'hangup' });
  t.equal(caller.of('call-ended').length, 1, 'once');
});

await t.test('two phones: both ring, one answers, the other stops', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const phone = await registerNative(t, url, shows(bob));
  const laptop = await registerNative(t, url, shows(bobLaptop));
  const callId = await dial(url, alice, roomId);
  await phone.next('incoming-call');
  await laptop.next('incoming-call');
  t.equal((await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) })).status, 200);
  t.match(await laptop.next('call-ended'), { callId, endedBy: bob.userId, reason: 'answered_elsewhere' });
  t.strictSame(phone.of('call-ended'), [], 'the one that answered goes on');
});

await t.test('cancel, reject and timeout end the ring everywhere', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url }, calls: { ring_timeout: '1s' } });
  const caller = await registerNative(t, url, shows(alice));
  const phone = await registerNative(t, url, shows(bob));
  const laptop = await registerNative(t, url, shows(bobLaptop));
  const cancelled = await dial(url, alice, roomId);
  await phone.next('incoming-call');
  await ask(url, `POST /api/calls/${cancelled}/end`, { body: shows(alice) });
  for (const device of [phone, laptop])
    t.match(await device.next('call-ended'), {
      callId: cancelled,
      reason: 'cancelled',
      endedBy: alice.userId,
    });
  const rejected = await dial(url, alice, roomId);
  await phone.next('incoming-call');
  phone.send('reject', { callId: rejected });
  t.match(await laptop.next('call-ended'), { callId: rejected, reason: 'declined_elsewhere' });
  t.match(await caller.next('call-rejected'), { callId: rejected, rejectedBy: bob.userId });
  const missed = await dial(url, alice, roomId);
  for (const device of [phone, laptop, caller])
    t.match(
      await device
        .next('call-ended')
        .then(async (first) => (first['callId'] === missed ? first : device.next('call-ended'))),
      {
        callId: missed,
        reason: 'no_answer',
        endedBy: 'system',
      },
    );
});

await t.test('a device that registers while it rings is rung, and a repeated register is not', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const callId = await dial(url, alice, roomId);
  const phone = await registerNative(t, url, shows(bob));
  t.match(await phone.next('incoming-call'), { callId });
  phone.send('register-user', shows(bob));
  await phone.next('registered');
  await phone.ask('ping');
  t.equal(phone.of('incoming-call').length, 1);
  await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
});

await t.test('a socket that is cut comes back with its resume token and gets what it missed', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const caller = await registerNative(t, url, shows(alice));
  const callee = await registerNative(t, url, shows(bob));
  const { callId } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  caller.send('webrtc-offer', { callId, offer: OFFER });
  await callee.next('webrtc-offer');
  const seq = Math.max(...callee.frames.map((frame) => Number(frame['seq'] ?? 0)));
  const { resumeToken } = callee.of('registered')[0] ?? {};
  callee.socket.terminate();
  await until(() => callee.closed !== undefined);
  for (const n of [1, 2, 3]) caller.send('ice-candidate', { callId, candidate: candidate(n) });
  caller.send('toggle-audio', { callId, enabled: false });
  await caller.ask('ping');
  const back = await connectNative(t, url);
  back.send('register-user', { ...shows(bob), resume: { token: resumeToken, seq } });
  await back.next('registered');
  await until(() => back.of('ice-candidate').length === 3);
  await back.ask('ping');
  t.strictSame(
    back.of('ice-candidate').map((frame) => frame['candidate']),
    [1, 2, 3].map(candidate),
  );
  t.strictSame(
    back.types().filter((type) => type === 'audio-toggled'),
    ['audio-toggled'],
  );
  t.notOk(back.types().includes('call-ended'));
  t.match((await ask(url, `GET /api/calls/${String(callId)}/status`, { token: alice.accessToken })).body, {
    session: { status: 'active' },
  });
});
