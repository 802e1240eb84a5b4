// What is special where dialects meet: pages that nobody has mapped to a Matrix user, pages that ring already, the two words for a voice call, and a group call that has every kind of client in it.

import t from 'tap';

import { shows } from '../harness/call-api.ts';
import { memberOf, sdpOf } from '../harness/callers/caller.ts';
import { candidateBy, ring, sdpBy, talk } from '../harness/callers/talk.ts';
import { wordsFor } from '../harness/callers/words.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';
import { registerNative } from '../harness/native-client.ts';
import { connectPage } from '../harness/page-client.ts';

t.setTimeout(60_000);

const world = await openWorld(t);
const { alice, bob, carol, roomId } = world;
const offer = { type: 'offer', sdp: sdpBy('nobody') };
const answer = { type: 'answer', sdp: sdpBy('somebody') };

await t.test('a page without a Matrix user calls pages, and no Matrix user', async (t) => {
  const place = await openPlace(t, world);
  const nobody = await connectPage(t, `${place.url}/ws/9/user`);
  const phone = await place.open('native', alice);
  const page = await place.openProfile(bob);
  const invitation = { type: 'call_invitation', call_type: 'video', offer };
  for (const [n, to] of [
    { to_user_id: alice.session.userId },
    { to_profile_id: alice.session.userId, to_profile_type: 'user' },
    { to_user_id: 'room:x/y' },
  ].entries()) {
    nobody.send({ ...invitation, conversation_id: `to a Matrix user ${n}`, ...to });
    t.match(await nobody.next('call_declined'), { conversation_id: `to a Matrix user ${n}` });
  }
  await phone.settle();
  t.notOk(phone.frames.some(({ type }) => type === 'incoming-call'));

  nobody.send({ ...invitation, conversation_id: 1, to_profile_id: 1, to_profile_type: 'tutor' });
  const rings = await page.nextRing();
  t.match(rings.invitation, { from_profile_id: 9, from_profile_type: 'user', from_name: 'Nobody' });
  await rings.answer(sdpBy('bob'));
  t.match(await nobody.next('call_answer'), { conversation_id: 1, from_profile_id: 1 });
  nobody.send({ type: 'call_ended', conversation_id: 1, to_profile_id: 1, to_profile_type: 'tutor' });
  t.equal(await rings.ended(), 'call_ended');

  const back = await page.ring(
    { person: { ...bob, profile: { id: 9, type: 'user' } }, dialect: 'profile' },
    sdpBy('bob'),
  );
  const { conversation_id: conversation } = await nobody.next('call_invitation');
  nobody.send({
    type: 'call_answer',
    conversation_id: conversation,
    to_profile_id: 1,
    to_profile_type: 'tutor',
    answer,
  });
  t.equal(await back.answered(), answer.sdp, 'and may be called back');
  await back.end();
  t.match(await nobody.next('call_ended'), { conversation_id: conversation });
  place.check(t);
});

for (const from of ['native', 'profile', 'room'] as const) {
  await t.test(`a page that rings shows no second call, by ${from}: its caller hears busy`, async (t) => {
    const place = await openPlace(t, world);
    const [first, page] = [await place.open('socketio', carol), await place.open('profile', bob)];
    const second = await place.open(from, alice);
    const outgoing = await ring(first, page);
    const incoming = await page.nextRing();
    const late = await ring(second, page);
    t.equal(await late.ended(), wordsFor(from, 'caller', 'busy'));
    t.equal(await incoming.answer(sdpBy('bob')), sdpBy('carol'), 'the first is still the one that it shows');
    t.equal(await outgoing.answered(), sdpBy('bob'));
    await incoming.end();
    await outgoing.ended();
    place.check(t);
  });
}

