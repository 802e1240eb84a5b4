// Which socket gets the negotiation of a user: the one that joined the call, whenever that comes, else the registered one.

import t from 'tap';

import {
  ANSWER,
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

const candidate = (n: number): Frame => ({ candidate: `candidate:${n}`, sdpMid: '0', sdpMLineIndex: 0 });

/** The descriptions and candidates that came, in short. */
function negotiation(client: { of(...types: readonly string[]): readonly Frame[] }): readonly string[] {
  return client
    .of('webrtc-offer', 'webrtc-answer', 'ice-candidate')
    .map((frame) =>
      frame['type'] === 'ice-candidate'
        ? String((frame['candidate'] as Frame)['candidate'])
        : String(frame['type']),
    );
}

interface Answered {
  readonly alice: NativeClient;
  readonly bob: NativeClient;
  readonly callId: string;
}

/** Alice has called and offered; bob's phone, registered, has answered by the call API. */
async function answeredByApi(test: TestHub): Promise<Answered> {
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await alice.dial();
  alice.send('webrtc-offer', { callId, offer: OFFER });
  alice.send('ice-candidate', { callId, candidate: candidate(1) });
  await test.service.command(callId as CallId, {
    type: 'answer',
    userId: userId('bob'),
    deviceId: 'PHONE' as DeviceId,
  });
  await settle();
  return { alice, bob, callId };
}

const ALL = ['webrtc-offer', 'candidate:1'];

await t.test('what came before the answer waits for the socket that joins the call', async (t) => {
  const test = startHub(t);
  const { bob, callId } = await answeredByApi(test);
  await pass(test.clock, 1_000);
  const screen = test.connect();
  await screen.ask('join-call', { callId, accessToken: 'bob.PHONE' });
  t.strictSame(negotiation(screen), ALL);
  await pass(test.clock, 1_500);
  t.strictSame(negotiation(bob), [], 'and goes to that one alone');
});

await t.test('without a socket that joins, the registered one has it after a moment', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await answeredByApi(test);
  await pass(test.clock, 1_499);
  t.strictSame(negotiation(bob), []);
  await pass(test.clock, 1);
  t.strictSame(negotiation(bob), ALL);
  const late = test.connect();
  await late.ask('join-call', { callId, accessToken: 'bob.PHONE' });
  t.strictSame(negotiation(late), ALL, 'a socket that joins later takes over');
  alice.send('ice-candidate', { callId, candidate: candidate(2) });
  t.strictSame(negotiation(late), [...ALL, 'candidate:2']);
  t.strictSame(negotiation(bob), ALL);
});

await t.test('a second socket that joins takes over, and a lost one gives its place back', async (t) => {
  const test = startHub(t);
  const { alice, callId } = await answeredByApi(test);
  const [first, second] = [test.connect(), test.connect()];
  await first.ask('join-call', { callId, accessToken: 'bob.PHONE' });
  await second.ask('join-call', { callId, accessToken: 'bob.PHONE' });
  t.strictSame(negotiation(second), ALL);
  second.socket.cut();
  alice.send('ice-candidate', { callId, candidate: candidate(2) });
  await settle();
  t.strictSame(negotiation(first), [...ALL, 'candidate:2'], 'nothing is missing and nothing comes twice');
});

await t.test('who comes back by a resume has its seat again, and what waited for it', async (t) => {
  const test = startHub(t);
  const { alice, callId, bob } = await answeredByApi(test);
  const screen = test.connect();
  screen.send('register-user', { accessToken: 'bob.PHONE' });
  await screen.ask('join-call', { callId });
  screen.socket.cut();
  alice.send('ice-candidate', { callId, candidate: candidate(2) });
  await pass(test.clock, 1_500);
  t.strictSame(negotiation(bob), [...ALL, 'candidate:2'], 'meanwhile the other one');
  const back = await test.register('bob', 'PHONE', {
    resume: { token: screen.resumeToken, seq: screen.lastSeq },
  });
  alice.send('ice-candidate', { callId, candidate: candidate(3) });
  await settle();
  t.strictSame(negotiation(back), ['candidate:2', 'candidate:3']);
  t.notOk(negotiation(bob).includes('candidate:3'));
});

await t.test('no other device of the user gets any of it, nor may it send', async (t) => {
  const test = startHub(t);
  const laptop = await test.register('bob', 'LAPTOP');
  const { callId, alice } = await answeredByApi(test);
  t.match(await laptop.ask('join-call', { callId }), { code: 'CALL_OTHER_DEVICE' });
  t.match(await laptop.ask('webrtc-answer', { callId, answer: ANSWER }), { code: 'CALL_OTHER_DEVICE' });
  await pass(test.clock, 2_000);
  t.strictSame(negotiation(laptop), []);
  t.strictSame(negotiation(alice), []);
});

await t.test('a stranger learns nothing by joining', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'mallory'] });
  const alice = await test.register('alice');
  const callId = await alice.dial({ invitees: [userId('bob')] });
  const mallory = await test.register('mallory');
  const unknown = await mallory.ask('join-call', { callId: 'f'.repeat(32) });
  const known = await mallory.ask('join-call', { callId });
  t.match(known, { code: 'CALL_NOT_FOUND' });
  t.strictSame({ ...known, id: 0 }, { ...unknown, id: 0 });
  t.match(await mallory.ask('webrtc-offer', { callId, offer: OFFER }), { code: 'CALL_NOT_FOUND' });
});

