// What pages of the profile dialect cannot bear, or get wrong themselves: an end of another call, a second tab, a reload,
// frames that name nobody, and names that somebody has made up.

import t from 'tap';

import { matrixUser, startProfiles } from '../../../harness/profile-hub.ts';
import { pass } from '../../../harness/hub.ts';

const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee' };
const INVITATION = {
  type: 'call_invitation',
  call_type: 'voice',
  conversation_id: '17',
  to_profile_id: '2',
  to_profile_type: 'Student',
  offer: OFFER,
};
const TO_TUTOR = { to_profile_id: 1, to_profile_type: 'tutor' };

void t.test('of three tabs only the one that answered hears of the call', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const [one, two] = [await test.connectProfile('student_2'), await test.connectProfile('student_2')];
  await tutor.send(INVITATION);
  t.same(one.types(), ['connection', 'call_invitation']);
  t.same(two.types(), ['connection', 'call_invitation']);
  await one.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  t.same(two.types(), ['call_cancelled', 'call_ended'], 'the other tab stops');
  const three = await test.connectProfile('student_2');
  three.take();

  for (const late of ['call_declined', 'call_ended', 'call_cancelled'])
    for (const tab of [two, three]) {
      await tab.send({ type: late, conversation_id: '17', ...TO_TUTOR });
      await tab.send({ type: late, ...TO_TUTOR });
      await tab.send({ type: late });
    }
  await two.send({ type: 'call_answer', conversation_id: '17', ...TO_TUTOR, answer: ANSWER });
  await two.send({ type: 'ice_candidate', conversation_id: '17', ...TO_TUTOR, candidate: null });
  t.same(tutor.types(), ['connection', 'call_answer'], 'no late word of another tab counts');

  await tutor.send({ type: 'call_ended', conversation_id: '17' });
  t.same(one.types(), ['call_ended']);
  t.same([...two.take(), ...three.take()], [], 'nor is another tab told');
});

void t.test('an end is not told to somebody who shows another call', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  const parent = await test.connectProfile('parent_3');
  await tutor.send(INVITATION);
  await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  student.take();
  await parent.send({ ...INVITATION, conversation_id: 18 });
  await parent.send({
    type: 'call_cancelled',
    conversation_id: 18,
    to_profile_id: 2,
    to_profile_type: 'student',
  });
  await parent.send({
    type: 'call_ended',
    conversation_id: '17',
    to_profile_id: 2,
    to_profile_type: 'student',
  });
  t.same(student.take(), []);
  t.match(test.committed.at(-1)?.call.state, 'ended');
  t.equal(test.hub.calls.ofUser('profile:student_2' as never).length, 1, 'and its own call goes on');
});

void t.test(
  'after a reload the page is the device of its call, and a new invitation is a recall',
  async (t) => {
    const test = startProfiles(t);
    const tutor = await test.connectProfile('tutor_1');
    const student = await test.connectProfile('student_2');
    await tutor.send(INVITATION);
    await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
    tutor.take();
    await student.cut();
    await pass(test.clock, 5_000);
    const back = await test.connectProfile('student_2');
    t.same(back.types(), ['connection']);
    await pass(test.clock, 40_000, 5_000);
    t.same(tutor.take(), [], 'the grace is not over: it came back');
    await tutor.send({ type: 'ice_candidate', conversation_id: '17', candidate: null });
    t.same(back.types(), ['ice_candidate']);

    await back.send({ ...INVITATION, ...TO_TUTOR });
    t.same(tutor.types(), ['call_ended', 'call_invitation']);
    t.same(back.take(), [], 'the call that it has left is no news to it');
  },
);

void t.test('a caller whose socket was lost gets the answer on its next one', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send(INVITATION);
  await tutor.cut();
  await student.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  await pass(test.clock, 3_000);
  const back = await test.connectProfile('tutor_1');
  t.strictSame(back.take().at(-1), {
    type: 'call_answer',
    conversation_id: '17',
    from_profile_id: 2,
    from_profile_type: 'student',
    answer: ANSWER,
  });
});

void t.test('a page whose socket was lost while it rang is rung again, and can answer', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  await tutor.send(INVITATION);
  tutor.take();
  await student.cut();
  const back = await test.connectProfile('student_2');
  t.same(back.types(), ['connection', 'call_invitation']);
  await back.send({ type: 'call_answer', ...TO_TUTOR, answer: ANSWER });
  t.same(tutor.types(), ['call_answer']);
});

void t.test('nobody is believed who they are', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1', { name: 'The Tutor', avatar: '/t.png' });
  const student = await test.connectProfile('student_2');
  const forged = {
    from_profile_id: 99,
    from_profile_type: 'advertiser',
    from_name: 'Your Bank',
    from_avatar: 'https://bank.example/logo.png',
    from_user_id: 99,
  };
  student.take();
  await tutor.send({ ...INVITATION, ...forged });
  const own = {
    from_profile_id: 1,
    from_profile_type: 'tutor',
    from_name: 'The Tutor',
    from_avatar: '/t.png',
  };
  const [ring] = student.take();
  t.match(ring, own);
  t.notOk('from_user_id' in (ring ?? {}));
  await student.send({ type: 'call_answer', ...TO_TUTOR, ...forged, answer: ANSWER });
  t.match(tutor.take().at(-1), { from_profile_id: 2, from_profile_type: 'student' });
  await tutor.send({
    type: 'webrtc_offer',
    ...forged,
    user_id: 99,
    fromUserId: '@bank:example.org',
    offer: OFFER,
  });
  const [renegotiation] = student.take();
  t.match(renegotiation, own);
  t.notOk('fromUserId' in (renegotiation ?? {}) || 'user_id' in (renegotiation ?? {}));
  await student.send({ type: 'ice_candidate', ...forged, candidate: null });
  t.match(tutor.take().at(-1), { from_profile_id: 2, from_profile_type: 'student' });
});

