// Calls between a room's page and clients of other dialects, on the real hub: signals become a call and come back as
// signals, and each end is told in the two words that pages have for it.

import t, { type Test } from 'tap';

import { ANSWER, OFFER, pass, settle, startHub, userId, type Frame } from '../../../harness/hub.ts';
import type { Outside } from '../../../../src/signaling/rooms/entrant.ts';
import { openTestRooms, type RoomPage } from '../../../harness/room-page.ts';

const ALICE = userId('alice');
const BOB = userId('bob');
const SDP = 'v=0\r\n';
const offer = { type: 'offer', sdp: SDP };
const answer = { type: 'answer', sdp: SDP };
const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: '0', sdpMLineIndex: 0 });
const ice = (n: number) => ({ type: 'ice-candidate', candidate: candidate(n) });
const stopped = (id: string, name = id) => ({ type: 'broadcast-stopped', user_id: id, username: name });
const error = (message: string) => ({ type: 'error', message });

function from(id: string, signal: unknown, name = id): Frame {
  return { type: 'webrtc-signal', from_user_id: id, from_username: name, signal };
}

type Found = Awaited<ReturnType<Outside['find']>>;

/** Alice's page in the room, and whatever else a test connects. */
async function open(t: Test, members = ['alice', 'bob', 'carol']) {
  const test = startHub(t, { members });
  const rooms = openTestRooms(test);
  const connectAlice = async (): Promise<RoomPage> => {
    const page = await rooms.connect('1', { name: 'Ann', matrixId: ALICE });
    page.take();
    return page;
  };
  return { test, ...rooms, connectAlice };
}

await t.test('a page calls a Matrix user: ring, offer, answer, candidates both ways, end', async (t) => {
  const { test, connectAlice } = await open(t);
  const bob = await test.register('bob');
  const page = await connectAlice();
  await page.signal(BOB, offer, { from_user_id: '@eve:example.org' });
  await page.signal(BOB, ice(1));
  const [rung] = bob.of('incoming-call');
  t.match(rung, {
    callType: 'video',
    roomId: 'conversation:"lobby"',
    callerId: ALICE,
    callerName: 'Ann',
  });
  const callId = String(rung?.['callId']);
  t.match(await bob.ask('answer', { callId }), { ok: true });
  t.match(bob.of('webrtc-offer'), [{ offer, fromUserId: ALICE, targetUserId: BOB }]);
  t.match(bob.of('ice-candidate'), [{ candidate: candidate(1), fromUserId: ALICE }]);
  await bob.ask('webrtc-answer', { callId, answer: ANSWER, fromUserId: '@eve:example.org' });
  await bob.ask('ice-candidate', { callId, candidate: null });
  t.strictSame(page.take(), [from(BOB, answer), from(BOB, { type: 'ice-candidate', candidate: null })]);
  await page.signal(BOB, ice(2));
  t.match(bob.of('ice-candidate').at(-1), { candidate: candidate(2) });
  await bob.ask('end', { callId });
  t.strictSame(page.take(), [stopped(BOB)]);
  await page.signal(BOB, ice(3));
  t.strictSame(page.take(), [], 'late candidates are nobody’s fault');
  t.strictSame(test.failures, []);
});

await t.test('a Matrix user calls a page, which answers by itself', async (t) => {
  const { test, connectAlice } = await open(t, ['alice', 'bob']);
  const page = await connectAlice();
  const bob = await test.register('bob');
  const callId = await bob.dial();
  t.strictSame(page.take(), [], 'without an offer there is nothing to show');
  bob.send('webrtc-offer', { callId, offer: OFFER });
  bob.send('ice-candidate', { callId, candidate: candidate(1) });
  await settle();
  t.strictSame(page.take(), [from(BOB, offer, 'bob')]);
  await page.signal(BOB, answer);
  t.equal(bob.of('call-answered').length, 1);
  t.match(bob.of('webrtc-answer'), [{ answer, fromUserId: ALICE }]);
  t.strictSame(page.take(), [from(BOB, ice(1), 'bob')], 'not before it has answered');
  await page.signal(BOB, ice(2));
  t.match(bob.of('ice-candidate'), [{ candidate: candidate(2) }]);
  const renegotiation = { ...OFFER, sdp: 'v=0\r\na=more\r\n' };
  await bob.ask('webrtc-offer', { callId, offer: renegotiation });
  t.strictSame(page.take(), [from(BOB, renegotiation, 'bob')]);
  await page.signal(BOB, answer);
  t.equal(bob.of('webrtc-answer').length, 2);
  await page.signal(BOB, { type: 'bye' });
  t.match(bob.of('call-ended'), [{ endedBy: ALICE, reason: 'hangup' }]);
  t.strictSame(page.take(), [], 'it is told nothing of the end that it made');
});

