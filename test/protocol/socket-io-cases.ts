// Cases of the Socket.IO dialect, packet by packet.

import type { Test } from 'tap';

import {
  connect,
  http,
  openEngine,
  PollingByHand,
  type EngineVersion,
  type SocketIoByHand,
} from './engine-io-by-hand.ts';
import { shows } from './native-by-hand.ts';
import type { Target } from './target.ts';
import { BINARY, until } from './websocket-by-hand.ts';

const UNKNOWN_CALL = '0123456789abcdef0123456789abcdef';
const OFFER = { type: 'offer', sdp: 'v=0\r\no=offer\r\n' };
const CONNECTED = /^40\{"sid":"[^"]+"/;

/** The members of an open packet. */
function opened(packet: string | undefined): Readonly<Record<string, unknown>> {
  if (packet?.startsWith('0{') !== true) throw new Error(`no open packet: ${packet}`);
  return JSON.parse(packet.slice(1)) as Readonly<Record<string, unknown>>;
}

async function openPolling(
  target: Target,
  version: EngineVersion,
): Promise<{ readonly sid: string; readonly session: PollingByHand; readonly rest: readonly string[] }> {
  const [first, ...rest] = await new PollingByHand(target, version).poll();
  const sid = String(opened(first)['sid']);
  return { sid, session: new PollingByHand(target, version, sid), rest };
}

/** Polls until a packet is there; what else comes is passed over. */
async function polled(session: PollingByHand, matches: (packet: string) => boolean): Promise<string> {
  for (;;) {
    const packet = (await session.poll()).find(matches);
    if (packet !== undefined) return packet;
  }
}

