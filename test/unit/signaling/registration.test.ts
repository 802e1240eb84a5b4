// Who a socket is: register, resume, sockets that register late or as somebody else, and what is handed to the next one.

import t from 'tap';

import { ROOM } from '../../contract/calls.ts';
import { by, callIn, LIMITS, RING_MS } from '../../harness/call-service.ts';
import {
  OFFER,
  pass,
  settle,
  startHub,
  userId,
  type Frame,
  type NativeClient,
  type TestHub,
} from '../../harness/hub.ts';
import type { CallId, DeviceId } from '../../../src/matrix/ids.ts';

async function talk(test: TestHub): Promise<{ alice: NativeClient; bob: NativeClient; callId: string }> {
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial({ invitees: [userId('bob')] });
  await bob.ask('answer', { callId });
  return { alice, bob, callId };
}

function resume(client: NativeClient, seq = client.lastSeq): Frame {
  return { resume: { token: client.resumeToken, seq } };
}

function seqs(client: NativeClient): readonly unknown[] {
  return client.frames.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
}

await t.test('register says who one is, and with what trust', async (t) => {
  const test = startHub(t);
  const bob = test.connect();
  t.match(await bob.ask('register-user', { accessToken: 'bob.PHONE', userId: userId('bob') }), {
    type: 'registered',
    userId: userId('bob'),
    deviceId: 'PHONE',
    trust: 'verified',
  });
  t.strictSame([...test.hub.sockets()], [{ dialect: 'native', trust: 'verified' }]);
});

await t.test('a native socket that does not register in time is closed', async (t) => {
  const test = startHub(t);
  const silent = test.connect();
  await pass(test.clock, 9_999);
  t.ok(silent.socket.isOpen);
  await pass(test.clock, 1);
  t.equal(silent.code, 4001);
  t.strictSame([...test.hub.sockets()], []);
  const page = test.connectSocketIo();
  await pass(test.clock, 119_999);
  t.ok(page.socket.isOpen);
  await pass(test.clock, 1);
  t.equal(page.socket.closedWith?.code, 4001);
});

await t.test('a refused identity closes a native socket with the code of its cause', async (t) => {
  const test = startHub(t);
  const bad = test.connect();
  t.match(await bad.ask('register-user', { accessToken: 'nobody.X' }), { code: 'IDENTITY_UNKNOWN_TOKEN' });
  t.equal(bad.code, 4003);
  const wrong = test.connect();
  await wrong.ask('register-user', { accessToken: 'bob.PHONE', userId: userId('alice') });
  t.equal(wrong.code, 4003);
  test.homeserver.isDown = true;
  const early = test.connect();
  t.match(await early.ask('register-user', { accessToken: 'bob.PHONE' }), { code: 'IDENTITY_UNAVAILABLE' });
  t.equal(early.code, 1013);
});

await t.test('a request in the name of another user is refused, and nothing changes', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const { alice, bob, callId } = await talk(test);
  for (const [type, more] of [
    ['end', {}],
    ['webrtc-offer', { offer: OFFER }],
    ['toggle-audio', { enabled: false }],
  ] as const) {
    t.match(await bob.ask(type, { callId, userId: userId('alice'), ...more }), { code: 'IDENTITY_REQUIRED' });
    t.match(await bob.ask(type, { callId, accessToken: 'alice.PHONE', ...more }), {
      code: 'IDENTITY_MISMATCH',
    });
  }
  t.strictSame(alice.told, ['call-answered', 'user-joined']);
  t.match(await bob.ask('toggle-audio', { callId, enabled: false }), { ok: true });
  t.match(alice.of('audio-toggled'), [{ userId: userId('bob') }]);
});

