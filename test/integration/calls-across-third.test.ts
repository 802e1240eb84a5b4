// A third person for the call of two profiles: its page sends `call_offer` before `call_invite`, both without naming the
// conversation. Who comes in may be a profile or a client of another dialect; who leaves ends nothing for the others.

import t from 'tap';

import { candidateBy, sdpBy, talk } from '../harness/callers/talk.ts';
import { openPlace, openWorld, shownName } from '../harness/callers/world.ts';

t.setTimeout(60_000);

const world = await openWorld(t);
const { alice, bob, carol } = world;
const offer = { type: 'offer', sdp: sdpBy('alice') };
const fromAlice = { from_profile_id: alice.profile.id, from_profile_type: alice.profile.type };

await t.test('who is a profile', async (t) => {
  const place = await openPlace(t, world);
  const [one, two, three] = [
    await place.openProfile(alice),
    await place.openProfile(bob),
    await place.openProfile(carol),
  ];
  const { outgoing, incoming } = await talk(one, two);
  const conversation = two.frames.find(({ type }) => type === 'call_invitation')?.['conversation_id'];
  const to = { to_profile_id: carol.profile.id, to_profile_type: carol.profile.type };
  one.client.send({ type: 'call_offer', ...fromAlice, ...to, offer });
  one.client.send({ type: 'call_invite', ...fromAlice, ...to, call_type: 'video' });

  const known = {
    conversation_id: conversation,
    ...fromAlice,
    from_name: shownName(alice),
  };
  t.match(await three.inbox.next('call_offer'), { ...known, offer });
  const invitation = await three.inbox.next('call_invitation');
  t.match(invitation, { ...known, call_type: 'video', group_call: true, offer });
  t.match(await three.inbox.next('call_invite'), known);
  const third = three.line(
    conversation,
    { to_profile_id: alice.profile.id, to_profile_type: alice.profile.type },
    invitation,
  );
  t.equal(await third.answer(sdpBy('carol')), sdpBy('alice'));
  t.match(await one.inbox.next('call_answer'), {
    conversation_id: conversation,
    from_profile_id: carol.profile.id,
    from_profile_type: carol.profile.type,
    answer: { type: 'answer', sdp: sdpBy('carol') },
  });
  third.sendCandidate(candidateBy('carol', 1));
  t.match(await one.inbox.next('ice_candidate'), {
    from_profile_id: carol.profile.id,
    candidate: candidateBy('carol', 1),
  });
  one.client.send({ type: 'ice_candidate', ...fromAlice, ...to, candidate: candidateBy('alice', 9) });
  t.strictSame(await third.nextCandidate(), candidateBy('alice', 9), 'to whom it names');
  outgoing.sendCandidate(candidateBy('alice', 8));
  t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 8));

  await third.end();
  outgoing.sendCandidate(candidateBy('alice', 7));
  t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 7), 'the two go on');
  for (const page of [one, two]) await page.settle();
  t.equal(outgoing.told() + incoming.told(), '', 'and are not told to stop');
  await incoming.end();
  t.equal(await outgoing.ended(), 'call_ended');
  t.equal(third.told(), '', 'who left hears no more of it');
  place.check(t);
});

await t.test('who uses Socket.IO', async (t) => {
  const place = await openPlace(t, world);
  const [one, two] = [await place.openProfile(alice), await place.openProfile(bob)];
  const three = await place.open('socketio', carol);
  const { outgoing, incoming } = await talk(one, two);
  const to = { to_user_id: carol.session.userId };
  one.client.send({ type: 'call_offer', ...fromAlice, ...to, offer });
  one.client.send({ type: 'call_invite', ...fromAlice, ...to, call_type: 'video' });

  const third = await three.nextRing();
  t.equal(third.from, alice.session.userId);
  t.equal(await third.answer(sdpBy('carol')), sdpBy('alice'));
  const isByCarol = ({ from_profile_id: from }: Readonly<Record<string, unknown>>): boolean =>
    from === carol.session.userId;
  t.match(await one.inbox.next('call_answer', isByCarol), {
    answer: { type: 'answer', sdp: sdpBy('carol') },
  });
  third.sendCandidate(candidateBy('carol', 1));
  t.match(await one.inbox.next('ice_candidate', isByCarol), { candidate: candidateBy('carol', 1) });

  await outgoing.end();
  t.equal(await incoming.ended(), 'call_ended', 'it was the call of the one who called');
  t.equal(await third.ended(), 'call-ended hangup');
  place.check(t);
});

await t.test('who declines: the two go on', async (t) => {
  const place = await openPlace(t, world);
  const [one, two] = [await place.openProfile(alice), await place.openProfile(bob)];
  const three = await place.openProfile(carol);
  const { outgoing, incoming } = await talk(one, two);
  const to = { to_profile_id: carol.profile.id, to_profile_type: carol.profile.type };
  one.client.send({ type: 'call_offer', ...fromAlice, ...to, offer });
  one.client.send({ type: 'call_invite', ...fromAlice, ...to, call_type: 'video' });
  await (await three.nextRing()).decline();
  outgoing.sendCandidate(candidateBy('alice', 1));
  t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1));
  incoming.sendCandidate(candidateBy('bob', 1));
  t.strictSame(await outgoing.nextCandidate(), candidateBy('bob', 1));
  t.equal(outgoing.told() + incoming.told(), '');
  await outgoing.end();
  t.equal(await incoming.ended(), 'call_ended');
  place.check(t);
});
