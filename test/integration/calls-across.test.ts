// A whole call for each pair of dialects, both ways: offer, answer, candidates of both sides, and either side hangs up.
// Every frame is held against the table of its dialect.

import t, { type Test } from 'tap';

import { DIALECTS, type Caller, type DialectName } from '../harness/callers/caller.ts';
import { candidateBy, sdpBy, type Talk } from '../harness/callers/talk.ts';
import { ownWords, wordsFor } from '../harness/callers/words.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';

t.setTimeout(120_000);

const world = await openWorld(t);
const { alice, bob, carol } = world;

async function exchange(t: Test, caller: Caller, callee: Caller): Promise<Talk> {
  const [callerHad, calleeHad] = [caller.frames.length, callee.frames.length];
  const outgoing = await caller.ring(callee, sdpBy('alice'));
  // Before anybody has answered.
  for (const n of [1, 2]) outgoing.sendCandidate(candidateBy('alice', n));
  const incoming = await callee.nextRing();
  t.equal(incoming.from, shownAs(caller, callee.dialect), 'the caller is who it is');
  await callee.settle();
  const early = heard(callee, calleeHad, 'ufrag alice');
  if (isOurs(caller, callee)) t.equal(early, 0, 'who rings has no use for candidates yet');
  t.equal(await incoming.answer(sdpBy('bob')), sdpBy('alice'), 'the offer');
  for (const n of [3, 4]) incoming.sendCandidate(candidateBy('bob', n));
  t.equal(await outgoing.answered(), sdpBy('bob'), 'the answer');
  outgoing.sendCandidate(candidateBy('alice', 5));
  for (const n of [1, 2, 5]) t.strictSame(await incoming.nextCandidate(), candidateBy('alice', n));
  for (const n of [3, 4]) t.strictSame(await outgoing.nextCandidate(), candidateBy('bob', n));
  for (const one of [caller, callee]) await one.settle();
  for (const n of [1, 2, 5]) t.equal(heard(callee, calleeHad, `ufrag alice ${n}.`), 1);
  for (const n of [3, 4]) t.equal(heard(caller, callerHad, `ufrag bob ${n}.`), 1);
  t.equal(heard(callee, calleeHad, 'o=alice'), 1, 'the offer came once');
  t.equal(heard(caller, callerHad, 'o=bob'), 1, 'the answer came once');
  t.equal(heard(callee, calleeHad, 'o=bob') + heard(caller, callerHad, 'o=alice'), 0, 'nothing is echoed');
  return { outgoing, incoming };
}

function heard({ frames }: Caller, had: number, words: string): number {
  return frames.slice(had).filter((frame) => JSON.stringify(frame).includes(words)).length;
}

/** Between two pages of one room every signal is passed on at once, without a call. */
function isOurs(caller: Caller, callee: Caller): boolean {
  return caller.dialect !== 'room' || callee.dialect !== 'room';
}

/** A Matrix user without a profile is shown to pages by the user id. */
function shownAs({ dialect, person }: Caller, to: DialectName): unknown {
  return to === 'profile' && dialect === 'profile' ? person.profile.id : person.session.userId;
}

for (const from of DIALECTS) {
  for (const to of DIALECTS) {
    await t.test(`${from} calls ${to}`, async (t) => {
      const place = await openPlace(t, world);
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      const bystander = await place.open('native', carol);

      const first = await exchange(t, caller, callee);
      for (const [one, other] of [
        [first.outgoing, first.incoming],
        [first.incoming, first.outgoing],
      ] as const) {
        one.offerAgain(sdpBy('new'));
        t.equal(await other.nextOffer(), sdpBy('new'), 'a new offer in the call');
        other.answerAgain(sdpBy('again'));
        t.equal(await one.nextAnswer(), sdpBy('again'));
        one.sendCandidate(null);
        t.equal(await other.nextCandidate(), null, 'the end of the candidates');
      }
      await first.outgoing.end();
      t.equal(await first.incoming.ended(), wordsFor(to, 'callee', 'hangup'), 'the caller hangs up');
      t.equal(first.outgoing.told(), ownWords(from, 'hangup'));

      const second = await exchange(t, caller, callee);
      await second.incoming.end();
      t.equal(await second.outgoing.ended(), wordsFor(from, 'caller', 'hangup'), 'the callee hangs up');
      t.equal(second.incoming.told(), ownWords(to, 'hangup'));

      t.equal(first.incoming.told(), wordsFor(to, 'callee', 'hangup'), 'told once');
      await bystander.settle();
      t.strictSame(
        bystander.frames.map(({ type }) => type).filter((type) => type !== 'pong'),
        ['registered'],
        'nobody else hears of it',
      );
      place.check(t);
    });
  }
}