export async function socketIoTransport(t: Test, target: Target): Promise<void> {
  await t.test('the open packet of both protocol versions, by polling and by WebSocket', async (t) => {
    for (const version of [4, 3] as const) {
      const [byPolling] = await new PollingByHand(target, version).poll();
      t.match(
        opened(byPolling),
        { sid: /./, upgrades: ['websocket'], pingInterval: 25_000, pingTimeout: 20_000 },
        `polling, ${version}`,
      );
      const webSocket = await openEngine(t, target, `EIO=${version}&transport=websocket`);
      t.equal(webSocket.header('Sec-WebSocket-Accept'), webSocket.expectedAccept);
      await until(() => webSocket.texts.length > 0);
      t.match(
        opened(webSocket.texts[0]),
        { sid: /./, upgrades: [], pingInterval: 25_000, maxPayload: 65_536 },
        `WebSocket, ${version}`,
      );
    }
  });

  await t.test('version 4 connects to the namespace when it asks to, version 3 at once', async (t) => {
    const newer = await openEngine(t, target, 'EIO=4&transport=websocket');
    await until(() => newer.texts.length > 0);
    newer.text('40');
    await until(() => newer.texts.length > 1);
    t.match(newer.texts[1], CONNECTED);
    const older = await openEngine(t, target, 'EIO=3&transport=websocket');
    await until(() => older.texts.length > 1);
    t.equal(older.texts[1], '40');
    older.text('2');
    await until(() => older.texts.length > 2);
    t.equal(older.texts[2], '3', 'its clients ping, and the server answers');
  });

  await t.test('a round trip by polling, in both versions', async (t) => {
    for (const version of [4, 3] as const) {
      const { session, rest } = await openPolling(target, version);
      if (version === 4) {
        t.equal((await session.post('40')).body, 'ok');
        t.match(await polled(session, (packet) => packet.startsWith('40')), CONNECTED);
      } else if (!rest.includes('40')) await polled(session, (packet) => packet === '40');
      await session.post('42["ping"]', '427["ping"]');
      const seen: string[] = [];
      while (seen.length < 2) seen.push(...(await session.poll()).filter((packet) => packet.startsWith('4')));
      t.strictSame(seen, ['42["pong",{}]', '437[{"ok":true}]'], `version ${version}`);
      await session.post('1');
    }
  });

  await t.test('a polling session is upgraded to a WebSocket after a probe', async (t) => {
    const { sid, session } = await openPolling(target, 4);
    await session.post('40');
    await polled(session, (packet) => packet.startsWith('40'));
    const waiting = session.poll();
    const webSocket = await openEngine(t, target, `EIO=4&transport=websocket&sid=${sid}`);
    t.equal(webSocket.status, 101);
    webSocket.text('2probe');
    await until(() => webSocket.texts.length > 0);
    t.equal(webSocket.texts[0], '3probe');
    t.strictSame(await waiting, ['6'], 'the poll that waits is let go');
    webSocket.text('5');
    webSocket.text('420["ping"]');
    await until(() => webSocket.texts.length > 1);
    t.equal(webSocket.texts[1], '430[{"ok":true}]');
  });

  await t.test('a WebSocket that says it polls is served as the WebSocket that it is', async (t) => {
    const webSocket = await openEngine(t, target, 'EIO=4&transport=polling');
    t.equal(webSocket.status, 101);
    await until(() => webSocket.texts.length > 0);
    webSocket.text('40');
    await until(() => webSocket.texts.length > 1);
    t.match(webSocket.texts[1], CONNECTED);
  });

  await t.test('a foreign page is refused on both ways, and unknown sessions are', async (t) => {
    const headers = { Origin: 'https://evil.example' };
    const polling = `${target.url}/socket.io/?EIO=4&transport=polling`;
    t.equal((await http(polling, { headers })).status, 403);
    const own = await http(polling, { headers: { Origin: target.url } });
    t.equal(own.status, 200);
    t.equal(own.headers['access-control-allow-origin'], target.url);
    t.equal((await openEngine(t, target, 'EIO=4&transport=websocket', { headers })).status, 403);
    t.equal((await http(`${polling}&sid=none`)).status, 400);
    t.equal((await openEngine(t, target, 'EIO=4&transport=websocket&sid=none')).status, 400);
  });

  await t.test('the browser’s library is served', async (t) => {
    const { status, headers, body } = await http(`${target.url}/socket.io/socket.io.js`);
    t.equal(status, 200);
    t.match(headers['content-type'], /javascript/);
    t.match(body, /Socket\.IO v4/);
  });

  await t.test('what is binary, broken or too large ends the connection', async (t) => {
    for (const spoil of [
      (client: SocketIoByHand) => client.webSocket.text('451-["join-call",{"_placeholder":true,"num":0}]'),
      (client: SocketIoByHand) => client.webSocket.text('461-0[{"_placeholder":true,"num":0}]'),
      (client: SocketIoByHand) => client.webSocket.frame(BINARY, 'x'),
      (client: SocketIoByHand) => client.webSocket.text('42{'),
      (client: SocketIoByHand) => client.emit('ping', 'x'.repeat(65_536)),
    ]) {
      const client = await connect(t, target);
      spoil(client);
      await until(() => client.webSocket.isEnded || client.webSocket.closeCode !== undefined);
      t.strictSame(client.events, [], String(spoil));
    }
  });
}

