// What is remembered of a token, for how long, and that one question serves all who ask at once.

import t from 'tap';

import { cached } from '../../../src/matrix/cached.ts';
import { parseRoomId } from '../../../src/matrix/ids.ts';
import type { Whoami } from '../../../src/matrix/matrix.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { fakeHomeserver, known, UNAVAILABLE, UNKNOWN_TOKEN, userId } from './fake-homeserver.ts';

function begin(answers: Readonly<Record<string, Whoami | Promise<Whoami>>>, maxEntries = 3) {
  const clock = new TestClock();
  const homeserver = fakeHomeserver(answers);
  return { clock, homeserver, cache: cached(homeserver, { clock, maxEntries }) };
}

await t.test('a known token is asked about once in 45 s', async (t) => {
  const alice = known('@alice:hs', 'PHONE');
  const { clock, homeserver, cache } = begin({ a: alice });
  t.same(await cache.whoami('a'), alice);
  clock.advance(44_999);
  t.same(await cache.whoami('a'), alice);
  t.equal(homeserver.asked.length, 1, 'until then');
  homeserver.answers.set('a', UNKNOWN_TOKEN);
  clock.advance(1);
  t.same(await cache.whoami('a'), UNKNOWN_TOKEN, 'a revoked one is noticed then');
});

await t.test('the time counts from the question, not from the answer', async (t) => {
  const answer = Promise.withResolvers<Whoami>();
  const { clock, homeserver, cache } = begin({ a: answer.promise });
  const first = cache.whoami('a');
  clock.advance(40_000);
  answer.resolve(known('@alice:hs'));
  await first;
  clock.advance(5_000);
  await cache.whoami('a');
  t.equal(homeserver.asked.length, 2);
});

await t.test('an unknown token is asked about once in 10 s', async (t) => {
  const { clock, homeserver, cache } = begin({});
  for (let i = 0; i < 3; i += 1) t.same(await cache.whoami('a'), UNKNOWN_TOKEN);
  clock.advance(9_999);
  await cache.whoami('a');
  t.equal(homeserver.asked.length, 1, 'until then');
  homeserver.answers.set('a', known('@alice:hs'));
  clock.advance(1);
  t.match(await cache.whoami('a'), { kind: 'known' }, 'one that became known is noticed then');
});

await t.test('what Synapse could not say is asked again at once', async (t) => {
  const { homeserver, cache } = begin({ a: UNAVAILABLE });
  t.same(await cache.whoami('a'), UNAVAILABLE);
  t.same(await cache.whoami('a'), UNAVAILABLE);
  t.equal(homeserver.asked.length, 2);
  homeserver.answers.set('a', known('@alice:hs'));
  t.match(await cache.whoami('a'), { kind: 'known' });
});

await t.test('who asks at once shares one question', async (t) => {
  const answer = Promise.withResolvers<Whoami>();
  const { homeserver, cache } = begin({ a: answer.promise });
  const all = Promise.all(Array.from({ length: 1_000 }, () => cache.whoami('a')));
  answer.resolve(UNAVAILABLE);
  t.same(new Set((await all).map(({ kind }) => kind)), new Set(['unavailable']));
  t.equal(homeserver.asked.length, 1);
  await cache.whoami('a');
  t.equal(homeserver.asked.length, 2, 'and a failure ends with it');
});

await t.test('a question that breaks is no answer to those who come later', async (t) => {
  const { homeserver, cache } = begin({ a: Promise.reject(new Error('a defect')) });
  await t.rejects(cache.whoami('a'), /a defect/);
  homeserver.answers.set('a', known('@alice:hs'));
  t.match(await cache.whoami('a'), { kind: 'known' });
});

await t.test('a token that was logged out is forgotten at once', async (t) => {
  const { homeserver, cache } = begin({ a: known('@alice:hs') });
  await cache.whoami('a');
  homeserver.answers.set('a', UNKNOWN_TOKEN);
  cache.forget('a');
  t.same(await cache.whoami('a'), UNKNOWN_TOKEN);
});

await t.test('an answer that was on its way during the logout is not remembered', async (t) => {
  const answer = Promise.withResolvers<Whoami>();
  const { homeserver, cache } = begin({ a: answer.promise });
  const asked = cache.whoami('a');
  cache.forget('a');
  homeserver.answers.set('a', UNKNOWN_TOKEN);
  const askedAfter = cache.whoami('a');
  answer.resolve(known('@alice:hs'));
  t.match(await asked, { kind: 'known' }, 'who asked before gets it');
  t.same(await askedAfter, UNKNOWN_TOKEN, 'who asked after the logout does not');
  t.same(await cache.whoami('a'), UNKNOWN_TOKEN, 'nor anybody later');
  t.equal(homeserver.asked.length, 2);
});

await t.test('beyond its size, the token that was asked about longest ago goes', async (t) => {
  const tokens = ['a', 'b', 'c', 'd'];
  const { homeserver, cache } = begin(Object.fromEntries(tokens.map((token) => [token, known('@alice:hs')])));
  for (const token of ['a', 'b', 'c', 'a', 'd']) await cache.whoami(token);
  t.same(homeserver.asked, tokens, 'each was asked about once');
  for (const token of ['a', 'c', 'd']) await cache.whoami(token);
  t.equal(homeserver.asked.length, 4, 'these stayed');
  await cache.whoami('b');
  t.equal(homeserver.asked.length, 5, 'this one went');
});

await t.test('invented tokens push out no known one', async (t) => {
  const { homeserver, cache } = begin({ a: known('@alice:hs') });
  await cache.whoami('a');
  for (let i = 0; i < 100; i += 1) await cache.whoami(`invented ${i}`);
  await cache.whoami('a');
  t.equal(homeserver.asked.filter((token) => token === 'a').length, 1);
});

await t.test('the client address of the first who asks goes along', async (t) => {
  const { homeserver, cache } = begin({ a: known('@alice:hs') });
  await cache.whoami('a', '192.0.2.7');
  t.same(homeserver.askedFor, ['192.0.2.7']);
});

await t.test('every other question passes through', async (t) => {
  const { cache } = begin({});
  const roomId = parseRoomId('!room:hs');
  if (roomId === undefined) throw new Error('no room id');
  t.equal(await cache.isReachable(), true);
  t.match(await cache.joinedMembers('a', roomId), { kind: 'members' });
  t.match(await cache.displayName('a', userId('@alice:hs')), { displayName: 'Alice' });
  t.same(await cache.turnServer('a'), { kind: 'none' });
});