await t.test('SDP is written as the page writes it, else as the others in its room do', async (t) => {
  const { test, connect, connectAlice } = await open(t, ['alice', 'bob']);
  const other = await connect('9');
  await other.signal('8', { type: 'offer', sdp: offer });
  const page = await connectAlice();
  const bob = await test.register('bob');
  const callId = await bob.dial();
  await bob.ask('webrtc-offer', { callId, offer: OFFER });
  t.strictSame(page.take(), [from(BOB, { type: 'offer', sdp: OFFER }, 'bob')]);
  await page.signal(BOB, answer);
  await bob.ask('webrtc-offer', { callId, offer: OFFER });
  t.strictSame(page.take(), [from(BOB, offer, 'bob')]);
  t.match(bob.of('webrtc-answer')[0]?.['answer'], answer, 'to others it is always a description');
});

await t.test('each end of a call that nobody answered is said to the page that made it', async (t) => {
  const cases = [
    ['declined the call', async ({ bob, callId }: Ringing) => void (await bob.ask('reject', { callId }))],
    ['did not answer', ({ test }: Ringing) => pass(test.clock, 60_000, 1_000)],
  ] as const;
  for (const [said, end] of cases) {
    const { test, connect, connectAlice } = await open(t);
    const page = await connectAlice();
    const bobsPage = await connect('2', { name: 'Bob', matrixId: BOB });
    await bobsPage.leave();
    page.take();
    const bob = await test.register('bob');
    await page.signal('2', offer);
    await end({ test, bob, callId: String(bob.of('incoming-call')[0]?.['callId']) });
    t.strictSame(page.take(), [error(`Bob ${said}`), stopped('2', 'Bob')]);
  }
});

interface Ringing {
  readonly test: Awaited<ReturnType<typeof open>>['test'];
  readonly bob: Awaited<ReturnType<Ringing['test']['register']>>;
  readonly callId: string;
}

await t.test('a callee who is away is offline at once, and one who talks is busy', async (t) => {
  const { test, connectAlice } = await open(t);
  const page = await connectAlice();
  await page.signal(BOB, offer);
  t.strictSame(page.take(), [error(`${BOB} is offline`), stopped(BOB)]);
  const bob = await test.register('bob');
  t.strictSame(bob.of('incoming-call'), [], 'it does not ring on');
  const carol = await test.register('carol');
  const callId = await carol.dial({ invitees: [BOB] });
  await bob.ask('answer', { callId });
  await page.signal(BOB, offer);
  t.strictSame(page.take(), [error(`${BOB} is busy`), stopped(BOB)]);
});

await t.test('every word for an end ends the call with its target, or cancels or declines it', async (t) => {
  for (const type of ['bye', 'hangup', 'end', 'reject', 'decline']) {
    const { test, connectAlice } = await open(t, ['alice', 'bob']);
    const page = await connectAlice();
    const bob = await test.register('bob');
    await page.signal(BOB, offer);
    await page.signal(BOB, { type });
    t.match(bob.of('call-ended'), [{ reason: 'cancelled' }], `${type} cancels`);
    const callId = await bob.dial();
    await bob.ask('webrtc-offer', { callId, offer: OFFER });
    await page.signal(BOB, { type });
    t.equal(bob.of('call-rejected').length, 1, `${type} declines`);
    t.match(page.take(), [{ type: 'webrtc-signal' }]);
  }
});

await t.test('whom a page calls besides comes into its call, once somebody has answered', async (t) => {
  const { test, connectAlice } = await open(t);
  const carolId = userId('carol');
  const page = await connectAlice();
  const bob = await test.register('bob');
  const carol = await test.register('carol');
  await page.signal(BOB, offer);
  await page.signal(carolId, offer);
  t.strictSame(page.take(), [error('Nobody has answered this call yet')]);
  const callId = bob.of('incoming-call')[0]?.['callId'];
  await bob.ask('answer', { callId });
  await page.signal(carolId, offer);
  await page.signal(carolId, ice(1));
  t.match(carol.of('incoming-call'), [{ callId, callerId: ALICE }]);
  await carol.ask('answer', { callId });
  t.match(carol.of('webrtc-offer'), [{ offer, fromUserId: ALICE, targetUserId: carolId }]);
  t.equal(carol.of('ice-candidate').length, 1);
  t.equal(bob.of('webrtc-offer').length, 1, 'what is for one is not for the other');
  await carol.ask('leave-call', { callId });
  t.strictSame(page.take(), [stopped(carolId)]);
});

