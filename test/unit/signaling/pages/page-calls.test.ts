// The calls of a page, with a hub whose answers the test gives: what waits for an id, what is shown when, what is not told.

import t, { type Test } from 'tap';

import type { CallId, DeviceId, RoomId, UserId } from '../../../../src/matrix/ids.ts';
import type { IncomingCall, Negotiation } from '../../../../src/protocol/messages.ts';
import type { Intent } from '../../../../src/protocol/requests.ts';
import type { Answer } from '../../../../src/signaling/channel.ts';
import { LiveCalls } from '../../../../src/signaling/live-calls.ts';
import type { PageView } from '../../../../src/signaling/pages/page-call.ts';
import { PageCalls } from '../../../../src/signaling/pages/page-calls.ts';
import { ended, ringingCall, START_MS } from '../../../contract/calls.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const BOB = '@bob:example.org' as UserId;
const CAROL = '@carol:example.org' as UserId;
const ROOM = 'conversation:7' as RoomId;
const ONE = '1'.repeat(32) as CallId;
const TWO = '2'.repeat(32) as CallId;
const OFFER = { type: 'offer', sdp: 'v=0\r\n' };

function open(
  t: Test,
  { showsOne = true, matrixRoomId }: { showsOne?: boolean; matrixRoomId?: RoomId } = {},
) {
  const live = new LiveCalls();
  const clock = new TestClock(START_MS);
  const shown: unknown[] = [];
  const asked: { readonly intent: Intent; readonly answer: Answer }[] = [];
  const view: PageView = {
    ring: (call, offer) => void shown.push(['ring', call.callId, offer?.['offer']]),
    negotiated: (call, { type }) => void shown.push(['negotiated', call.callId, type]),
    over: (call, ending) => void shown.push(['over', call.callId, ending.reason, ending.wasActive]),
    refused: (_call, code) => void shown.push(['refused', code]),
    failed: (_call, code) => void shown.push(['failed', code]),
  };
  const calls = new PageCalls({
    userId: BOB,
    deviceId: 'profile-tutor_1' as DeviceId,
    live,
    clock,
    view,
    ringsLast: false,
    matrixRoomId,
    showsOne,
  });
  calls.own({ asked: (intent, answer) => void asked.push({ intent, answer }), closed: () => undefined });
  t.teardown(() => calls.stop());
  /** What was asked since the last time. */
  const take = (): readonly { readonly intent: Intent; readonly answer: Answer }[] => asked.splice(0);
  const note = (callId: CallId): void => live.note({ ...ringingCall(1), callId });
  return { calls, live, clock, shown, take, note };
}

function incoming(callId: CallId, from = CAROL): IncomingCall {
  const base = { type: 'incoming-call', callType: 'video', roomId: ROOM, callerName: 'Carol' } as const;
  const rest = { iceServers: [], baseUrl: 'https://example.org', expiresAt: START_MS + 30_000 };
  return { ...base, ...rest, callId, initiatorId: from, callerId: from };
}

function offerOf(callId: CallId): Negotiation {
  return { type: 'webrtc-offer', callId, fromUserId: CAROL, targetUserId: BOB, offer: OFFER };
}

const NEW_CALL = {
  calleeId: CAROL,
  roomId: ROOM,
  callType: 'video',
  callerName: 'Bob',
  offer: OFFER,
} as const;

void t.test('what a page sends before its call has an id goes out after it, in order', async (t) => {
  const { calls, take, note } = open(t);
  calls.begin(NEW_CALL);
  const [call] = calls.all;
  if (call === undefined) throw new Error('the page has no call');
  calls.negotiate(call, { kind: 'candidate', body: 'c1' });
  const [dial] = take();
  t.match(dial?.intent, {
    type: 'dial',
    calleeId: CAROL,
    roomId: ROOM,
    callType: 'video',
    callerName: 'Bob',
  });
  note(ONE);
  dial?.answer({ kind: 'done', members: { callId: ONE } });
  calls.negotiate(call, { kind: 'candidate', body: 'c2' });
  t.match(
    take().map(({ intent }) => intent),
    [
      { type: 'negotiate', callId: ONE, kind: 'offer', body: OFFER, target: CAROL },
      { type: 'negotiate', kind: 'candidate', body: 'c1' },
      { type: 'negotiate', kind: 'candidate', body: 'c2' },
    ],
  );
});

