// Pages of rooms on a real gateway, by real WebSockets: who gets in and how the others are told, the registry, and an
// application that says who its users are. No Synapse: none of this needs one.

import { createSecretKey } from 'node:crypto';

import { SignJWT } from 'jose';
import t, { type Test } from 'tap';

import { ask } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { connectNative } from '../harness/native-client.ts';
import { connectPage, type PageClient } from '../harness/page-client.ts';
import { startRoomApplication } from '../harness/room-application.ts';

/** Nobody listens there. */
const NO_SYNAPSE = { url: 'http://127.0.0.1:9' };
const SDP = 'v=0\r\n';
const offer = { type: 'offer', sdp: SDP };
const answer = { type: 'answer', sdp: SDP };

async function start(t: Test, room: ConfigDocument, signaling: ConfigDocument = {}): Promise<string> {
  const document = { synapse: NO_SYNAPSE, signaling: { room: { enabled: true, ...room }, ...signaling } };
  return (await startGateway(t, document)).url;
}

/** Whether a page gets no further than the end of its handshake. */
async function refusal(page: PageClient): Promise<string> {
  const { code, reason } = await page.closed;
  return [code, reason, ...page.types()].join(' ');
}

await t.test('open: a room of two, from the first to the last frame', async (t) => {
  const url = await start(t, { rooms: 'open' });
  const ann = await connectPage(t, `${url}/ws/lobby/1?username=Ann&avatar_url=%2Fann.png`);
  t.match(await ann.next('user_joined'), {
    message: 'Ann joined the chat',
    user_id: '1',
    timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  });
  await ann.next('active-broadcasts');
  const bob = await connectPage(t, `${url}/ws/lobby/b%C3%B6b`);
  t.match(await ann.next('user_joined'), { user_id: 'böb', message: 'böb joined the chat' });
  t.match(await bob.next('room_state'), {
    users: [
      { user_id: '1', username: 'Ann' },
      { user_id: 'böb', username: 'böb' },
    ],
  });
  ann.send({ content: 'Hello' });
  for (const page of [ann, bob]) {
    const { id, timestamp, ...message } = await page.next('message');
    t.match({ id, timestamp }, { id: /^[0-9a-f]{32}$/, timestamp: /Z$/ });
    t.strictSame(message, {
      type: 'message',
      user_id: '1',
      username: 'Ann',
      content: 'Hello',
      room_id: 'lobby',
      avatar: '/ann.png',
    });
  }
  bob.send({
    type: 'webrtc-signal',
    room_id: 'lobby',
    target_user_id: '1',
    from_user_id: '2',
    signal: offer,
  });
  t.strictSame(await ann.next('webrtc-signal'), {
    type: 'webrtc-signal',
    from_user_id: 'böb',
    from_username: 'böb',
    signal: offer,
  });
  bob.send('nonsense');
  t.strictSame(await bob.next('error'), { type: 'error', message: 'Invalid message format' });
  bob.send({ type: 'keep_alive' });
  await bob.settled();
  t.equal(bob.of('error').length, 1);
  bob.close();
  t.match(await ann.next('user_left'), { user_id: 'böb', message: 'böb left the chat' });
});

await t.test('what has not two parts is nobody’s, and foreign pages are refused', async (t) => {
  const url = await start(t, { rooms: 'open' });
  for (const path of ['/ws/lobby', '/ws/lobby/', '/ws/lobby/1/2', '/ws//1'])
    await t.rejects(connectPage(t, `${url}${path}`), { message: /404/ }, path);
  await t.rejects(connectPage(t, `${url}/ws/lobby/1`, { headers: { Origin: 'https://evil.example' } }), {
    message: /403/,
  });
});

await t.test('rooms are off unless they are wanted', async (t) => {
  const { url } = await startGateway(t, { synapse: NO_SYNAPSE });
  await t.rejects(connectPage(t, `${url}/ws/lobby/1`), { message: /404/ });
});

await t.test('registry: what is not listed is not found, and what is written is kept', async (t) => {
  const url = await start(t, { rooms: 'registry' });
  const { body: user } = await ask(url, 'POST /users', { body: { username: 'Ann' } });
  const { body: room } = await ask(url, 'POST /rooms', { body: { name: 'Lobby' } });
  const [userId, roomId] = [String(user['id']), String(room['id'])];
  t.equal(await refusal(await connectPage(t, `${url}/ws/nowhere/${userId}`)), '4004 Room not found');
  t.equal(await refusal(await connectPage(t, `${url}/ws/${roomId}/nobody`)), '4004 User not found');
  const page = await connectPage(t, `${url}/ws/${roomId}/${userId}?username=Eve`);
  t.match(await page.next('user_joined'), { message: 'Ann joined the chat', user_id: userId });
  page.send({ content: 'Hello' });
  const { type, ...message } = await page.next('message');
  t.equal(type, 'message');
  const { text } = await ask(url, `GET /rooms/${roomId}/messages?limit=50`);
  t.strictSame(JSON.parse(text), [message]);
  page.send({ content: 'x'.repeat(20_000) });
  t.match(await page.next('error'), { message: 'The message is too long' });
});