await t.test('a resume replays exactly what was missed, in order, with its numbers', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  const seen = bob.lastSeq;
  await alice.ask('toggle-audio', { callId, enabled: false });
  bob.socket.cut();
  await alice.ask('toggle-audio', { callId, enabled: true });
  await alice.ask('toggle-video', { callId, enabled: false });
  const back = await test.register('bob', 'PHONE', resume(bob, seen));
  t.strictSame(back.told, ['audio-toggled', 'audio-toggled', 'video-toggled']);
  t.strictSame(seqs(back), [seen + 1, seen + 2, seen + 3]);
  t.equal(back.frames[0]?.['type'], 'registered', 'which comes first');
  t.equal(back.of('registered')[0]?.['sessionId'], bob.of('registered')[0]?.['sessionId']);
  await alice.ask('end', { callId });
  t.match(back.of('call-ended'), [{ seq: seen + 4 }]);
});

await t.test('a resume of an open socket closes that with 4009, and takes its calls', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  const back = await test.register('bob', 'PHONE', resume(bob));
  t.equal(bob.code, 4009);
  t.strictSame(back.told, []);
  alice.send('webrtc-offer', { callId, offer: OFFER });
  await settle();
  t.equal(back.of('webrtc-offer').length, 1);
  await pass(test.clock, LIMITS.graceMs);
  t.equal(
    (await test.store.findCall(callId as CallId))?.state,
    'active',
    'the old socket left nothing behind',
  );
});

await t.test('a resume that knows too little or too much has to rejoin, and starts anew', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  bob.socket.cut();
  for (let n = 0; n < 300; n += 1) await test.service.command(callId as CallId, toggled(n % 2 === 0));
  const late = await test.register('bob', 'PHONE', resume(bob));
  t.match(late.of('error'), [{ code: 'RESUME_REJOIN' }]);
  t.ok(late.socket.isOpen);
  t.equal(
    late.frames.findIndex(({ type }) => type === 'registered'),
    0,
  );
  t.strictSame(
    seqs(late),
    Array.from({ length: late.told.length }, (_, n) => n + 1),
  );
  t.match(await late.ask('join-call', { callId }), { ok: true });
  await alice.ask('end', { callId });
  t.equal(late.told.at(-1), 'call-ended');
  const future = await test.register('bob', 'PHONE', resume(late, late.lastSeq + 1));
  t.match(future.of('error'), [{ code: 'RESUME_REJOIN' }]);
});

function toggled(isEnabled: boolean) {
  return { type: 'toggle', userId: userId('alice'), medium: 'audio', isEnabled } as const;
}

await t.test('a phone that has to rejoin while it rings is rung again', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  await alice.dial();
  bob.socket.cut();
  const back = await test.register('bob', 'PHONE', resume(bob, 99));
  t.strictSame(back.told, ['incoming-call']);
});

await t.test('nobody resumes the session of another user or device, and its socket stays', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'mallory'] });
  const { alice, bob, callId } = await talk(test);
  for (const [name, device] of [
    ['mallory', 'PHONE'],
    ['bob', 'LAPTOP'],
  ] as const) {
    const thief = await test.register(name, device, resume(bob, 0));
    t.match(thief.of('error'), [{ code: 'RESUME_REJOIN' }]);
    t.strictSame(thief.told, []);
    t.match(thief.of('registered'), [{ userId: userId(name), deviceId: device }]);
  }
  const guess = await test.register('mallory', 'PHONE', { resume: { token: 'f'.repeat(32), seq: 0 } });
  t.match(guess.of('error'), [{ code: 'RESUME_REJOIN' }]);
  t.ok(bob.socket.isOpen);
  await alice.ask('end', { callId });
  t.equal(bob.told.at(-1), 'call-ended');
});

await t.test(
  'what is sent behind the register frame is done by the session that was resumed, in order',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    bob.socket.cut();
    const { promise, resolve: open } = Promise.withResolvers<void>();
    test.homeserver.gate = promise;
    const back = test.connect();
    back.send('register-user', { accessToken: 'bob.PHONE', ...resume(bob) });
    back.send('webrtc-offer', { callId, offer: OFFER });
    back.send('ice-candidate', { callId, candidate: { candidate: 'candidate:1' } });
    await settle();
    // While it is being welcomed, more comes by the same socket.
    test.gate.hold('findCall');
    open();
    await settle();
    t.equal(back.of('registered').length, 1);
    back.send('ice-candidate', { callId, candidate: { candidate: 'candidate:2' } });
    await settle();
    test.gate.release();
    await settle();
    const came = alice.of('webrtc-offer', 'ice-candidate').map(({ type, candidate }) => candidate ?? type);
    t.strictSame(came, ['webrtc-offer', { candidate: 'candidate:1' }, { candidate: 'candidate:2' }]);
    t.equal((await test.store.findCall(callId as CallId))?.state, 'active');
  },
);