await t.test(
  'an offer before the join, with one user vouched for at the address, binds the socket',
  async (t) => {
    const test = startHub(t);
    const { callId, alice } = await answeredByApi(test);
    test.vouching.noteUse('192.0.2.1', 'bob.PHONE');
    const screen = test.connectSocketIo();
    screen.emit('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
    screen.emit('ice-candidate', { callId, candidate: candidate(7), targetUserId: 'all' });
    screen.emit('join-call', { callId, userId: userId('bob') });
    await pass(test.clock, 1_500);
    t.strictSame(screen.of('error'), []);
    t.strictSame(negotiation(alice), ['webrtc-offer', 'candidate:7']);
    t.match(alice.of('webrtc-offer'), [{ fromUserId: userId('bob') }]);
    t.strictSame(negotiation(screen), ALL);
  },
);

await t.test('with two users of the call at the address it waits for the join, in order', async (t) => {
  const test = startHub(t);
  const { callId, alice } = await answeredByApi(test);
  test.vouching.noteUse('192.0.2.1', 'bob.PHONE');
  test.vouching.noteUse('192.0.2.1', 'alice.PHONE');
  const screen = test.connectSocketIo();
  screen.emit('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  for (let n = 1; n <= 3; n += 1) screen.emit('ice-candidate', { callId, candidate: candidate(n) });
  await pass(test.clock, 4_000);
  t.strictSame(negotiation(alice), []);
  screen.emit('join-call', { callId, userId: userId('bob') });
  await settle();
  t.strictSame(negotiation(alice), ['webrtc-offer', 'candidate:1', 'candidate:2', 'candidate:3']);
  await pass(test.clock, 5_000);
  t.strictSame(screen.of('error'), [], 'what was held is not refused later');
});

await t.test('what was held is sent as well if the socket registers instead of joining', async (t) => {
  const test = startHub(t);
  const { callId, alice } = await answeredByApi(test);
  const screen = test.connectSocketIo();
  screen.emit('webrtc-offer', { callId, offer: OFFER });
  screen.emit('ice-candidate', { callId, candidate: candidate(1) });
  screen.emit('register-user', { accessToken: 'bob.PHONE' });
  await pass(test.clock, 1_500);
  t.strictSame(negotiation(alice), ['webrtc-offer', 'candidate:1']);
});

await t.test(
  'with nobody vouched for it is refused after five seconds, an unknown call likewise',
  async (t) => {
    const test = startHub(t);
    const { callId, alice } = await answeredByApi(test);
    for (const id of [callId, 'e'.repeat(32)]) {
      const screen = test.connectSocketIo();
      screen.emit('webrtc-offer', { callId: id, offer: OFFER });
      await pass(test.clock, 4_999);
      t.strictSame(screen.of('error'), []);
      await pass(test.clock, 1);
      t.match(screen.of('error'), [{ code: 'IDENTITY_REQUIRED' }]);
    }
    t.strictSame(negotiation(alice), []);
  },
);

await t.test('what is held is limited by count and by bytes', async (t) => {
  const test = startHub(t);
  const { callId } = await answeredByApi(test);
  const screen = test.connectSocketIo();
  for (let n = 0; n < 75; n += 1) screen.emit('ice-candidate', { callId, candidate: candidate(n) });
  await settle();
  t.equal(screen.of('error').length, 3, '72 are held');
  const big = test.connectSocketIo();
  const sdp = `v=0${'x'.repeat(60_000)}`;
  for (let n = 0; n < 6; n += 1) {
    big.emit('webrtc-offer', {
      callId,
      offer: { type: 'offer', sdp },
      nested: { a: { b: { c: { d: 'short' } } } },
    });
  }
  await settle();
  t.equal(big.of('error').length, 2, '256 KiB are held');
  const deep = test.connectSocketIo();
  for (let n = 0; n < 6; n += 1)
    deep.emit('webrtc-offer', { callId, offer: 'v=0', a: { b: { c: { d: { e: sdp } } } } });
  await settle();
  t.equal(deep.of('error').length, 2, 'however deep it hides');
});

await t.test('a device without a name that changes its address has its place again', async (t) => {
  const test = startHub(t, { mode: 'claimed' });
  const alice = await test.register('alice');
  const callId = await alice.dial();
  const home = test.connect();
  await home.ask('register-user', { userId: userId('bob') });
  await home.ask('answer', { callId });
  alice.send('webrtc-offer', { callId, offer: OFFER });
  t.strictSame(negotiation(home), ['webrtc-offer']);
  home.socket.cut();
  const away = test.connect({ clientAddress: '198.51.100.7' });
  await away.ask('register-user', {
    userId: userId('bob'),
    resume: { token: home.resumeToken, seq: home.lastSeq },
  });
  t.strictSame(away.of('error'), []);
  alice.send('ice-candidate', { callId, candidate: candidate(1) });
  await settle();
  t.strictSame(negotiation(away), ['candidate:1']);
});
