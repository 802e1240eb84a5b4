// A call of three, over both dialects: who joins and leaves, who comes late, and what is told of a muted microphone.

import t from 'tap';

import { ask, dial, gatherCast, makeRoom, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { registerNative, type Frame } from '../harness/native-client.ts';
import { connectIo, registerIo } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(60_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId: pairRoomId } = await gatherCast(synapse);
const roomId = await makeRoom(synapse, alice, bob, carol);
const sdp = (type: string, name: string) => ({ type, sdp: `v=0\r\no=${name}\r\n` });

await t.test('three in a call: joined, late, left, and the others go on', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const ofAlice = await registerIo(t, url, shows(alice));
  const ofBob = await registerNative(t, url, shows(bob));
  const callId = await dial(url, alice, roomId);
  t.match(await ofAlice.ask('join-call', { callId }), { ok: true });
  await ofBob.next('incoming-call');
  t.match(await ofBob.ask('answer', { callId }), { ok: true, status: 'active' });
  t.match(await ofAlice.next('call-answered'), { callId, answeredBy: bob.userId });
  t.match(await ofAlice.next('user-joined'), { callId, userId: bob.userId });

  // Late: it registers while the call is active and its own ring goes on.
  const ofCarol = await registerIo(t, url, shows(carol), { transports: ['polling'] });
  t.match(await ofCarol.next('incoming-call'), { callId, initiatorId: alice.userId });
  t.match(await ofCarol.ask('answer', { callId }), { ok: true, status: 'active' });
  for (const client of [ofAlice, ofBob])
    t.match(await client.next('user-joined'), { callId, userId: carol.userId });

  // Each of the two others gets what is for it, and its answer goes to who asked.
  ofCarol.send('webrtc-offer', { callId, offer: sdp('offer', 'to-all'), targetUserId: 'all' });
  t.match(await ofAlice.next('webrtc-offer'), { fromUserId: carol.userId, offer: sdp('offer', 'to-all') });
  t.match(await ofBob.next('webrtc-offer'), { fromUserId: carol.userId, targetUserId: bob.userId });
  ofBob.send('webrtc-answer', { callId, answer: sdp('answer', 'bob'), targetUserId: carol.userId });
  ofAlice.send('webrtc-answer', { callId, answer: sdp('answer', 'alice'), targetUserId: carol.userId });
  const answers = [await ofCarol.next('webrtc-answer'), await ofCarol.next('webrtc-answer')];
  t.strictSame(
    new Set(
      answers.map(({ fromUserId, answer }) => `${String(fromUserId)} ${(answer as Frame)['sdp'] as string}`),
    ),
    new Set([`${bob.userId} v=0\r\no=bob\r\n`, `${alice.userId} v=0\r\no=alice\r\n`]),
  );
  await ofAlice.ask('silence-call', { callId });
  await ofBob.ask('ping');
  t.strictSame([ofAlice.of('webrtc-answer'), ofBob.of('webrtc-answer')], [[], []], 'only to whom it was for');

  // `/end` by somebody else than who called is a leave while more than two are there.
  const { body } = await ask(url, `POST /api/calls/${callId}/end`, { body: shows(bob) });
  t.strictSame(body, { callId, status: 'ended' });
  for (const client of [ofAlice, ofCarol])
    t.match(await client.next('user-left'), { callId, userId: bob.userId });
  t.match(await ofBob.next('call-ended'), { callId, endedBy: bob.userId, reason: 'hangup' });
  for (const client of [ofAlice, ofCarol]) t.strictSame(client.of('call-ended'), [], 'it goes on');

  ofCarol.send('leave-call', { callId });
  t.match(await ofAlice.next('call-ended'), { callId });
  t.match(await ofCarol.next('call-ended'), { callId });
  for (const client of [ofAlice, ofBob, ofCarol]) t.equal(client.of('call-ended').length, 1, 'once');
  t.strictSame(
    ofAlice.of('user-joined').map((frame) => frame['userId']),
    [bob.userId, carol.userId],
  );
});

await t.test('a reject in a group is that of one; the last one ends the ring', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const ofAlice = await registerNative(t, url, shows(alice));
  const ofBob = await registerIo(t, url, shows(bob));
  const ofCarol = await registerNative(t, url, shows(carol));
  const callId = await dial(url, alice, roomId);
  await ofBob.next('incoming-call');
  await ofCarol.next('incoming-call');
  ofBob.send('reject', { callId });
  t.match(await ofAlice.next('call-rejected'), { callId, rejectedBy: bob.userId });
  await ofCarol.ask('ping');
  t.strictSame([...ofAlice.of('call-ended'), ...ofCarol.of('call-ended')], [], 'it rings on');
  ofCarol.send('reject', { callId });
  t.match(await ofAlice.next('call-rejected'), { callId, rejectedBy: carol.userId });
  t.match(await ofAlice.next('call-ended'), { callId, reason: 'rejected' });
});

await t.test('a toggle is told to the others once, by socket and by REST', async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const ofAlice = await registerIo(t, url, shows(alice));
  const ofBob = await registerNative(t, url, shows(bob));
  const callId = await dial(url, alice, pairRoomId);
  await ofBob.next('incoming-call');
  await ofBob.ask('answer', { callId });
  // As the original client has it: a second socket, for the call screen.
  const screen = await connectIo(t, url, { auth: { token: alice.accessToken } });
  screen.send('join-call', { callId, userId: alice.userId });
  const toggles = [
    ['audio', false],
    ['video', false],
    ['audio', true],
    ['video', true],
  ] as const;
  for (const [medium, enabled] of toggles) {
    const event = `${medium}-toggled`;
    const told = { userId: alice.userId, enabled, callId };
    // The original client says it both ways, one after the other.
    t.match(await screen.ask(`toggle-${medium}`, { callId, enabled }), { ok: true });
    const { status, body } = await ask(url, `POST /api/calls/${callId}/toggle-${medium}`, {
      body: { ...shows(alice), enabled },
    });
    t.strictSame([status, body], [200, { success: true, [`${medium}Enabled`]: enabled }]);
    t.match(await ofBob.next(event), told);
    const back = { userId: bob.userId, enabled, callId };
    await ask(url, `POST /api/calls/${callId}/toggle-${medium}`, { body: { ...shows(bob), enabled } });
    await ofBob.ask(`toggle-${medium}`, { callId, enabled });
    t.match(await screen.next(event), back);
  }
  await ofBob.ask('ping');
  await screen.ask('silence-call', { callId });
  for (const client of [ofBob, screen]) {
    t.equal(client.of('audio-toggled').length, 2);
    t.equal(client.of('video-toggled').length, 2);
  }
  t.strictSame([...ofAlice.of('audio-toggled'), ...ofAlice.of('video-toggled')], [], 'the screen has it');
  await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
  t.match(await screen.next('call-ended'), { callId });
});
