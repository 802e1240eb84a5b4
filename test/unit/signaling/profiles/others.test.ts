// Calls between pages of the profile dialect and Matrix users, by the native protocol, and with a third person.

import t from 'tap';

import { ANSWER, OFFER, pass, settle, userId } from '../../../harness/hub.ts';
import { matrixUser, startProfiles } from '../../../harness/profile-hub.ts';

const CALLED_BACK = { to_profile_id: '@bob:example.org', to_profile_type: 'user' };
const INVITATION = { type: 'call_invitation', call_type: 'video', conversation_id: 17, offer: OFFER };

void t.test('a page calls a Matrix user, who answers', async (t) => {
  const test = startProfiles(t);
  const bob = await test.register('bob');
  const tutor = await test.connectProfile('tutor_1', { ...matrixUser('alice'), name: 'Alice' });
  tutor.take();
  await tutor.send({ ...INVITATION, to_user_id: userId('bob') });
  const [ring] = bob.of('incoming-call');
  t.match(ring, { callerName: 'Alice', callerId: userId('alice'), roomId: 'conversation:17' });
  const callId = ring?.['callId'];
  t.match(await bob.ask('answer', { callId }), { ok: true });
  t.match(await bob.ask('join-call', { callId }), { ok: true });
  t.match(bob.of('webrtc-offer').at(-1), { offer: OFFER, fromUserId: userId('alice') });
  await bob.ask('ice-candidate', { callId, candidate: null, targetUserId: 'all' });
  t.same(tutor.take(), [], 'a candidate waits for its description');
  await bob.ask('webrtc-answer', { callId, answer: ANSWER, targetUserId: userId('alice') });
  t.strictSame(tutor.take(), [
    {
      type: 'call_answer',
      conversation_id: 17,
      from_profile_id: userId('bob'),
      from_profile_type: 'user',
      answer: ANSWER,
    },
    {
      type: 'ice_candidate',
      candidate: null,
      conversation_id: 17,
      from_profile_id: userId('bob'),
      from_profile_type: 'user',
    },
  ]);
  await tutor.send({ type: 'ice_candidate', ...CALLED_BACK, candidate: 'c' });
  t.match(bob.of('ice-candidate').at(-1), { candidate: 'c' });
  await bob.ask('end', { callId });
  t.strictSame(tutor.take(), [{ type: 'call_ended', conversation_id: 17 }]);
});

void t.test('a Matrix user calls one whose page is open', async (t) => {
  const test = startProfiles(t);
  const bob = await test.register('bob');
  const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
  tutor.take();
  const callId = await bob.dial({ callType: 'voice' });
  t.same(tutor.take(), [], 'a page rings with the offer in its hands');
  await bob.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  const [ring, ...more] = tutor.take();
  const { timestamp, ...told } = ring ?? {};
  t.type(timestamp, 'string');
  t.strictSame(told, {
    type: 'call_invitation',
    call_type: 'voice',
    conversation_id: callId,
    from_profile_id: userId('bob'),
    from_profile_type: 'user',
    from_name: 'bob',
    from_avatar: null,
    offer: OFFER,
  });
  t.same(more, []);
  await tutor.send({ type: 'call_answer', conversation_id: callId, ...CALLED_BACK, answer: ANSWER });
  t.match(bob.of('call-answered').at(-1), { answeredBy: userId('alice') });
  t.match(bob.of('webrtc-answer').at(-1), { answer: ANSWER, fromUserId: userId('alice') });
  await tutor.send({ type: 'call_ended', conversation_id: callId });
  t.match(bob.of('call-ended').at(-1), { callId, reason: 'hangup' });
});

void t.test('without an offer a page rings all the same, and anew with it', async (t) => {
  const test = startProfiles(t);
  const bob = await test.register('bob');
  const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
  tutor.take();
  const callId = await bob.dial();
  await pass(test.clock, 2_500);
  t.match(tutor.take(), [{ type: 'call_invitation', offer: null }]);
  await bob.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  t.match(tutor.take(), [{ type: 'call_invitation', offer: OFFER }]);
});