for (const to of ['native', 'profile'] as const) {
  await t.test(
    `a page says call_cancelled when it has just been answered by ${to}: it hangs up`,
    async (t) => {
      const place = await openPlace(t, world);
      const [page, peer] = [await place.openProfile(alice), await place.open(to, bob)];
      const { outgoing, incoming } = await talk(page, peer);
      await outgoing.cancel();
      t.equal(await incoming.ended(), wordsFor(to, 'callee', 'hangup'));
      const [atPage, atPeer] = [page.frames.length, peer.frames.length];
      // Late, as pages say it once more when their window closes.
      await outgoing.end();
      await outgoing.cancel();
      await peer.settle();
      t.strictSame(
        [...page.frames.slice(atPage), ...peer.frames.slice(atPeer)].filter(({ type }) => type !== 'pong'),
        [],
        'of a call that is over nobody hears more',
      );
      const again = await talk(page, peer);
      await again.incoming.end();
      t.equal(await again.outgoing.ended(), 'call_ended');
      place.check(t);
    },
  );
}

await t.test('a voice call is one in both worlds', async (t) => {
  const place = await openPlace(t, world);
  const [page, phone] = [
    await place.openProfile(alice),
    await registerNative(t, place.url, shows(bob.session)),
  ];
  for (const [n, word] of ['audio', 'voice'].entries()) {
    const line = page.line(`voice ${n}`, { to_user_id: bob.session.userId });
    line.say('call_invitation', { call_type: word, offer });
    const { callId, callType } = await phone.next('incoming-call');
    t.equal(callType, 'voice');
    await phone.ask('reject', { callId });
    t.equal(await line.ended(), 'call_declined');
  }
  const { callId } = await phone.ask('initiate', {
    roomId,
    callType: 'voice',
    invitees: [alice.session.userId],
  });
  phone.send('webrtc-offer', { callId, offer });
  const { call_type: shown } = (await page.nextRing()).invitation ?? {};
  t.ok(shown === 'audio' || shown === 'voice', String(shown));
  await phone.ask('end', { callId });
  place.check(t);
});

await t.test('a group call of a room: a phone calls, a profile and a room page come in', async (t) => {
  const place = await openPlace(t, world);
  const phone = await registerNative(t, place.url, shows(alice.session));
  const [profile, room] = [await place.openProfile(bob), await place.open('room', carol)];
  const { callId } = await phone.ask('initiate', { roomId, callType: 'video' });
  for (const { session } of [bob, carol])
    phone.send('webrtc-offer', {
      callId,
      targetUserId: session.userId,
      offer: { type: 'offer', sdp: sdpBy(`alice for ${session.userId}`) },
    });
  const byFrom = async (person: typeof bob): Promise<unknown> => {
    const isFrom = ({ type, fromUserId }: Readonly<Record<string, unknown>>): boolean =>
      type === 'webrtc-answer' && fromUserId === person.session.userId;
    await phone.next('webrtc-answer');
    return phone.frames.find(isFrom)?.['answer'];
  };
  const [atProfile, atRoom] = [await profile.nextRing(), await room.nextRing()];
  t.equal(await atProfile.answer(sdpBy('bob')), sdpBy(`alice for ${bob.session.userId}`));
  t.equal(sdpOf(await byFrom(bob)), sdpBy('bob'));
  t.equal(await atRoom.answer(sdpBy('carol')), sdpBy(`alice for ${carol.session.userId}`));
  t.equal(sdpOf(await byFrom(carol)), sdpBy('carol'));

  phone.send('ice-candidate', {
    callId,
    targetUserId: carol.session.userId,
    candidate: candidateBy('alice', 1),
  });
  t.strictSame(await atRoom.nextCandidate(), candidateBy('alice', 1));
  atProfile.sendCandidate(candidateBy('bob', 1));
  t.match(await phone.next('ice-candidate'), {
    fromUserId: bob.session.userId,
    candidate: candidateBy('bob', 1),
  });
  for (const page of [profile, room]) await page.settle();
  t.notOk(
    profile.frames.some((frame) => memberOf(frame, 'type') === 'ice_candidate'),
    'what is for one reaches nobody else',
  );

  await atProfile.end();
  t.match(await phone.next('user-left'), { userId: bob.session.userId, callId });
  atRoom.sendCandidate(candidateBy('carol', 1));
  t.match(await phone.next('ice-candidate'), { fromUserId: carol.session.userId }, 'the others go on');
  await phone.ask('end', { callId });
  t.equal(await atRoom.ended(), wordsFor('room', 'callee', 'hangup'));
  await profile.settle();
  t.equal(atProfile.told(), '', 'who has left hears no more of it');
  place.check(t);
});