void t.test('too much before the id is refused, and the call goes on', async (t) => {
  const { calls, shown } = open(t);
  calls.begin(NEW_CALL);
  const [call] = calls.all;
  if (call === undefined) throw new Error('the page has no call');
  for (let i = 0; i < 70; i += 1) calls.negotiate(call, { kind: 'candidate', body: `c${i}` });
  t.equal(shown.length, 6, 'sixty-four candidates wait');
  t.strictSame(shown[0], ['failed', 'CALL_NEGOTIATION_EXCEEDED']);
  t.equal(calls.all.length, 1);
});

void t.test('a page that dials without end, taking each back, is held to a few', async (t) => {
  const { calls, shown, take } = open(t);
  for (let i = 0; i < 10; i += 1) {
    calls.begin(NEW_CALL);
    for (const call of calls.all) calls.end(call);
  }
  const asked = take();
  t.equal(asked.length, 4);
  const refused = ['refused', 'CALL_RATE_EXCEEDED'];
  t.strictSame(shown, [refused, refused, refused, refused, refused, refused]);
  for (const { answer } of asked) answer({ kind: 'refused', code: 'STORE_UNAVAILABLE', text: '' });
  calls.begin(NEW_CALL);
  t.equal(take().length, 1, 'and may dial again when they are answered');
});

void t.test('a call that the page gave up before it had an id is ended when it has', async (t) => {
  const { calls, take } = open(t);
  calls.begin(NEW_CALL);
  const [call] = calls.all;
  if (call === undefined) throw new Error('the page has no call');
  calls.end(call);
  const [dial] = take();
  dial?.answer({ kind: 'done', members: { callId: ONE } });
  t.match(take(), [{ intent: { type: 'end', callId: ONE } }]);
});

void t.test('an end that is told before the id is told after it', async (t) => {
  const { calls, shown, take } = open(t);
  calls.begin(NEW_CALL);
  calls.message({ type: 'call-ended', callId: ONE, endedBy: 'system', reason: 'busy' });
  t.strictSame(shown, []);
  take()[0]?.answer({ kind: 'done', members: { callId: ONE } });
  t.strictSame(shown, [['over', ONE, 'busy', false]]);
  t.strictSame(calls.all, []);
});

void t.test('nobody there: the page is told, and the call ends', async (t) => {
  const { calls, shown, take, note } = open(t);
  calls.begin(NEW_CALL);
  note(ONE);
  take()[0]?.answer({ kind: 'done', members: { callId: ONE } });
  take();
  calls.unreachable(ONE);
  t.strictSame(shown, [['over', ONE, 'offline', false]]);
  t.match(take(), [{ intent: { type: 'end', callId: ONE } }]);
  calls.message({ type: 'call-ended', callId: ONE, endedBy: BOB, reason: 'cancelled' });
  t.equal(shown.length, 1, 'of what it ended itself it hears no more');
});

void t.test('it rings with the offer, or without after a while, and anew with a later one', async (t) => {
  const { calls, clock, shown, note } = open(t);
  note(ONE);
  calls.message(incoming(ONE));
  t.strictSame(shown, []);
  const offer = offerOf(ONE);
  calls.offered(offer);
  calls.offered(offer);
  t.strictSame(shown, [['ring', ONE, OFFER]], 'the same offer is shown once');
  clock.advance(5_000);
  t.equal(shown.length, 1);
  calls.offered(offerOf(ONE));
  t.equal(shown.length, 2);

  const other = open(t);
  other.note(ONE);
  other.calls.message(incoming(ONE));
  other.clock.advance(2_000);
  t.strictSame(other.shown, [['ring', ONE, undefined]]);
  other.calls.offered(offerOf(ONE));
  t.strictSame(other.shown.at(-1), ['ring', ONE, OFFER]);
});

void t.test('the offer that was shown is not delivered again; a newer one and candidates are', async (t) => {
  const { calls, shown, take, note } = open(t);
  note(ONE);
  calls.message(incoming(ONE));
  const offer = offerOf(ONE);
  calls.offered(offer);
  const [call] = calls.all;
  if (call === undefined) throw new Error('the page has no call');
  calls.answer(call, { type: 'answer', sdp: 'v=0' });
  t.match(
    take().map(({ intent }) => intent),
    [
      { type: 'answer', callId: ONE },
      { type: 'negotiate', kind: 'answer', target: CAROL },
    ],
  );
  calls.message(offer);
  calls.message({ ...offerOf(ONE), type: 'ice-candidate' });
  calls.message(offerOf(ONE));
  t.strictSame(shown.slice(1), [
    ['negotiated', ONE, 'ice-candidate'],
    ['negotiated', ONE, 'webrtc-offer'],
  ]);
});

