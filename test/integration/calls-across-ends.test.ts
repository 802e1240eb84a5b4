// Calls between each pair of dialects that come to nothing: cancelled, declined, not answered, busy, nobody there. Each
// side is told in the words of its dialect, once.

import t from 'tap';

import { CALLING_PAIRS, DIALECTS, type DialectName } from '../harness/callers/caller.ts';
import { ring, talk } from '../harness/callers/talk.ts';
import { ownWords, wordsFor } from '../harness/callers/words.ts';
import { openPlace, openWorld } from '../harness/callers/world.ts';
import type { ConfigDocument } from '../harness/gateway.ts';
import { connectPage } from '../harness/page-client.ts';

t.setTimeout(120_000);

const world = await openWorld(t);
const { alice, bob, carol } = world;

const name = ([from, to]: readonly [DialectName, DialectName]): string => `${from} calls ${to}`;

/** Pages are told at once; for the others it rings on, here not for a minute. */
const offlineCalls = (from: DialectName): ConfigDocument =>
  from === 'profile' || from === 'room' ? {} : { calls: { ring_timeout: '1s' } };

for (const [from, to] of CALLING_PAIRS) {
  await t.test(`${name([from, to])}: cancelled, then declined`, async (t) => {
    const place = await openPlace(t, world);
    const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];

    const cancelled = await ring(caller, callee);
    const rang = await callee.nextRing();
    await cancelled.cancel();
    t.equal(await rang.ended(), wordsFor(to, 'callee', 'cancelled'));
    t.equal(cancelled.told(), ownWords(from, 'cancelled'));

    const declined = await ring(caller, callee);
    const refused = await callee.nextRing();
    await refused.decline();
    t.equal(await declined.ended(), wordsFor(from, 'caller', 'declined'));
    t.equal(refused.told(), '', 'who declined knows');
    t.equal(rang.told(), wordsFor(to, 'callee', 'cancelled'), 'told once');
    place.check(t);
  });

  await t.test(`${name([from, to])}, who talks to somebody else`, async (t) => {
    const place = await openPlace(t, world);
    const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
    const other = await place.open('native', carol);
    const { outgoing: talking, incoming } = await talk(other, callee);
    const heard = callee.frames.length;
    const refused = await ring(caller, callee);
    t.equal(await refused.ended(), wordsFor(from, 'caller', 'busy'));
    await callee.settle();
    t.strictSame(
      callee.frames.slice(heard).filter(({ type }) => type !== 'pong' && type !== 'user_online'),
      [],
      'the one who talks is not disturbed',
    );
    await incoming.end();
    t.equal(await talking.ended(), wordsFor('native', 'caller', 'hangup'), 'until it hangs up');
    place.check(t);
  });
}

await t.test('two pages in one room: what is declined or given up is told to the other', async (t) => {
  const place = await openPlace(t, world);
  const [caller, callee] = [await place.open('room', alice), await place.open('room', bob)];
  const cancelled = await ring(caller, callee);
  const rang = await callee.nextRing();
  await cancelled.cancel();
  t.equal(await rang.ended(), 'bye');
  const declined = await ring(caller, callee);
  const refused = await callee.nextRing();
  await refused.decline();
  t.equal(await declined.ended(), 'bye');
  place.check(t);
});

await t.test('nobody answers: every pair at once, each behind a gateway of its own', async (t) => {
  await Promise.all(
    CALLING_PAIRS.map(async (pair) => {
      const [from, to] = pair;
      const place = await openPlace(t, world, { calls: { ring_timeout: '1s' } });
      const [caller, callee] = [await place.open(from, alice), await place.open(to, bob)];
      const outgoing = await ring(caller, callee);
      const incoming = await callee.nextRing();
      const [atCaller, atCallee] = await Promise.all([outgoing.ended(), incoming.ended()]);
      t.equal(atCaller, wordsFor(from, 'caller', 'no_answer'), `${name(pair)}: the caller`);
      t.equal(atCallee, wordsFor(to, 'callee', 'no_answer'), `${name(pair)}: the callee`);
      place.check(t);
    }),
  );
});

await t.test('nobody is there: every caller at once, each behind a gateway of its own', async (t) => {
  await Promise.all(
    DIALECTS.map(async (from) => {
      const place = await openPlace(t, world, offlineCalls(from));
      const caller = await place.open(from, alice);
      const outgoing = await ring(caller, { person: bob, dialect: 'native' });
      t.equal(await outgoing.ended(), wordsFor(from, 'caller', 'offline'), `${from} is told`);
      place.check(t);
    }),
  );
});

await t.test('a profile that was away is told who called, once', async (t) => {
  for (const from of DIALECTS) {
    const place = await openPlace(t, world, offlineCalls(from));
    const callee = await place.open('profile', bob);
    await callee.close();
    const caller = await place.open(from, alice);
    const outgoing = await ring(caller, { person: bob, dialect: 'profile' });
    t.equal(await outgoing.ended(), wordsFor(from, 'caller', 'offline'));
    const again = await connectPage(t, `${place.url}/ws/1/tutor`);
    const { count, calls } = await again.next('missed_calls_notification');
    t.equal(count, 1);
    const [caller_profile_id, caller_profile_type] =
      from === 'profile' ? [alice.profile.id, alice.profile.type] : [alice.session.userId, 'user'];
    t.match(calls, [{ caller_profile_id, caller_profile_type, status: 'missed' }], `called by ${from}`);
    const third = await connectPage(t, `${place.url}/ws/1/tutor`);
    await third.settled();
    t.strictSame(third.types(), ['connection', 'pong']);
    place.check(t);
  }
});