await t.test('one who is asked into a call and declines is named, and the call goes on', async (t) => {
  const { test, connectAlice } = await open(t);
  const carolId = userId('carol');
  const page = await connectAlice();
  const bob = await test.register('bob');
  const carol = await test.register('carol');
  await page.signal(BOB, offer);
  const callId = bob.of('incoming-call')[0]?.['callId'];
  await bob.ask('answer', { callId });
  await page.signal(carolId, offer);
  await carol.ask('reject', { callId });
  t.strictSame(page.take(), [error(`${carolId} declined the call`), stopped(carolId)]);
  await page.signal(BOB, ice(1));
  t.equal(bob.of('ice-candidate').length, 1);
});

await t.test('a page that calls leaves the call into which it was called', async (t) => {
  const { test, connectAlice } = await open(t);
  const page = await connectAlice();
  const bob = await test.register('bob');
  const carol = await test.register('carol');
  const callId = await bob.dial({ invitees: [ALICE] });
  await bob.ask('webrtc-offer', { callId, offer: OFFER });
  await page.signal(BOB, answer);
  page.take();
  await page.signal(userId('carol'), offer);
  t.strictSame(page.take(), [stopped(BOB, 'bob')]);
  t.match(bob.of('call-ended'), [{ callId, reason: 'hangup' }]);
  t.equal(carol.of('incoming-call').length, 1);
});

await t.test('a page that stops its broadcast, or says bye to nobody, ends all its calls', async (t) => {
  for (const frame of [{ type: 'broadcast-stopped' }, { type: 'webrtc-signal', signal: { type: 'bye' } }]) {
    const { test, connectAlice } = await open(t);
    const page = await connectAlice();
    const bob = await test.register('bob');
    const carol = await test.register('carol');
    const callId = await carol.dial({ invitees: [ALICE] });
    await carol.ask('webrtc-offer', { callId, offer: OFFER });
    await page.signal(BOB, offer);
    page.take();
    page.send(frame);
    await settle();
    t.match(bob.of('call-ended'), [{ reason: 'cancelled' }]);
    t.match(carol.of('call-ended'), [{ reason: 'rejected' }]);
    t.strictSame(page.take(), []);
  }
});

await t.test('whoever is only a user of the room calls nobody outside of it', async (t) => {
  const { test, connect } = await open(t);
  const bob = await test.register('bob');
  const away = await connect('2', { matrixId: BOB });
  await away.leave();
  const page = await connect('1');
  page.take();
  for (const target of [BOB, '2', 'profile:tutor_1']) await page.signal(target, offer);
  t.strictSame(page.take(), Array<unknown>(3).fill(error('User not found')));
  t.strictSame(bob.of('incoming-call'), []);
});

await t.test('a page calls neither itself nor nonsense', async (t) => {
  const { connectAlice } = await open(t);
  const page = await connectAlice();
  for (const target of [ALICE, '1', 'nobody', '@', '@x', 'room:lobby/2', 'profile:tutor_1'])
    await page.signal(target, offer);
  for (const signal of [answer, ice(1), { type: 'bye' }, { type: 'other' }]) await page.signal(BOB, signal);
  t.strictSame(page.take(), Array<unknown>(11).fill(error('User not found')));
});

await t.test(
  'what is sent while it is found out whom a page may call goes out after the offer',
  async (t) => {
    const { test, connect } = await open(t);
    const bob = await test.register('bob');
    const answers: ((found: Found) => void)[] = [];
    const answerFind = (found: Found): void => answers.shift()?.(found);
    const outside = {
      roomId: '!room:example.org' as never,
      find: () => new Promise<Found>((resolve) => answers.push(resolve)),
    };
    const page = await connect(ALICE, { matrixId: ALICE, entrant: { outside } });
    page.take();
    await page.signal(BOB, offer);
    await page.signal(BOB, ice(1));
    t.strictSame(bob.of('incoming-call'), []);
    answerFind({ name: 'Bob B.' });
    await settle();
    const [rung] = bob.of('incoming-call');
    t.match(rung, { roomId: '!room:example.org', callerName: ALICE });
    await bob.ask('answer', { callId: rung?.['callId'] });
    t.equal(bob.of('webrtc-offer').length, 1);
    t.match(bob.of('ice-candidate'), [{ candidate: candidate(1) }]);
    await bob.ask('end', { callId: rung?.['callId'] });
    t.strictSame(page.take(), [stopped(BOB, 'Bob B.')]);

    await page.signal(BOB, offer);
    answerFind({ refused: 'IDENTITY_UNAVAILABLE' });
    await settle();
    const [refused] = page.take();
    t.equal(refused?.['type'], 'error');
    await page.signal(BOB, offer);
    for (let n = 0; n < 66; n += 1) page.send({ type: 'webrtc-signal', target_user_id: BOB, signal: ice(n) });
    t.strictSame(page.take(), [error('Too much negotiation waits for the other side')]);
    await page.signal(BOB, { type: 'bye' });
    answerFind({ name: undefined });
    await settle();
    t.equal(bob.of('incoming-call').length, 1, 'it was given up before it began');
    for (let n = 0; n < 9; n += 1) await page.signal(userId(`u${n}`), offer);
    t.strictSame(page.take(), [error('Too many calls in a short time')], 'eight are looked for at a time');
  },
);