void t.test('what a page says of itself is made fit to be shown', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  student.take();
  await tutor.send({ ...INVITATION, from_name: `\u202e${'x'.repeat(300)}\n`, from_avatar: 'java script:' });
  t.match(student.take().at(0), { from_name: 'x'.repeat(255), from_avatar: null });
});

void t.test('the callee is found by whichever name the page gives', async (t) => {
  const { to_profile_id: _id, to_profile_type: _type, ...bare } = INVITATION;
  for (const [key, to] of [
    ['student_2', { to_student_profile_id: 2 }],
    ['tutor_2', { to_tutor_profile_id: '2' }],
    ['user_2', { to_user_id: 2 }],
    ['parent_2', { to_profile_id: 2, to_profile_type: 'PARENT', to_user_id: 7 }],
  ] as const) {
    const test = startProfiles(t);
    const tutor = await test.connectProfile('tutor_1');
    const callee = await test.connectProfile(key);
    await tutor.send({ ...bare, ...to });
    t.same(callee.types(), ['connection', 'call_invitation'], key);
  }
});

void t.test('a call without a conversation is one call all the same', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  const { conversation_id: _id, ...bare } = INVITATION;
  await tutor.send(bare);
  await tutor.send(bare);
  t.same(student.types(), ['connection', 'call_invitation', 'call_invitation'], 'the newer offer is shown');
  t.equal(test.hub.calls.ofUser('profile:student_2' as never).length, 1);
  await student.send({ type: 'call_answer', answer: ANSWER });
  t.same(tutor.types(), ['connection', 'call_answer']);
  await student.send({ type: 'call_ended' });
  t.same(tutor.types(), ['call_ended']);
});

void t.test('a page that is no Matrix user can call none by its id, nor itself', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const bob = await test.register('bob');
  tutor.take();
  const { to_profile_type: _type, ...bare } = INVITATION;
  for (const to of [
    { to_profile_id: '@bob:example.org' },
    { to_profile_id: null, to_user_id: '@bob:example.org' },
  ])
    await tutor.send({ ...bare, ...to });
  await tutor.send({ ...bare, to_profile_id: 'room:lobby/7' });
  await tutor.send({ ...INVITATION, ...TO_TUTOR });
  await tutor.send({ ...bare, to_profile_id: 'profile:tutor_1' });
  t.same(
    tutor.take().map(({ type, reason }) => [type, reason]),
    [
      ['call_declined', 'forbidden'],
      ['call_declined', 'forbidden'],
      ['call_declined', 'forbidden'],
      ['call_declined', 'self'],
      ['call_declined', 'self'],
    ],
  );
  t.same(bob.told, []);
});

void t.test(
  'a store that fails keeps a profile from being called under a wrong address, and no more',
  async (t) => {
    const test = startProfiles(t);
    const tutor = await test.connectProfile('tutor_1');
    const student = await test.connectProfile('student_2', matrixUser('bob'));
    await student.cut();
    tutor.take();
    test.gate.isFailing = true;
    await tutor.send(INVITATION);
    await tutor.send({ type: 'ping' });
    t.strictSame(tutor.take(), [
      { type: 'call_declined', conversation_id: '17', reason: 'store_unavailable' },
      { type: 'pong' },
    ]);
  },
);

void t.test('a frame that cannot be read is answered, and closes nothing', async (t) => {
  const test = startProfiles(t, { framesPerSecond: 10_000 });
  const tutor = await test.connectProfile('tutor_1');
  tutor.take();
  for (const bad of ['[]', 'nonsense', '{"type":7}', '{"type":"call_invitation"}', '{"type":"whatever"}'])
    await tutor.send(bad);
  t.same(
    tutor.take().map(({ type, code }) => [type, code]),
    [
      ['error', 'frame_malformed'],
      ['error', 'frame_malformed'],
      ['error', 'frame_malformed'],
      ['error', 'frame_malformed'],
      ['error', 'unknown_type'],
    ],
  );
  t.equal(tutor.socket.closedWith, undefined);
  for (let i = 0; i < 21; i += 1) await tutor.send('nonsense');
  t.match(tutor.socket.closedWith, { code: 4002 });
});

void t.test('frames of calls that the page does not show are ignored', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  tutor.take();
  student.take();
  for (const type of ['call_declined', 'call_cancelled', 'call_ended', 'call_mode_switched', 'call_invite'])
    await tutor.send({ type, conversation_id: 3, to_profile_id: 2, to_profile_type: 'student' });
  await tutor.send({ type: 'call_answer', conversation_id: 3, answer: ANSWER });
  await tutor.send({ type: 'ice_candidate', candidate: null });
  await tutor.send({ type: 'webrtc_offer', offer: OFFER });
  await tutor.send({ type: 'call_offer', offer: OFFER, to_profile_id: 2, to_profile_type: 'student' });
  t.same([...tutor.take(), ...student.take()], []);
});