export async function socketIoEvents(t: Test, target: Target): Promise<void> {
  const { alice, bob, roomId, url } = target;

  await t.test('register is acknowledged, or met with silence', async (t) => {
    const client = await connect(t, target);
    t.match(await client.ask('register-user', shows(alice)), {
      ok: true,
      userId: alice.userId,
      deviceId: /./,
      sessionId: /./,
    });
    client.emit('register-user', shows(alice));
    t.match(await client.ask('ping'), { ok: true });
    const names = client.events.map(([name]) => name);
    t.notOk(names.includes('registered') || names.includes('error'), names.join(', '));
    await client.close();
  });

  await t.test('a refusal is the event error, or an acknowledgement that is not ok', async (t) => {
    const client = await connect(t, target);
    client.emit('register-user', { ...shows(alice), accessToken: 'no-such-token' });
    t.match(await client.next('error'), { code: 'IDENTITY_UNKNOWN_TOKEN', error: /./ });
    const asOther = { ...shows(alice), userId: bob.userId };
    t.match(await client.ask('register-user', asOther), { ok: false, code: 'IDENTITY_MISMATCH', error: /./ });
    t.match(await client.ask('register-user', shows(alice)), { ok: true }, 'the socket stays open');
    t.match(await client.ask('no-such-request', {}), { ok: false, code: 'FRAME_MALFORMED' });
    t.match(await client.ask('answer', { callId: UNKNOWN_CALL }), { ok: false, code: 'CALL_NOT_FOUND' });
    t.match(await client.ask('answer', UNKNOWN_CALL), { code: 'CALL_NOT_FOUND' }, 'a bare text is the call');
    await client.close();
  });

  await t.test('a call, with the socket that is opened for it', async (t) => {
    const caller = await connect(t, target, { token: alice.token });
    t.match(await caller.ask('register-user', { userId: alice.userId }), { ok: true });
    const callee = await connect(t, target);
    await callee.ask('register-user', shows(bob));
    const initiated = await caller.ask('initiate', { roomId, callType: 'voice' });
    t.match(initiated, { ok: true, callId: /^[0-9a-f]{32}$/, roomId, callType: 'voice', status: 'ringing' });
    const callId = String(initiated['callId']);
    t.match(await callee.next('incoming-call', callId), {
      eventType: 'incoming_call',
      callId,
      callType: 'voice',
      roomId,
      initiatorId: alice.userId,
      callerId: alice.userId,
      callerName: /./,
      iceServers: Array,
      baseUrl: url,
      expiresAt: Number,
    });
    t.match(await callee.ask('answer', { callId }), { ok: true, status: 'active' });
    t.match(await caller.next('call-answered', callId), {
      callId,
      answeredBy: bob.userId,
      roomId,
      callType: 'voice',
    });
    const inCall = await connect(t, target, { token: bob.token });
    inCall.emit('join-call', { callId, userId: bob.userId });
    await inCall.ask('ping');
    caller.emit('webrtc-offer', {
      callId,
      offer: OFFER,
      targetUserId: 'all',
      fromUserId: '@mallory:example.org',
    });
    t.match(await inCall.next('webrtc-offer', callId), { callId, offer: OFFER, fromUserId: alice.userId });
    inCall.emit('toggle-audio', { callId, enabled: false });
    t.match(await caller.next('audio-toggled', callId), { userId: bob.userId, enabled: false, callId });
    inCall.emit('call-ended', { callId });
    for (const client of [caller, callee, inCall]) {
      t.match(await client.next('call-ended', callId), { callId, endedBy: bob.userId, reason: 'hangup' });
      await client.ask('ping');
      t.equal(client.of(callId).filter(([name]) => name === 'call-ended').length, 1, 'once to each socket');
    }
    t.strictSame(
      callee.of(callId).map(([name]) => name),
      ['incoming-call', 'call-ended'],
    );
    for (const client of [caller, callee, inCall]) await client.close();
  });

  await t.test('who speaks in aliases is answered in the same manner', async (t) => {
    const caller = await connect(t, target);
    await caller.ask('register', shows(bob));
    const callee = await connect(t, target);
    t.match(await callee.ask('joinUserRoom', shows(alice)), { ok: true });
    const { callId } = await caller.ask('call:initiate', { roomId, callType: 'voice' });
    t.match(await callee.next('incomingCall', callId), { callId });
    t.match(await callee.ask('answerCall', { callId }), { ok: true });
    t.match(await caller.next('call:answered', callId), { callId, answeredBy: alice.userId });
    caller.emit('offer', { callId, offer: OFFER });
    t.match(await callee.next('webrtc-offer', callId), { offer: OFFER }, 'as this socket would say it');
    callee.emit('hangup', { callId });
    t.match(await caller.next('call:ended', callId), { callId, reason: 'hangup' });
    t.match(await callee.next('callEnded', callId), { callId });
    for (const client of [caller, callee]) await client.close();
  });

  await t.test('a client that disconnects is not served any more', async (t) => {
    const client = await connect(t, target);
    await client.ask('register-user', shows(alice));
    client.webSocket.text('41');
    client.webSocket.text('429["ping"]');
    await until(() => client.webSocket.isEnded || client.webSocket.closeCode !== undefined);
    t.notOk(client.webSocket.texts.some((text) => text.startsWith('439')));
    const { session } = await openPolling(target, 4);
    await session.post('40');
    t.equal((await session.post('1')).status, 200);
    t.equal((await session.post('42["ping"]')).status, 400, 'the session is gone');
  });
}
