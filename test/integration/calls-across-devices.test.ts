// Users with more than one window or phone, across dialects: who rings, who is told that another took the call, two who
// call each other at once, and a page that is loaded anew in the middle of a call.

import t from 'tap';

import { openRoom } from '../harness/callers/room.ts';
import { candidateBy, ring, sdpBy, talk } from '../harness/callers/talk.ts';
import { wordsFor } from '../harness/callers/words.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const CONVERSATION = 77;
const world = await openWorld(t);
const { alice, bob, carol } = world;

for (const from of ['native', 'profile'] as const) {
  await t.test(`${from} calls somebody with a page and a phone: one answers, the other stops`, async (t) => {
    const place = await openPlace(t, world);
    const caller = await place.open(from, alice);
    const phone = await place.open('socketio', bob);
    const page = await place.open('profile', bob);

    for (const [taker, other] of [
      [phone, page],
      [page, phone],
    ] as const) {
      const outgoing = await ring(caller, other);
      const [taken, silenced] = [await taker.nextRing(), await other.nextRing()];
      t.equal(await taken.answer(sdpBy('bob')), sdpBy('alice'));
      t.equal(await outgoing.answered(), sdpBy('bob'));
      t.equal(await silenced.ended(), wordsFor(other.dialect, 'callee', 'elsewhere'));
      const heard = other.frames.length;
      outgoing.sendCandidate(candidateBy('alice', 1));
      t.strictSame(await taken.nextCandidate(), candidateBy('alice', 1));
      silenced.sendCandidate(candidateBy('not bob', 1));
      await other.settle();
      taken.sendCandidate(candidateBy('bob', 1));
      t.strictSame(await outgoing.nextCandidate(), candidateBy('bob', 1), 'only of who took it');
      outgoing.sendCandidate(candidateBy('alice', 2));
      t.strictSame(await taken.nextCandidate(), candidateBy('alice', 2));
      await outgoing.end();
      t.equal(await taken.ended(), wordsFor(taker.dialect, 'callee', 'hangup'));
      await other.settle();
      const later = other.frames.slice(heard).filter(({ type }) => type !== 'pong' && type !== 'error');
      t.strictSame(later, [], 'who did not take it hears no more of it');
    }

    const declined = await ring(caller, page);
    const [onPhone, onPage] = [await phone.nextRing(), await page.nextRing()];
    await onPage.decline();
    t.equal(await onPhone.ended(), 'call-ended declined_elsewhere');
    t.equal(await declined.ended(), wordsFor(from, 'caller', 'declined'));
    place.check(t);
  });
}

await t.test('a room page is rung only if nothing else of its user can ring', async (t) => {
  const place = await openPlace(t, world);
  const caller = await place.open('native', alice);
  const page = await place.open('room', bob);
  const phone = await place.open('native', bob);
  const outgoing = await ring(caller, phone);
  const taken = await phone.nextRing();
  await taken.answer(sdpBy('bob'));
  await outgoing.answered();
  await outgoing.end();
  await taken.ended();
  await page.settle();
  t.notOk(page.frames.some(({ type }) => type === 'webrtc-signal' || type === 'broadcast-stopped'));
  place.check(t);
});

await t.test(
  'two pages call each other: the later is told of glare, then of the call that won',
  async (t) => {
    const place = await openPlace(t, world);
    const [one, other] = [await place.openProfile(alice), await place.openProfile(bob)];
    for (let round = 0; round < 5; round += 1) {
      const conversation = CONVERSATION + round;
      const lines = await Promise.all([
        one.ring(other, sdpBy('alice'), conversation),
        other.ring(one, sdpBy('bob'), conversation),
      ]);
      const isLoser = (caller: typeof one): boolean =>
        caller.frames.some(({ conversation_id: id, reason }) => id === conversation && reason === 'glare');
      await until(() => isLoser(one) || isLoser(other));
      const loser = isLoser(one) ? one : other;
      const [winner, outgoing] = loser === one ? [other, lines[1]] : [one, lines[0]];
      const declinedAt = loser.frames.findLastIndex(({ reason }) => reason === 'glare');
      const invitation = await loser.inbox.has(
        'call_invitation after that',
        (frame) => frame['type'] === 'call_invitation' && loser.frames.indexOf(frame) > declinedAt,
      );
      const to = { to_profile_id: winner.person.profile.id, to_profile_type: winner.person.profile.type };
      const incoming = loser.line(conversation, to, invitation);
      t.equal(await incoming.answer(sdpBy(loser.person.name)), sdpBy(winner.person.name));
      t.equal(await outgoing.answered(), sdpBy(loser.person.name), 'they talk');
      t.notOk(isLoser(winner), 'only one has lost');
      await incoming.end();
      t.equal(await outgoing.ended(), 'call_ended');
      t.equal(incoming.told(), '', 'and is not told what it did itself');
    }
    place.check(t);
  },
);

await t.test('a page and a phone call each other: whoever is later rings for the other', async (t) => {
  const place = await openPlace(t, world);
  const [page, phone] = [await place.openProfile(alice), await place.open('native', bob)];

  const byPage = await page.ring(phone, sdpBy('alice'));
  const atPhone = await phone.nextRing();
  await t.rejects(phone.ring(page, sdpBy('bob')), /CALL_GLARE/);
  t.equal(await atPhone.answer(sdpBy('bob')), sdpBy('alice'));
  t.equal(await byPage.answered(), sdpBy('bob'));
  await byPage.end();
  t.equal(await atPhone.ended(), 'call-ended hangup');

  const byPhone = await phone.ring(page, sdpBy('bob'));
  await page.nextRing();
  const late = await page.ring(phone, sdpBy('alice'));
  t.equal(await late.ended(), 'call_declined glare');
  const again = await page.nextRing();
  t.equal(await again.answer(sdpBy('alice')), sdpBy('bob'), 'shown anew, for the page has overwritten it');
  t.equal(await byPhone.answered(), sdpBy('alice'));
  await byPhone.end();
  t.equal(await again.ended(), 'call_ended');
  place.check(t);
});