await t.test('forward: the application says who may enter, and who that is', async (t) => {
  const application = await startRoomApplication(t);
  const url = await start(t, { rooms: 'forward', forward: { url: application.url } });
  application.users.set('lobby/1', { name: 'Ann', avatar: '/ann.png' });
  application.users.set('lobby/2', 401);
  application.users.set('lobby/3', 403);
  application.users.set('lobby/4', 500);
  t.equal(await refusal(await connectPage(t, `${url}/ws/lobby/2`)), '4003 The application refuses this user');
  t.equal(await refusal(await connectPage(t, `${url}/ws/lobby/3`)), '4003 The application refuses this user');
  t.match(await refusal(await connectPage(t, `${url}/ws/lobby/4`)), /^1013 /);
  t.equal(await refusal(await connectPage(t, `${url}/ws/lobby/5`)), '4004 Room not found');
  const headers = { Cookie: 'session=s', 'X-Portico-User': '2' };
  const page = await connectPage(t, `${url}/ws/lobby/1?username=Eve&avatar_url=%2Feve.png`, { headers });
  t.match(await page.next('user_joined'), { message: 'Ann joined the chat' });
  page.send({ content: 'Hello' });
  t.match(await page.next('message'), { username: 'Ann', avatar: '/ann.png' });
  t.match(application.asked.at(-1), {
    cookie: 'session=s',
    'x-portico-room': 'lobby',
    'x-portico-user': '1',
  });
});

await t.test('jwt: the token has to be that of the page', async (t) => {
  const secret = 'a secret of at least thirty-two bytes';
  const url = await start(t, { rooms: 'jwt', jwt: { secret } });
  const sign = (claims: Record<string, unknown>): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(createSecretKey(secret, 'utf8'));
  const token = await sign({ sub: '1', room: 'lobby', name: 'Ann' });
  const page = await connectPage(t, `${url}/ws/lobby/1?token=${token}`);
  t.match(await page.next('user_joined'), { message: 'Ann joined the chat' });
  const protocols = ['portico', `access_token.${token}`];
  const other = await connectPage(t, `${url}/ws/lobby/1`, { protocols });
  await other.next('room_state');
  for (const path of [`lobby/2?token=${token}`, `other/1?token=${token}`, 'lobby/1', 'lobby/1?token=x'])
    t.equal(
      await refusal(await connectPage(t, `${url}/ws/${path}`)),
      '4003 The application refuses this user',
    );
});

await t.test('a page and a native client call each other by the Matrix user of the page', async (t) => {
  const application = await startRoomApplication(t);
  application.users.set('lobby/1', { name: 'Ann', user_id: '@ann:example.org' });
  const room = { rooms: 'forward', forward: { url: application.url } };
  const url = await start(t, room, { identity: 'claimed' });
  const page = await connectPage(t, `${url}/ws/lobby/1`);
  const bob = await connectNative(t, url);
  bob.send('register-user', { userId: '@bob:example.org', deviceId: 'PHONE' });
  await bob.next('registered');
  page.send({
    type: 'webrtc-signal',
    target_user_id: '@bob:example.org',
    signal: { type: 'offer', sdp: offer },
  });
  const { callId, ...rung } = await bob.next('incoming-call');
  t.match(rung, { callerName: 'Ann', callType: 'video', callerId: '@ann:example.org' });
  t.match(await bob.ask('answer', { callId }), { ok: true });
  t.match(await bob.next('webrtc-offer'), { callId, offer });
  bob.send('webrtc-answer', { callId, answer });
  t.strictSame(await page.next('webrtc-signal'), {
    type: 'webrtc-signal',
    from_user_id: '@bob:example.org',
    from_username: '@bob:example.org',
    signal: { type: 'answer', sdp: answer },
  });
  bob.send('end', { callId });
  t.match(await page.next('broadcast-stopped'), { user_id: '@bob:example.org' });
});

await t.test('a drain tells pages to come back', async (t) => {
  const document = { synapse: NO_SYNAPSE, signaling: { room: { enabled: true, rooms: 'open' } } };
  const { gateway, url } = await startGateway(t, document);
  const page = await connectPage(t, `${url}/ws/lobby/1`);
  await page.next('room_state');
  await gateway.stop();
  t.equal((await page.closed).code, 1012);
});
