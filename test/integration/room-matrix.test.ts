// Pages in rooms of a real Synapse: who proves to be a member gets in, calls the other members as its Matrix user, and
// is out when it has left the room.

import t from 'tap';

import { matrixCall } from '../../src/cli/demo/matrix-call.ts';
import { gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { registerNative } from '../harness/native-client.ts';
import { connectPage, type PageClient } from '../harness/page-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(120_000);
const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const { url } = await startGateway(t, {
  synapse: { url: synapse.url },
  signaling: { room: { enabled: true }, identity: 'verified' },
});
const offer = { type: 'offer', sdp: 'v=0\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\n' };

function connect(user: string, token?: string, room = roomId): Promise<PageClient> {
  const protocols = token === undefined ? [] : ['portico', `access_token.${token}`];
  return connectPage(t, `${url}/ws/${encodeURIComponent(room)}/${encodeURIComponent(user)}`, { protocols });
}

await t.test('members get in, and everybody else is told why not', async (t) => {
  const page = await connect(alice.userId, alice.accessToken);
  t.match(await page.next('user_joined'), { user_id: alice.userId, message: 'alice joined the chat' });
  page.close();
  const refusals = [
    [await connect(carol.userId, carol.accessToken), 4004, 'Room not found'],
    [await connect(alice.userId, alice.accessToken, '!nowhere:localhost'), 4004, 'Room not found'],
    [await connect(alice.userId, alice.accessToken, 'lobby'), 4004, 'Room not found'],
    [await connect('alice', alice.accessToken), 4004, 'User not found'],
    [await connect(bob.userId, alice.accessToken), 4003, /./],
    [await connect(alice.userId, 'no-token'), 4003, /./],
    [await connect(alice.userId), 4003, /./],
  ] as const;
  for (const [refused, code, reason] of refusals) {
    t.match(await refused.closed, { code, reason });
    t.strictSame(refused.types(), []);
  }
});

await t.test('Authorization and the subprotocol are as good as one another', async (t) => {
  const path = `${url}/ws/${encodeURIComponent(roomId)}/${encodeURIComponent(alice.userId)}`;
  const page = await connectPage(t, path, { headers: { Authorization: `Bearer ${alice.accessToken}` } });
  t.match(await page.next('user_joined'), { user_id: alice.userId });
  page.close();
});

await t.test('a page calls a member who is on a phone, and nobody who is no member', async (t) => {
  const page = await connect(alice.userId, alice.accessToken);
  const phone = await registerNative(t, url, shows(bob));
  const stranger = await registerNative(t, url, shows(carol));
  page.send({ type: 'webrtc-signal', target_user_id: carol.userId, signal: offer });
  t.match(await page.next('error'), { message: 'User not found' });
  page.send({ type: 'webrtc-signal', target_user_id: bob.userId, signal: offer });
  const rung = await phone.next('incoming-call');
  t.match(rung, { roomId, callerId: alice.userId, callerName: 'alice' });
  await phone.ask('answer', { callId: rung['callId'] });
  t.match(await phone.next('webrtc-offer'), { offer });
  phone.send('webrtc-answer', { callId: rung['callId'], answer });
  t.strictSame(await page.next('webrtc-signal'), {
    type: 'webrtc-signal',
    from_user_id: bob.userId,
    from_username: 'bob',
    signal: answer,
  });
  page.send({ type: 'broadcast-stopped' });
  t.match(await phone.next('call-ended'), { callId: rung['callId'], reason: 'hangup' });
  t.strictSame(stranger.of('incoming-call'), []);
  page.close();
});

await t.test('a member on a phone calls the room, and the page of the other answers', async (t) => {
  const page = await connect(bob.userId, bob.accessToken);
  await page.next('room_state');
  const phone = await registerNative(t, url, { ...shows(alice), deviceId: 'OTHER' });
  const { callId } = await phone.ask('initiate', { roomId, callType: 'video' });
  phone.send('webrtc-offer', { callId, offer });
  t.match(await page.next('webrtc-signal', 15_000), {
    from_user_id: alice.userId,
    from_username: 'alice',
    signal: offer,
  });
  page.send({ type: 'webrtc-signal', target_user_id: alice.userId, signal: answer });
  t.match(await phone.next('webrtc-answer'), { answer, fromUserId: bob.userId });
  phone.send('end', { callId });
  t.match(await page.next('broadcast-stopped'), { user_id: alice.userId, username: 'alice' });
  page.close();
});

await t.test('whoever leaves the room is out of its page', async (t) => {
  const stays = await connect(alice.userId, alice.accessToken);
  const leaves = await connect(bob.userId, bob.accessToken);
  await leaves.next('room_state');
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/leave`;
  await matrixCall({ baseUrl: url, method: 'POST', path, token: bob.accessToken, body: {} });
  t.match(await leaves.closed, { code: 4004, reason: 'Room not found' });
  t.match(await stays.next('user_left'), { user_id: bob.userId });
});

await t.test('a homeserver that is silent refuses nobody for ever', async (t) => {
  await synapse.stop();
  t.match(await (await connect(alice.userId, 'unseen-token')).closed, { code: 1013 });
});