void t.test('an answer that comes too late ends the call for the page', async (t) => {
  const { calls, shown, take, note } = open(t);
  note(ONE);
  calls.message(incoming(ONE));
  calls.offered(offerOf(ONE));
  const [call] = calls.all;
  if (call === undefined) throw new Error('the page has no call');
  calls.answer(call, undefined);
  take()[0]?.answer({ kind: 'refused', code: 'CALL_ANSWERED_ELSEWHERE', text: '' });
  t.strictSame(shown.at(-1), ['over', ONE, 'answered_elsewhere', true]);
  t.strictSame(calls.all, []);
});

void t.test('glare: the page is refused first, and the other call rings after that', async (t) => {
  const { calls, shown, take, note } = open(t);
  calls.begin(NEW_CALL);
  note(TWO);
  t.notOk(calls.isEngagedBesides(TWO), 'a call that is being made may yield');
  calls.message(incoming(TWO));
  calls.offered(offerOf(TWO));
  t.strictSame(shown, [], 'which of the two it shall show is not known yet');
  take()[0]?.answer({ kind: 'refused', code: 'CALL_GLARE', text: '', members: { callId: TWO } });
  t.strictSame(shown, [
    ['refused', 'CALL_GLARE'],
    ['ring', TWO, OFFER],
  ]);
});

void t.test('a call that came in while another was made is declined', async (t) => {
  const { calls, shown, take, note } = open(t);
  calls.begin(NEW_CALL);
  note(ONE);
  note(TWO);
  calls.message(incoming(TWO));
  calls.offered(offerOf(TWO));
  take()[0]?.answer({ kind: 'done', members: { callId: ONE } });
  t.match(
    take().map(({ intent }) => intent),
    [
      { type: 'negotiate', callId: ONE, kind: 'offer' },
      { type: 'reject', callId: TWO },
    ],
  );
  t.strictSame(shown, []);
  t.ok(calls.isEngagedBesides(TWO));
  t.notOk(calls.isEngagedBesides(ONE));
});

void t.test(
  'dialled again while it rings, it is one call; replaced by itself, it ends in silence',
  async (t) => {
    const { calls, shown, take, note } = open(t);
    note(ONE);
    calls.begin(NEW_CALL);
    take()[0]?.answer({ kind: 'done', members: { callId: ONE } });
    calls.begin(NEW_CALL);
    t.match(take().at(-1)?.intent, { type: 'dial' });
    take();
    calls.message({ type: 'call-ended', callId: ONE, endedBy: BOB, reason: 'replaced' });
    t.strictSame(shown, []);
    t.equal(calls.all.length, 1);
  },
);

void t.test('a page that rings and dials somebody else shows what it dials', async (t) => {
  const { calls, shown, take, note } = open(t);
  note(TWO);
  calls.message(incoming(TWO));
  calls.offered(offerOf(TWO));
  calls.begin(NEW_CALL);
  note(ONE);
  take()[0]?.answer({ kind: 'done', members: { callId: ONE } });
  t.match(take().at(-1), { intent: { type: 'reject', callId: TWO } });
  calls.message({ type: 'call-ended', callId: TWO, endedBy: CAROL, reason: 'cancelled' });
  t.strictSame(shown, [['ring', TWO, OFFER]], 'the end of the other is not told');
});

void t.test('nothing is shown of a call of which the page was not told', async (t) => {
  const { calls, shown } = open(t);
  calls.message({ type: 'call-ended', callId: ONE, endedBy: CAROL, reason: 'hangup' });
  calls.message(offerOf(ONE));
  calls.offered(offerOf(ONE));
  t.strictSame(shown, []);
});

void t.test("a call that is over for all is in nobody's way", async (t) => {
  const { calls, live, note } = open(t);
  note(ONE);
  calls.message(incoming(ONE));
  t.ok(calls.isEngagedBesides(TWO));
  live.note({ ...ended(ringingCall(1), 'hangup'), callId: ONE });
  t.notOk(calls.isEngagedBesides(TWO), 'although nobody told it of the end');
  t.strictSame(calls.all, []);
});

void t.test(
  'a page of a Matrix room is for calls of that room, and for those of no Matrix room',
  async (t) => {
    const own = '!own:example.org' as RoomId;
    const other = '!other:example.org' as RoomId;
    const { calls } = open(t, { matrixRoomId: own });
    t.strictSame(
      [own, other, ROOM].map((roomId) => calls.isFor(roomId)),
      [true, false, true],
    );
    t.strictSame(
      [own, other, ROOM].map((roomId) => open(t).calls.isFor(roomId)),
      [true, true, true],
    );
  },
);