await t.test('what comes by a resumed socket does not overtake what it sent before', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const alice = await test.register('alice');
  const carol = await test.register('carol');
  const bob = await test.register('bob');
  bob.socket.cut();
  await carol.dial({ invitees: [userId('bob')] });
  const { callId } = callIn(
    await test.service.initiate({
      roomId: ROOM,
      callType: 'voice',
      callerName: 'Bob',
      inviteeIds: [userId('alice')],
      ...by(userId('bob'), 'PHONE' as DeviceId),
    }),
  );
  await settle();
  t.match(await alice.ask('answer', { callId }), { ok: true });
  // The register frame has to wait: it makes the phone ring for carol's call, which has to be stored before.
  test.gate.hold('findCall');
  const back = test.connect();
  back.send('register-user', { accessToken: 'bob.PHONE', ...resume(bob) });
  back.send('webrtc-offer', { callId, offer: OFFER });
  back.send('ice-candidate', { callId, candidate: { candidate: 'candidate:1' } });
  await settle();
  t.equal(test.gate.held, 1);
  back.send('ice-candidate', { callId, candidate: { candidate: 'candidate:2' } });
  await settle();
  test.gate.release();
  await settle();
  t.equal(back.of('incoming-call').length, 1);
  t.strictSame(
    alice.of('webrtc-offer', 'ice-candidate').map(({ candidate }) => candidate),
    [undefined, { candidate: 'candidate:1' }, { candidate: 'candidate:2' }],
  );
});

await t.test(
  'the end of a call that a socket was handed is not told again when it joins that call',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    bob.socket.cut();
    await alice.ask('end', { callId });
    const back = await test.register('bob');
    await back.ask('join-call', { callId });
    t.strictSame(back.told, ['call-ended']);
  },
);

await t.test('what waits while it is found out who asks is limited', async (t) => {
  const test = startHub(t);
  test.homeserver.gate = new Promise(() => undefined);
  const many = test.connect();
  many.send('register-user', { accessToken: 'bob.PHONE' });
  for (let n = 0; n < 128; n += 1) many.send('ping');
  await settle();
  t.ok(many.socket.isOpen);
  many.send('ping');
  await settle();
  t.equal(many.code, 4008);
  for (const members of [
    { type: 'webrtc-offer', offer: 'v=0'.padEnd(60_000), callId: 'a'.repeat(32) },
    { type: 'end', accessToken: 'x'.repeat(60_000), callId: 'a'.repeat(32) },
    { type: 'end', userId: 'x'.repeat(60_000), callId: 'a'.repeat(32) },
    {
      type: 'webrtc-offer',
      offer: 'v=0',
      a: { b: { c: { d: { e: 'x'.repeat(60_000) } } } },
      callId: 'a'.repeat(32),
    },
    { type: 'register-user', resume: { token: 'x'.repeat(60_000), seq: 0 } },
  ]) {
    const big = test.connect();
    big.send('register-user', { accessToken: 'bob.PHONE' });
    for (let n = 0; n < 10; n += 1) big.send(members.type, members);
    await settle();
    t.equal(big.code, 4008, members.type);
  }
});

await t.test('a socket whose user nobody vouches for yet is registered when somebody does', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  await alice.dial();
  const bob = test.connectSocketIo();
  t.match(await bob.ask('register-user', { userId: userId('bob') }), {
    ok: false,
    code: 'IDENTITY_REQUIRED',
  });
  t.ok(bob.socket.isOpen);
  test.vouching.noteUse('192.0.2.1', 'bob.PHONE');
  test.hub.addressUsed('192.0.2.9');
  await pass(test.clock, 1_000);
  t.strictSame(bob.told, []);
  test.hub.addressUsed('192.0.2.1');
  await settle();
  t.strictSame(bob.told, ['incoming-call']);
  t.strictSame(bob.of('error'), []);
  await pass(test.clock, 120_000);
  t.ok(bob.socket.isOpen, 'it is no longer waited for');
});

