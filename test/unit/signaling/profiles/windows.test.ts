// The windows of one page: which of them goes on with its call when another opens, closes or loses its connection.

import t, { type Test } from 'tap';

import { pass } from '../../../harness/hub.ts';
import { startProfiles, type ProfileClient, type TestProfiles } from '../../../harness/profile-hub.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee' };
const CANDIDATE = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };

interface Talk {
  readonly test: TestProfiles;
  readonly tutor: ProfileClient;
  readonly student: ProfileClient;
}

/** tutor_1 and student_2, one window each, in a call; all that was told of it is taken. */
async function talk(t: Test): Promise<Talk> {
  const test = startProfiles(t);
  const [tutor, student] = [await test.connectProfile('tutor_1'), await test.connectProfile('student_2')];
  await tutor.send({
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: 7,
    to_profile_id: 2,
    to_profile_type: 'student',
    offer: OFFER,
  });
  await student.send({ type: 'call_answer', conversation_id: 7, answer: ANSWER });
  t.strictSame(tutor.types(), ['connection', 'call_answer']);
  t.strictSame(student.types(), ['connection', 'call_invitation']);
  return { test, tutor, student };
}

void t.test(
  'the window of the call is closed: another that is open does not keep the call alive',
  async (t) => {
    const { test, tutor, student } = await talk(t);
    const idle = await test.connectProfile('student_2');
    t.equal(student.socket.probes, 1, 'the older one is asked whether it is there');
    await pass(test.clock, 10_000);
    await student.cut();
    await pass(test.clock, 25_000);
    t.strictSame(tutor.types(), [], 'for a while it may come back');
    await pass(test.clock, 6_000);
    t.strictSame(tutor.types(), ['call_ended']);
    t.strictSame(idle.types(), ['connection'], 'the idle window hears nothing of it');
  },
);

void t.test(
  'the page comes back before its broken connection was noticed, and goes on with its call',
  async (t) => {
    const { test, tutor, student } = await talk(t);
    const back = await test.connectProfile('student_2');
    await student.cut();
    await tutor.send({ type: 'ice_candidate', conversation_id: 7, candidate: CANDIDATE });
    t.strictSame(back.types(), ['connection', 'ice_candidate']);
    await tutor.send({ type: 'call_ended', conversation_id: 7 });
    t.strictSame(back.types(), ['call_ended']);
  },
);

void t.test('another window is opened, and soon after it that of the call is closed', async (t) => {
  const { test, tutor, student } = await talk(t);
  student.socket.answersProbes = true;
  const idle = await test.connectProfile('student_2');
  await student.cut();
  await pass(test.clock, 31_000);
  t.strictSame(tutor.types(), ['call_ended'], 'it was not the same window with a new socket');
  t.strictSame(idle.types(), ['connection']);
});

void t.test(
  'the page comes back after its connection was lost, beside another window of its own',
  async (t) => {
    const { test, tutor, student } = await talk(t);
    const idle = await test.connectProfile('student_2');
    await pass(test.clock, 10_000);
    await student.cut();
    await pass(test.clock, 5_000);
    const back = await test.connectProfile('student_2');
    await pass(test.clock, 60_000);
    t.strictSame(tutor.types(), [], 'nobody was lost');
    await tutor.send({ type: 'call_ended', conversation_id: 7 });
    t.strictSame(back.types(), ['connection', 'call_ended']);
    t.strictSame(idle.types(), ['connection']);
  },
);