void t.test('a Matrix user with a profile is shown as that, online or not', async (t) => {
  const test = startProfiles(t, { members: ['alice', 'bob'] });
  const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
  const parent = await test.connectProfile('parent_5', {
    ...matrixUser('bob'),
    name: 'Bob',
    avatar: '/b.png',
  });
  await parent.cut();
  tutor.take();
  const bob = await test.register('bob');
  const callId = await bob.dial();
  await bob.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  t.match(tutor.take(), [
    { from_profile_id: 5, from_profile_type: 'parent', from_name: 'Bob', from_avatar: '/b.png' },
  ]);
  await tutor.send({ type: 'call_answer', to_profile_id: 5, to_profile_type: 'parent', answer: ANSWER });
  t.match(bob.of('webrtc-answer').at(-1), { answer: ANSWER });
});

void t.test('a device that calls itself that of a profile is not shown as it', async (t) => {
  const test = startProfiles(t, { members: ['alice', 'bob'] });
  const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
  await test.connectProfile('parent_5', { name: 'Somebody else' });
  tutor.take();
  const bob = await test.register('bob', 'profile-parent_5');
  const callId = await bob.dial();
  await bob.ask('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  t.match(tutor.take(), [{ from_profile_id: userId('bob'), from_profile_type: 'user', from_name: 'bob' }]);
});

void t.test('descriptions after the first go whole, with what stands beside them', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1', { name: 'Tea' });
  const student = await test.connectProfile('student_2');
  await tutor.send({ ...INVITATION, to_profile_id: 2, to_profile_type: 'student' });
  await student.send({ type: 'call_answer', answer: ANSWER });
  tutor.take();
  student.take();
  const to = { to_profile_id: 2, to_profile_type: 'student' };
  await tutor.send({ type: 'webrtc_offer', ...to, offer: OFFER, call_type: 'video', is_renegotiation: true });
  t.strictSame(student.take(), [
    {
      type: 'webrtc_offer',
      conversation_id: 17,
      from_profile_id: 1,
      from_profile_type: 'tutor',
      from_name: 'Tea',
      from_avatar: null,
      ...to,
      offer: OFFER,
      call_type: 'video',
      is_renegotiation: true,
    },
  ]);
  await student.send({ type: 'webrtc_answer', answer: ANSWER, note: 1 });
  t.match(tutor.take(), [
    {
      type: 'webrtc_answer',
      from_profile_id: 2,
      to_profile_id: 1,
      to_profile_type: 'tutor',
      answer: ANSWER,
      note: 1,
    },
  ]);
  const idle = await test.connectProfile('student_2');
  idle.take();
  await tutor.send({ type: 'call_mode_switched', ...to, mode: 'voice', from_name: 'Mallory' });
  t.strictSame(student.take(), [
    {
      type: 'call_mode_switched',
      conversation_id: 17,
      from_profile_id: 1,
      from_profile_type: 'tutor',
      from_name: 'Tea',
      from_avatar: null,
      ...to,
      mode: 'voice',
    },
  ]);
  t.same([...idle.take(), ...tutor.take()], [], 'a tab that is not in the call is not told');
});

void t.test('a third person is invited by an offer, and then by name', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1', { name: 'Tea' });
  const student = await test.connectProfile('student_2');
  const parent = await test.connectProfile('parent_3');
  await tutor.send({ ...INVITATION, to_profile_id: 2, to_profile_type: 'student' });
  await student.send({ type: 'call_answer', answer: ANSWER });
  for (const page of [tutor, student, parent]) page.take();

  const to = { to_profile_id: 3, to_profile_type: 'parent' };
  tutor.socket.push(JSON.stringify({ type: 'call_offer', ...to, offer: OFFER, seat: 3 }));
  tutor.socket.push(JSON.stringify({ type: 'call_invite', ...to, from_name: 'Mallory', topic: 'maths' }));
  tutor.socket.push(JSON.stringify({ type: 'ice_candidate', ...to, candidate: 'c3' }));
  await settle();
  const from = { from_profile_id: 1, from_profile_type: 'tutor', from_name: 'Tea', from_avatar: null };
  const [offer, invitation, invite, ...more] = parent.take();
  t.strictSame(offer, { type: 'call_offer', conversation_id: 17, ...from, ...to, offer: OFFER, seat: 3 });
  t.strictSame(invitation, {
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: 17,
    ...from,
    offer: OFFER,
    timestamp: invitation?.['timestamp'],
    group_call: true,
  });
  t.strictSame(invite, { type: 'call_invite', conversation_id: 17, ...from, ...to, topic: 'maths' });
  t.same(more, []);
  t.same([...tutor.take(), ...student.take()], [], 'nobody else is rung, or told of an error');

  await parent.send({ type: 'call_answer', to_profile_id: 1, to_profile_type: 'tutor', answer: ANSWER });
  t.match(tutor.take(), [{ type: 'call_answer', from_profile_id: 3, from_profile_type: 'parent' }]);
  t.match(parent.take(), [{ type: 'ice_candidate', candidate: 'c3' }]);
  await parent.send({ type: 'webrtc_offer', to_profile_id: 2, to_profile_type: 'student', offer: OFFER });
  t.match(student.take(), [{ type: 'webrtc_offer', from_profile_id: 3 }]);
  await student.send({ type: 'webrtc_answer', to_profile_id: 3, to_profile_type: 'parent', answer: ANSWER });
  t.match(parent.take(), [{ type: 'webrtc_answer', from_profile_id: 2 }]);
  t.same(tutor.take(), [], 'what two of them agree is for them alone');
  await parent.send({ type: 'call_ended' });
  t.same([...tutor.types(), ...student.types()], [], 'the two go on');
});

