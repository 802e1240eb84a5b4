// Calls between pages of the profile dialect, frame by frame as their contract writes them.

import t from 'tap';

import { pass, settle } from '../../../harness/hub.ts';
import { startProfiles } from '../../../harness/profile-hub.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee' };
const CANDIDATE = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** As the page of tutor 1 sends it to student 2. */
const INVITATION = {
  type: 'call_invitation',
  call_type: 'video',
  conversation_id: 17,
  from_profile_id: 1,
  from_profile_type: 'tutor',
  from_name: 'Tea Tutor',
  from_avatar: '/media/tea.png',
  to_profile_id: 2,
  to_profile_type: 'student',
  offer: OFFER,
};
const TO_STUDENT = { conversation_id: 17, from_profile_id: 1, to_profile_id: 2, to_profile_type: 'student' };
const TO_TUTOR = { conversation_id: 17, from_profile_id: 2, to_profile_id: 1, to_profile_type: 'tutor' };

void t.test('a call from the invitation to its end', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2', { name: 'Stu', avatar: '/media/stu.png' });
  t.strictSame(tutor.take(), [{ type: 'connection', status: 'connected', connection_key: 'tutor_1' }]);
  student.take();

  await tutor.send(INVITATION);
  const [invitation, ...more] = student.take();
  t.same(more, []);
  const { timestamp, ...told } = invitation ?? {};
  t.match(timestamp, ISO);
  t.strictSame(told, {
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: 17,
    from_profile_id: 1,
    from_profile_type: 'tutor',
    from_name: 'Tea Tutor',
    from_avatar: '/media/tea.png',
    offer: OFFER,
  });

  await tutor.send({ type: 'ice_candidate', ...TO_STUDENT, candidate: CANDIDATE });
  t.same(student.take(), [], 'while it rings it has nothing to give a candidate to');

  await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  t.strictSame(tutor.take(), [
    {
      type: 'call_answer',
      conversation_id: 17,
      from_profile_id: 2,
      from_profile_type: 'student',
      answer: ANSWER,
    },
  ]);
  t.strictSame(student.take(), [
    {
      type: 'ice_candidate',
      candidate: CANDIDATE,
      conversation_id: 17,
      from_profile_id: 1,
      from_profile_type: 'tutor',
    },
  ]);

  await student.send({ type: 'ice_candidate', ...TO_TUTOR, candidate: CANDIDATE });
  await student.send({ type: 'ice_candidate', candidate: null });
  t.strictSame(
    tutor.take().map(({ type, candidate }) => [type, candidate]),
    [
      ['ice_candidate', CANDIDATE],
      ['ice_candidate', null],
    ],
  );

  await tutor.send({ type: 'call_ended', ...TO_STUDENT, call_type: 'video' });
  t.strictSame(student.take(), [{ type: 'call_ended', conversation_id: 17 }]);
  t.same(tutor.take(), [], 'whoever ended it is told nothing');
  await student.send({ type: 'call_ended', ...TO_TUTOR });
  t.same([...tutor.take(), ...student.take()], [], 'nor is anybody of the echo of an end');
  t.same(test.failures, []);
});

void t.test('whoever is called can decline', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send(INVITATION);
  tutor.take();
  student.take();
  await student.send({ type: 'call_declined', ...TO_TUTOR });
  t.strictSame(tutor.take(), [{ type: 'call_declined', conversation_id: 17 }]);
  t.same(student.take(), []);
});

void t.test('whoever calls can cancel', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send({ ...INVITATION, call_type: 'audio' });
  t.match(student.take().at(-1), { type: 'call_invitation', call_type: 'audio' });
  await tutor.send({ type: 'call_cancelled', ...TO_STUDENT, call_type: 'audio' });
  t.strictSame(student.take(), [
    { type: 'call_cancelled', conversation_id: 17, call_type: 'audio' },
    { type: 'call_ended', conversation_id: 17 },
  ]);
});

void t.test('a word for cancelling in the first second of an answered call ends it', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send(INVITATION);
  await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  student.take();
  await tutor.send({ type: 'call_cancelled', ...TO_STUDENT, call_type: 'video' });
  t.strictSame(student.take(), [{ type: 'call_ended', conversation_id: 17 }]);
  t.match(test.committed.at(-1)?.call, { state: 'ended', endReason: 'hangup' });
});

void t.test('the ring deadline ends the call on both sides', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send(INVITATION);
  tutor.take();
  student.take();
  await pass(test.clock, 61_000, 1_000);
  t.strictSame(tutor.take(), [{ type: 'call_declined', conversation_id: 17, reason: 'no_answer' }]);
  t.same(student.types(), ['call_cancelled', 'call_ended']);
});

void t.test('somebody who is offline is told of the call later', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  tutor.take();
  await tutor.send(INVITATION);
  t.strictSame(tutor.take(), [{ type: 'call_declined', conversation_id: 17, reason: 'offline' }]);

  const student = await test.connectProfile('student_2');
  const [connection, missed, ...more] = student.take();
  t.match(connection, { type: 'connection' });
  const [call] = (missed?.['calls'] ?? []) as readonly Record<string, unknown>[];
  t.match(call?.['id'], /^[0-9a-f]{32}$/);
  t.match(call?.['initiated_at'], ISO);
  t.strictSame(missed, {
    type: 'missed_calls_notification',
    count: 1,
    calls: [
      {
        id: call?.['id'],
        caller_profile_id: 1,
        caller_profile_type: 'tutor',
        caller_name: 'Tea Tutor',
        caller_avatar: '/media/tea.png',
        status: 'missed',
        initiated_at: call?.['initiated_at'],
      },
    ],
  });
  t.same(more, []);
  await student.cut();
  const again = await test.connectProfile('student_2');
  t.same(again.types(), ['connection'], 'it is told once');
});

void t.test('two who call each other at once have one call', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  tutor.take();
  student.take();
  const back = { ...INVITATION, from_profile_id: 2, from_profile_type: 'student', from_name: 'Stu' };
  tutor.socket.push(JSON.stringify(INVITATION));
  student.socket.push(JSON.stringify({ ...back, to_profile_id: 1, to_profile_type: 'tutor' }));
  await settle();
  t.strictSame(
    student.take().map(({ type, reason }) => [type, reason]),
    [
      ['call_declined', 'glare'],
      ['call_invitation', undefined],
    ],
  );
  t.same(tutor.take(), []);
});

for (const state of ['ringing', 'dialling', 'talking'] as const)
  void t.test(`a second call to somebody who is ${state} is answered with busy`, async (t) => {
    const test = startProfiles(t);
    const tutor = await test.connectProfile('tutor_1');
    const student = await test.connectProfile('student_2');
    const parent = await test.connectProfile('parent_3');
    if (state === 'dialling')
      await student.send({ ...INVITATION, to_profile_id: 1, to_profile_type: 'tutor' });
    else await tutor.send(INVITATION);
    if (state === 'talking') await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
    student.take();
    parent.take();
    await parent.send({ ...INVITATION, conversation_id: 'c-9' });
    t.strictSame(parent.take(), [{ type: 'call_declined', conversation_id: 'c-9', reason: 'busy' }]);
    t.same(student.take(), [], 'what it shows is not overwritten');
  });