await t.test('at the very same time: one of the two calls is made, whichever', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const place = await openPlace(t, world);
    const [page, phone] = [await place.openProfile(alice), await place.open('native', bob)];
    const [byPage, byPhone] = await Promise.allSettled([
      page.ring(phone, sdpBy('alice')),
      phone.ring(page, sdpBy('bob')),
    ]);
    if (byPage.status !== 'fulfilled') throw new Error('a page hears of it later');
    const isPhoneFirst = byPhone.status === 'fulfilled';
    t.comment(`round ${round}: the ${isPhoneFirst ? 'phone' : 'page'} was first`);
    if (isPhoneFirst) t.equal(await byPage.value.ended(), 'call_declined glare');
    const incoming = await (isPhoneFirst ? page : phone).nextRing();
    const outgoing = isPhoneFirst ? byPhone.value : byPage.value;
    await incoming.answer(sdpBy('one'));
    t.equal(await outgoing.answered(), sdpBy('one'));
    await outgoing.end();
    await incoming.ended();
    place.check(t);
  }
});

for (const to of ['native', 'profile'] as const) {
  await t.test(`a page that is loaded anew goes on with its call to ${to}, or calls again`, async (t) => {
    const place = await openPlace(t, world);
    const page = await place.openProfile(alice);
    const peer = await place.open(to, bob);
    const outgoing = await page.ring(peer, sdpBy('alice'));
    const incoming = await peer.nextRing();
    await incoming.answer(sdpBy('bob'));
    await outgoing.answered();

    await page.close();
    incoming.sendCandidate(candidateBy('bob', 1));
    const again = await place.openProfile(alice);
    const address =
      to === 'profile'
        ? { to_profile_id: bob.profile.id, to_profile_type: bob.profile.type }
        : { to_user_id: bob.session.userId };
    const line = again.line(outgoing.conversation, address, undefined, []);
    t.strictSame(await line.nextCandidate(), candidateBy('bob', 1), 'what came meanwhile');
    line.sendCandidate(candidateBy('alice', 1));
    t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1));
    await peer.settle();
    t.equal(incoming.told(), '', 'the peer has noticed nothing');

    const recall = await again.ring(peer, sdpBy('alice'));
    const rung = await peer.nextRing();
    t.equal(await rung.answer(sdpBy('bob')), sdpBy('alice'));
    t.equal(await recall.answered(), sdpBy('bob'));
    await peer.settle();
    t.equal(incoming.told(), to === 'native' ? 'call-ended replaced' : 'call_ended', 'the old one is over');
    t.equal(line.told(), '', 'a page that calls again is not told to stop');
    await rung.end();
    t.equal(await recall.ended(), 'call_ended');
    place.check(t);
  });
}

await t.test('a room page that is loaded anew goes on with its call', async (t) => {
  const place = await openPlace(t, world);
  const page = await openRoom(t, place.url, alice, world.roomId);
  const peer = await place.open('native', bob);
  const { incoming } = await talk(page, peer);
  await page.close();
  incoming.sendCandidate(candidateBy('bob', 1));
  const again = await openRoom(t, place.url, alice, world.roomId);
  const line = again.line(bob);
  t.strictSame(await line.nextCandidate(), candidateBy('bob', 1), 'what came meanwhile');
  line.sendCandidate(candidateBy('alice', 1));
  t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1));
  t.equal(incoming.told(), '', 'the peer has noticed nothing');
  await line.end();
  t.equal(await incoming.ended(), 'call-ended hangup');
  t.strictSame(again.problems, []);
  place.check(t);
});

await t.test('a stray call_ended never reaches a tab that is not in that call', async (t) => {
  const place = await openPlace(t, world);
  const caller = await place.open('native', alice);
  const tabs = [await place.openProfile(bob), await place.openProfile(bob)] as const;
  const outgoing = await ring(caller, tabs[0]);
  const [taken, stopped] = [await tabs[0].nextRing(), await tabs[1].nextRing()];
  await taken.answer(sdpBy('bob'));
  await outgoing.answered();
  t.equal(await stopped.ended(), wordsFor('profile', 'callee', 'elsewhere'));
  const idle = await place.openProfile(bob);
  const others = [tabs[1], idle];
  const heard = others.map(({ frames }) => frames.length);

  const second = await ring(await place.open('socketio', carol), tabs[0]);
  t.equal(await second.ended(), wordsFor('socketio', 'caller', 'busy'));
  await outgoing.end();
  t.equal(await taken.ended(), 'call_ended');
  for (const [index, tab] of others.entries()) {
    await tab.settle();
    const types = tab.frames.slice(heard[index]).map(({ type }) => type);
    t.strictSame(types, ['pong'], `tab ${index + 2} was told nothing`);
  }

  // The next call is nobody's leftover: all three ring again.
  const next = await talk(caller, idle);
  for (const tab of tabs) t.equal((await tab.nextRing()).from, alice.session.userId);
  await next.incoming.end();
  t.equal(await next.outgoing.ended(), 'call-ended hangup');
  place.check(t);
});
