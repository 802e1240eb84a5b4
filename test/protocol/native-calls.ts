// Cases of the native dialect's messages: answers and errors, calls, who may say what, and coming back.

import type { Test } from 'tap';

import { hangUp, open, register, ring, shows, type NativeByHand } from './native-by-hand.ts';
import type { Target } from './target.ts';
import { until } from './websocket-by-hand.ts';

const UNKNOWN_CALL = '0123456789abcdef0123456789abcdef';
const OFFER = { type: 'offer', sdp: 'v=0\r\no=offer\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=answer\r\n' };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 1 192.0.2.1 ${n} typ host`,
  sdpMid: '0',
  sdpMLineIndex: 0,
});

function areRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

export async function nativeAnswers(t: Test, target: Target): Promise<void> {
  const { alice } = target;

  await t.test(
    'registered says who, on which device, in which session, and why it is believed',
    async (t) => {
      const client = await open(t, target);
      client.send('register-user', { ...shows(alice), id: 7 });
      t.match(await client.next('registered'), {
        type: 'registered',
        eventType: 'registered',
        userId: alice.userId,
        deviceId: /./,
        sessionId: /./,
        resumeToken: /.{16}/,
        trust: 'verified',
        id: 7,
      });
      const first = client.of('registered')[0];
      client.send('register_user', shows(alice));
      const again = await client.next('registered');
      t.equal(again['sessionId'], first?.['sessionId'], 'repeated, and with an underscore: the same session');
      t.notOk('id' in again);
      t.notOk('seq' in again, 'answers have no number');
      await client.webSocket.close();
    },
  );

  await t.test('an error names its code, a text and the id of the request', async (t) => {
    const client = await register(t, target, alice);
    const table: readonly (readonly [string, Record<string, unknown>, string])[] = [
      ['no-such-request', {}, 'FRAME_MALFORMED'],
      ['initiate', {}, 'FRAME_MALFORMED'],
      ['initiate', { roomId: target.roomId, callType: 'smoke' }, 'FRAME_MALFORMED'],
      ['initiate', { roomId: '!none:example.org', callType: 'voice' }, 'CALL_NOT_IN_ROOM'],
      ['answer', {}, 'FRAME_MALFORMED'],
      ['answer', { callId: 'x' }, 'FRAME_MALFORMED'],
      ['toggle-audio', { callId: UNKNOWN_CALL }, 'FRAME_MALFORMED'],
      ['webrtc-offer', { callId: UNKNOWN_CALL, offer: { type: 'offer', sdp: 'x' } }, 'FRAME_MALFORMED'],
      ['webrtc-offer', { callId: UNKNOWN_CALL, offer: ANSWER }, 'FRAME_MALFORMED'],
    ];
    for (const [type, members, code] of table) {
      const answer = await client.ask(type, members);
      t.match(
        answer,
        { type: 'error', eventType: 'error', code, error: /./ },
        JSON.stringify([type, members]),
      );
    }
    client.send('answer', { callId: UNKNOWN_CALL });
    await client.settled();
    t.equal(client.of('error').length, table.length + 1, 'without an id a refusal is told as well');
    t.notOk('id' in (client.of('error').at(-1) ?? {}));
    await client.webSocket.close();
  });

  await t.test('a request before the register frame has to prove who asks', async (t) => {
    const client = await open(t, target);
    t.match(await client.ask('ping'), { type: 'pong' });
    client.send('answer', { callId: UNKNOWN_CALL, ...shows(alice), accessToken: 'no-such-token' });
    t.match(await client.next('error'), { code: 'IDENTITY_UNKNOWN_TOKEN' });
    await client.webSocket.close();
  });
}

async function answered(
  caller: NativeByHand,
  callee: NativeByHand,
  target: Target,
): Promise<{ readonly callId: string; readonly answer: Readonly<Record<string, unknown>> }> {
  const callId = await ring(caller, callee, target);
  const answer = await callee.ask('answer', { callId });
  await caller.next('call-answered', callId);
  return { callId, answer };
}

export async function nativeCalls(t: Test, target: Target): Promise<void> {
  const { alice, bob, stranger, roomId, url } = target;

  await t.test('a call: invitation, answer, negotiation, end', async (t) => {
    const caller = await register(t, target, alice, { caps: ['call-ringing'] });
    const callee = await register(t, target, bob);
    const initiated = await caller.ask('initiate', { roomId, callType: 'video' });
    t.match(initiated, {
      type: 'ack',
      eventType: 'ack',
      ok: true,
      callId: /^[0-9a-f]{32}$/,
      roomId,
      callType: 'video',
      status: 'ringing',
      iceServers: Array,
    });
    const callId = String(initiated['callId']);
    const invitation = await callee.next('incoming-call', callId);
    t.match(invitation, {
      eventType: 'incoming_call',
      callId,
      callType: 'video',
      roomId,
      initiatorId: alice.userId,
      callerId: alice.userId,
      callerName: /./,
      iceServers: Array,
      baseUrl: url,
      expiresAt: Number,
      seq: Number,
    });
    const leftMs = Number(invitation['expiresAt']) - Date.now();
    t.ok(leftMs > 0 && leftMs <= 600_000, `it rings for ${leftMs} ms more`);
    callee.send('call-ringing', { callId });
    t.match(await caller.next('call-ringing', callId), { callId, userId: bob.userId });

    caller.send('ice-candidate', { callId, candidate: candidate(1), targetUserId: 'all' });
    caller.send('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all', extra: { kept: [1] } });
    caller.send('ice-candidate', { callId, candidate: candidate(2), targetUserId: bob.userId });
    await caller.settled();
    t.strictSame(callee.of('webrtc-offer', callId), [], 'nothing before the answer');
    t.match(await callee.ask('answer', { callId }), {
      type: 'ack',
      ok: true,
      status: 'active',
      callId,
      roomId,
    });
    t.match(await caller.next('call-answered', callId), {
      eventType: 'call_answered',
      callId,
      answeredBy: bob.userId,
      roomId,
      callType: 'video',
    });
    t.match(await callee.next('webrtc-offer', callId), {
      offer: OFFER,
      fromUserId: alice.userId,
      targetUserId: bob.userId,
      callId,
      extra: { kept: [1] },
    });
    for (const n of [1, 2]) t.match(await callee.next('ice-candidate', callId), { candidate: candidate(n) });

    callee.send('toggle-video', { callId, enabled: false });
    t.match(await caller.next('video-toggled', callId), { userId: bob.userId, enabled: false, callId });
    t.match(await callee.ask('answer', { callId }), { type: 'ack', status: 'active' }, 'answered again');
    t.match(await callee.ask('end', { callId }), { type: 'ack', ok: true, callId, status: 'ended' });
    for (const client of [caller, callee])
      t.match(await client.next('call-ended', callId), { callId, endedBy: bob.userId, reason: 'hangup' });
    t.match(await caller.ask('answer', { callId }), { type: 'error' }, 'an ended call is over');
    for (const client of [caller, callee]) {
      t.equal(client.of('call-ended', callId).length, 1, 'once to each socket');
      t.ok(client.seqs.length > 2 && areRising(client.seqs), `strictly rising: ${client.seqs.join(', ')}`);
      await client.webSocket.close();
    }
  });

  await t.test('a call that is declined, and one that is cancelled', async (t) => {
    const caller = await register(t, target, alice);
    const callee = await register(t, target, bob);
    const rejected = await ring(caller, callee, target);
    t.match(await callee.ask('reject', { callId: rejected }), { type: 'ack', ok: true, status: 'rejected' });
    t.match(await caller.next('call-rejected', rejected), { callId: rejected, rejectedBy: bob.userId });
    t.match(await caller.next('call-ended', rejected), { callId: rejected, reason: 'rejected' });
    const cancelled = await ring(caller, callee, target);
    t.match(await caller.ask('call-ended', { callId: cancelled }), { type: 'ack', status: 'ended' });
    t.match(await callee.next('call-ended', cancelled), { endedBy: alice.userId, reason: 'cancelled' });
    for (const client of [caller, callee]) await client.webSocket.close();
  });

  await t.test('the sender is the user of the socket, and the target somebody in the call', async (t) => {
    const caller = await register(t, target, alice);
    const callee = await register(t, target, bob);
    const { callId } = await answered(caller, callee, target);
    const forged = '@mallory:example.org';
    callee.send('webrtc-offer', {
      callId,
      offer: OFFER,
      from: forged,
      fromUserId: forged,
      sender: forged,
      type_: 'kept',
    });
    const received = await caller.next('webrtc-offer', callId);
    t.equal(received['fromUserId'], bob.userId);
    t.equal(received['type_'], 'kept');
    t.notOk(JSON.stringify(received).includes(forged));
    const toNobody = { callId, candidate: null, targetUserId: forged };
    t.match(await callee.ask('ice-candidate', toNobody), { type: 'error', code: 'CALL_TARGET_UNKNOWN' });
    const asOther = { callId, enabled: true, userId: alice.userId };
    t.equal(
      (await callee.ask('toggle-audio', asOther))['type'],
      'error',
      'nobody asks in the name of another',
    );
    t.strictSame(caller.of('audio-toggled', callId), []);
    await hangUp(callId, caller, callee);
  });

  await t.test('a call of others and one that there is not are the same to a stranger', async (t) => {
    if (stranger === undefined) {
      t.comment('no stranger is named');
      return;
    }
    const caller = await register(t, target, bob);
    const callee = await register(t, target, alice);
    const outsider = await register(t, target, stranger);
    const callId = await ring(caller, callee, target);
    const requests: readonly (readonly [string, Record<string, unknown>])[] = [
      ['answer', {}],
      ['reject', {}],
      ['end', {}],
      ['join-call', {}],
      ['leave-call', {}],
      ['call-ringing', {}],
      ['toggle-audio', { enabled: false }],
      ['webrtc-offer', { offer: OFFER }],
      ['ice-candidate', { candidate: null }],
    ];
    for (const [type, members] of requests) {
      const { id: _one, ...known } = await outsider.ask(type, { ...members, callId });
      const { id: _other, ...unknown } = await outsider.ask(type, { ...members, callId: UNKNOWN_CALL });
      t.strictSame(known, unknown, type);
      t.match(known, { type: 'error', code: 'CALL_NOT_FOUND' }, type);
    }
    t.match(await callee.ask('answer', { callId }), { type: 'ack' }, 'the call rang on');
    await hangUp(callId, caller, callee);
    await outsider.webSocket.close();
  });

  await t.test('a second socket of the device joins the call, and negotiation goes there', async (t) => {
    const caller = await register(t, target, bob);
    const callee = await register(t, target, alice);
    const { callId, answer } = await answered(caller, callee, target);
    t.match(answer, { type: 'ack', ok: true });
    const second = await open(t, target);
    t.match(await second.ask('join-call', { callId, ...shows(alice) }), {
      type: 'ack',
      ok: true,
      status: 'active',
    });
    caller.send('webrtc-offer', { callId, offer: OFFER });
    t.match(await second.next('webrtc-offer', callId), { offer: OFFER, fromUserId: bob.userId });
    second.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: bob.userId });
    t.match(await caller.next('webrtc-answer', callId), { answer: ANSWER, fromUserId: alice.userId });
    await callee.settled();
    t.strictSame(callee.of('webrtc-offer', callId), []);
    await hangUp(callId, second, caller, callee);
  });
}

export async function nativeResume(t: Test, target: Target): Promise<void> {
  const { alice, bob } = target;

  await t.test('a socket that is cut comes back, and gets exactly what it missed, in order', async (t) => {
    const caller = await register(t, target, bob);
    const callee = await register(t, target, alice);
    const { callId } = await answered(caller, callee, target);
    caller.send('webrtc-offer', { callId, offer: OFFER });
    await callee.next('webrtc-offer', callId);
    const [registered = {}] = callee.of('registered');
    const seq = Math.max(...callee.seqs);
    callee.webSocket.socket.destroy();
    for (const n of [1, 2, 3]) caller.send('ice-candidate', { callId, candidate: candidate(n) });
    caller.send('toggle-audio', { callId, enabled: false });
    await caller.settled();

    const back = await open(t, target);
    back.send('register-user', { ...shows(alice), resume: { token: registered['resumeToken'], seq } });
    t.equal((await back.next('registered'))['sessionId'], registered['sessionId']);
    await until(
      () => back.of('ice-candidate', callId).length === 3 && back.of('audio-toggled', callId).length === 1,
    );
    await back.settled();
    t.strictSame(
      back.of('ice-candidate', callId).map((frame) => frame['candidate']),
      [1, 2, 3].map(candidate),
    );
    t.equal(
      back.of('ice-candidate', callId).length + back.of('audio-toggled', callId).length,
      4,
      'nothing twice',
    );
    t.ok(areRising([seq, ...back.seqs]), `the numbers go on: ${[seq, ...back.seqs].join(', ')}`);
    t.strictSame(back.of('error'), []);
    await hangUp(callId, back, caller);
    t.notOk(
      caller.frames.some(({ type }) => type === 'user-left'),
      'the other side was told nothing',
    );
  });

  await t.test('the socket of a session that is resumed elsewhere is closed with 4009', async (t) => {
    const first = await register(t, target, alice);
    const { resumeToken: token } = first.of('registered')[0] ?? {};
    const second = await register(t, target, alice, { resume: { token, seq: 0 } });
    t.equal(await first.webSocket.closed(), 4009);
    t.strictSame(second.of('error'), []);
    t.match(await second.ask('ping'), { type: 'pong' });
    await second.webSocket.close();
  });

  await t.test(
    'what cannot be resumed is registered, and told RESUME_REJOIN; the call can be joined again',
    async (t) => {
      const caller = await register(t, target, bob);
      const callee = await register(t, target, alice);
      const { callId } = await answered(caller, callee, target);
      const [registered = {}] = callee.of('registered');
      callee.webSocket.socket.destroy();
      for (const resume of [
        { token: 'f'.repeat(32), seq: 0 },
        { token: registered['resumeToken'], seq: 1_000_000 },
      ]) {
        const back = await register(t, target, alice, { resume });
        t.match(await back.next('error'), { code: 'RESUME_REJOIN', error: String });
        t.match(await back.ask('ping'), { type: 'pong' }, 'the socket stays open');
        if (resume.seq === 0) t.not(back.of('registered')[0]?.['sessionId'], registered['sessionId']);
        t.match(await back.ask('join-call', { callId }), { type: 'ack', ok: true, status: 'active' });
        back.webSocket.socket.destroy();
      }
      const last = await register(t, target, alice);
      t.match(await last.ask('join-call', { callId }), { type: 'ack' });
      caller.send('webrtc-offer', { callId, offer: OFFER });
      await last.next('webrtc-offer', callId);
      await hangUp(callId, last, caller);
    },
  );

  await t.test('somebody else’s resume token is of no use', async (t) => {
    const owner = await register(t, target, alice);
    const { resumeToken: token } = owner.of('registered')[0] ?? {};
    const thief = await register(t, target, bob, { resume: { token, seq: 0 } });
    t.match(await thief.next('error'), { code: 'RESUME_REJOIN' });
    t.match(thief.of('registered'), [{ userId: bob.userId }]);
    t.match(await owner.ask('ping'), { type: 'pong' }, 'the owner keeps its socket');
    for (const client of [owner, thief]) await client.webSocket.close();
  });
}