await t.test('a store that fails refuses the request, and the next one succeeds', async (t) => {
  const test = startHub(t);
  const { alice, callId } = await talk(test);
  test.gate.isFailing = true;
  t.match(await alice.ask('end', { callId }), { type: 'error', code: 'STORE_UNAVAILABLE' });
  t.ok(alice.socket.isOpen);
  test.gate.isFailing = false;
  t.match(await alice.ask('end', { callId }), { ok: true });
  t.equal(test.failures.length, 1);
});

await t.test('a store that fails while a phone registers rings it later', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  await alice.dial();
  test.gate.isFailing = true;
  const bob = await test.register('bob');
  t.equal(bob.of('registered').length, 1);
  t.strictSame(bob.of('error'), [], 'it is registered, and was told so');
  test.gate.isFailing = false;
  await pass(test.clock, 1_000);
  t.strictSame(bob.told, ['incoming-call']);
});

await t.test('joining a call that has ended says so, once', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  await alice.ask('end', { callId });
  t.match(await bob.ask('join-call', { callId }), { ok: true, status: 'ended' });
  t.equal(bob.of('call-ended').length, 1);
  const late = await test.register('bob');
  t.match(await late.ask('join-call', { callId }), { ok: true, status: 'ended' });
  t.match(late.of('call-ended'), [{ reason: 'hangup', endedBy: userId('alice') }]);
});

await t.test('when all sockets are gone and the grace is over, nothing waits any more', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const idle = test.clock.pending;
  const { alice, bob, callId } = await talk(test);
  const carol = await test.register('carol');
  const page = test.connectSocketIo();
  page.emit('webrtc-offer', { callId, offer: OFFER });
  const unvouched = test.connectSocketIo();
  unvouched.emit('register-user', { userId: userId('bob') });
  const silent = test.connect();
  await carol.dial({ invitees: [userId('bob')] });
  t.ok(await hasSessions(test, 'PHONE'));
  t.ok(test.clock.pending > idle);
  for (const { socket } of [alice, bob, carol, page, unvouched, silent]) socket.cut();
  await pass(test.clock, RING_MS + LIMITS.graceMs, 1_000);
  t.strictSame([...test.hub.sockets()], []);
  t.equal(test.clock.pending, idle, 'but for the sweep');
  t.notOk(await hasSessions(test, 'PHONE'));
});

await t.test('a socket that is lost while it is found out who it is leaves no session behind', async (t) => {
  const test = startHub(t);
  const { callId } = await talk(test);
  for (const frame of [
    { type: 'register-user', accessToken: 'bob.TABLET' },
    { type: 'join-call', accessToken: 'bob.TABLET', callId },
  ]) {
    const { promise, resolve: open } = Promise.withResolvers<void>();
    test.homeserver.gate = promise;
    const idle = test.clock.pending;
    const client = test.connect();
    client.send(frame.type, frame);
    await settle();
    client.socket.cut();
    open();
    await settle();
    t.equal(test.clock.pending, idle, frame.type);
    t.notOk(await hasSessions(test, 'TABLET'), frame.type);
  }
});

/** Whether any session of this device of bob is kept: if none is, bob's API calls are those of the nameless socket. */
async function hasSessions(test: TestHub, deviceId: string): Promise<boolean> {
  const nameless = test.connect();
  await nameless.ask('register-user', { accessToken: 'bob' });
  const caller = { userId: userId('bob'), clientAddress: '192.0.2.1' };
  const taken = test.hub.apiCallers.deviceOf({ ...caller, deviceId: deviceId as DeviceId });
  nameless.socket.cut();
  await pass(test.clock, LIMITS.graceMs);
  return taken === deviceId;
}