await t.test('two who call each other at once: the page shows the call that stands', async (t) => {
  const { test, connectAlice } = await open(t, ['alice', 'bob']);
  const page = await connectAlice();
  const bobsPage = await openTestRooms(test).connect('2', { matrixId: BOB, room: 'elsewhere' });
  bobsPage.take();
  page.send({ type: 'webrtc-signal', target_user_id: BOB, signal: offer });
  bobsPage.send({ type: 'webrtc-signal', target_user_id: ALICE, signal: offer });
  await settle();
  t.strictSame(page.take(), []);
  t.strictSame(bobsPage.take(), [stopped(ALICE), from(ALICE, offer, 'Ann')]);
  await bobsPage.signal(ALICE, answer);
  t.strictSame(page.take(), [from(BOB, answer)]);
});

await t.test('a page is rung only if nothing else of its user can ring', async (t) => {
  const { test, connectAlice } = await open(t, ['alice', 'bob']);
  const page = await connectAlice();
  const phone = await test.register('alice');
  const bob = await test.register('bob');
  const callId = await bob.dial();
  await bob.ask('webrtc-offer', { callId, offer: OFFER });
  t.equal(phone.of('incoming-call').length, 1);
  t.strictSame(page.take(), []);
  await page.signal(BOB, answer);
  t.strictSame(page.take(), [error('User not found')], 'nor does it answer what it was not shown');
  t.strictSame(bob.of('call-answered'), []);
});

await t.test(
  'of two pages the one that answers has the call, and the other closes what it shows',
  async (t) => {
    const { test, connectAlice } = await open(t, ['alice', 'bob']);
    const one = await connectAlice();
    const two = await connectAlice();
    const bob = await test.register('bob');
    const callId = await bob.dial();
    await bob.ask('webrtc-offer', { callId, offer: OFFER });
    await one.signal(BOB, answer);
    await bob.ask('ice-candidate', { callId, candidate: candidate(1) });
    t.strictSame(one.take(), [from(BOB, offer, 'bob'), from(BOB, ice(1), 'bob')]);
    t.strictSame(two.take(), [from(BOB, offer, 'bob'), stopped(BOB, 'bob')]);
    await bob.ask('end', { callId });
    t.strictSame(one.take(), [stopped(BOB, 'bob')]);
    t.strictSame(two.take(), []);
  },
);

await t.test('in a call of several, each is answered by itself, and one that goes is closed', async (t) => {
  const { test, connectAlice } = await open(t);
  const page = await connectAlice();
  const bob = await test.register('bob');
  const carol = await test.register('carol');
  const carolId = userId('carol');
  const callId = await bob.dial();
  await carol.ask('answer', { callId });
  await bob.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: ALICE });
  await carol.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: ALICE });
  t.strictSame(page.take(), [from(BOB, offer, 'bob'), from(carolId, offer)]);
  await page.signal(BOB, answer);
  await page.signal(carolId, answer);
  t.match(bob.of('webrtc-answer'), [{ fromUserId: ALICE, targetUserId: BOB }]);
  t.match(carol.of('webrtc-answer'), [{ fromUserId: ALICE, targetUserId: carolId }]);
  page.take();
  await carol.ask('leave-call', { callId });
  t.strictSame(page.take(), [stopped(carolId)]);
  await bob.ask('end', { callId });
  t.strictSame(page.take(), [stopped(BOB, 'bob')]);
});

await t.test('what a call does not know is named, and between pages of a room is not', async (t) => {
  const { test, connectAlice } = await open(t);
  const page = await connectAlice();
  await test.register('bob');
  await page.signal(BOB, offer);
  await page.signal(BOB, { type: 'renegotiate' });
  t.strictSame(page.take(), [error('signal.type must be offer, answer, ice-candidate or bye')]);
});

await t.test('a page that comes back within the grace goes on with its call', async (t) => {
  const { test, connectAlice } = await open(t, ['alice', 'bob']);
  const page = await connectAlice();
  const bob = await test.register('bob');
  await page.signal(BOB, offer);
  const callId = bob.of('incoming-call')[0]?.['callId'];
  await bob.ask('answer', { callId });
  await bob.ask('webrtc-answer', { callId, answer: ANSWER });
  await page.leave();
  const back = await connectAlice();
  await bob.ask('ice-candidate', { callId, candidate: candidate(1) });
  t.match(back.take().at(-1), from(BOB, ice(1)));
  await back.signal(BOB, { type: 'bye' });
  t.match(bob.of('call-ended'), [{ reason: 'hangup' }]);
});