void t.test('a third person who speaks another protocol is rung as by any call', async (t) => {
  const test = startProfiles(t);
  const bob = await test.register('bob');
  const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
  const student = await test.connectProfile('student_2');
  await tutor.send({ ...INVITATION, to_profile_id: 2, to_profile_type: 'student' });
  await student.send({ type: 'call_answer', answer: ANSWER });
  await student.send({ type: 'call_offer', to_profile_id: userId('bob'), offer: OFFER });
  t.match(student.take().at(-1), { type: 'error', code: 'forbidden' });
  await tutor.send({ type: 'call_offer', to_profile_id: userId('bob'), offer: OFFER });
  const callId = bob.of('incoming-call').at(-1)?.['callId'];
  await bob.ask('answer', { callId });
  await bob.ask('join-call', { callId });
  t.match(bob.of('webrtc-offer').at(-1), { offer: OFFER });
  await tutor.send({ type: 'call_offer', offer: OFFER });
  t.match(tutor.take().at(-1), { type: 'error', code: 'frame_malformed' });
});

void t.test('types of the application are passed on only if that is allowed', async (t) => {
  const closed = startProfiles(t);
  const page = await closed.connectProfile('tutor_1');
  await page.send({ type: 'typing', to_profile_id: 2, to_profile_type: 'student' });
  t.match(page.take().at(-1), { type: 'error', code: 'unknown_type' });

  const test = startProfiles(t, { relayUnknown: true });
  const tutor = await test.connectProfile('tutor_1', { name: 'Tea' });
  const [one, two] = [await test.connectProfile('student_2'), await test.connectProfile('student_2')];
  for (const tab of [tutor, one, two]) tab.take();
  const frame = {
    type: 'typing',
    conversation_id: 3,
    text: 'so',
    timestamp: 'now',
    from_profile_id: 9,
    sender_id: 9,
  };
  await tutor.send({ ...frame, to_student_profile_id: 2 });
  const told = {
    type: 'typing',
    conversation_id: 3,
    text: 'so',
    timestamp: 'now',
    from_profile_id: 1,
    from_profile_type: 'tutor',
    from_name: 'Tea',
    from_avatar: null,
    to_profile_id: 2,
    to_profile_type: 'student',
  };
  t.strictSame(one.take(), [told]);
  t.strictSame(two.take(), [told]);
  await one.send({ type: 'typing', to_profile_id: 2, to_profile_type: 'student' });
  t.same(one.take(), [], 'never back to its sender');
  t.same(two.types(), ['typing']);
  await one.send({ type: 'typing' });
  t.match(one.take(), [{ type: 'error', code: 'unknown_type' }]);
});

void t.test(
  'SDP that comes alone is told as a description, which is what pages hand to their browser',
  async (t) => {
    const test = startProfiles(t);
    const bob = await test.register('bob');
    const tutor = await test.connectProfile('tutor_1', matrixUser('alice'));
    const callId = await bob.dial({ callType: 'video' });
    await bob.ask('webrtc-offer', { callId, offer: OFFER.sdp, targetUserId: 'all' });
    t.match(tutor.take().at(-1), { type: 'call_invitation', offer: OFFER });
    await tutor.send({ type: 'call_answer', answer: ANSWER });
    await tutor.send({ type: 'webrtc_offer', offer: OFFER });
    await bob.ask('webrtc-answer', { callId, answer: ANSWER.sdp, targetUserId: userId('alice') });
    t.match(tutor.take().at(-1), { type: 'webrtc_answer', answer: ANSWER });
  },
);
