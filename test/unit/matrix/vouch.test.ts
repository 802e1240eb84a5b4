// Who is vouched for at an address: by which tokens, for how long, at what cost, and what a neighbour can spoil.

import { inspect } from 'node:util';

import t from 'tap';

import { cached } from '../../../src/matrix/cached.ts';
import type { Whoami } from '../../../src/matrix/matrix.ts';
import { createVouching, VouchTable, type VouchLimits } from '../../../src/matrix/vouch.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { deviceId, fakeHomeserver, known, UNAVAILABLE, userId } from './fake-homeserver.ts';

const HOME = '192.0.2.7';
const ELSEWHERE = '198.51.100.9';
const ALICE = userId('@alice:hs');
const BOB = userId('@bob:hs');

function begin(
  answers: Readonly<Record<string, Whoami | Promise<Whoami>>>,
  limits: Partial<VouchLimits> = {},
) {
  const clock = new TestClock();
  const homeserver = fakeHomeserver(answers);
  const table = new VouchTable(limits);
  const vouching = createVouching(cached(homeserver, { clock }), clock, table);
  return { clock, homeserver, table, vouching };
}

await t.test('a claim is accepted where a token of that user is in use, and nowhere else', async (t) => {
  const { homeserver, vouching } = begin({ a: known('@alice:hs', 'PHONE') });
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'refused' }, 'before');
  vouching.noteUse(HOME, 'a');
  t.match(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched', userId: ALICE, deviceId: 'PHONE' });
  t.same(await vouching.vouchedUser(HOME, BOB), { kind: 'refused' }, 'somebody else');
  t.same(await vouching.vouchedUser(ELSEWHERE, ALICE), { kind: 'refused' }, 'elsewhere');
  t.same(homeserver.askedFor, [HOME], 'one question, for this address');
});

await t.test('a request without a token vouches for nobody', async (t) => {
  const { table, vouching } = begin({});
  vouching.noteUse(HOME, undefined);
  t.equal(table.addresses, 0);
});

await t.test('five minutes after its last use a token vouches no more', async (t) => {
  const { clock, table, vouching } = begin({ a: known('@alice:hs'), b: known('@bob:hs') });
  vouching.noteUse(HOME, 'a');
  clock.advance(200_000);
  vouching.noteUse(HOME, 'b');
  clock.advance(100_000);
  t.match(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched' }, 'on the dot');
  clock.advance(1);
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'refused' }, 'a moment later');
  t.match(await vouching.vouchedUser(HOME, BOB), { kind: 'vouched' }, 'the younger one still does');
  clock.advance(200_000);
  vouching.noteUse(ELSEWHERE, 'a');
  t.equal(table.tokens, 1, 'and what is expired is not kept');
});

await t.test('tokens are tried newest first', async (t) => {
  const { homeserver, table, clock, vouching } = begin({});
  for (const token of ['a', 'b', 'c', 'a']) vouching.noteUse(HOME, token);
  t.same(table.vouchersFor(HOME, clock.monotonicMs()), ['a', 'c', 'b']);
  await vouching.vouchedUser(HOME, ALICE);
  t.same(homeserver.asked, ['a', 'c', 'b']);
});

await t.test('a revoked token vouches no more, once Synapse says so', async (t) => {
  const { clock, homeserver, table, vouching } = begin({ a: known('@alice:hs') });
  vouching.noteUse(HOME, 'a');
  t.match(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched' });
  homeserver.answers.clear();
  clock.advance(60_000);
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'refused' });
  t.equal(table.addresses, 0, 'and is dropped');
});

await t.test('while Synapse cannot say, a claim is neither accepted nor refused', async (t) => {
  const { vouching } = begin({ a: UNAVAILABLE, b: known('@bob:hs') });
  vouching.noteUse(HOME, 'b');
  vouching.noteUse(HOME, 'a');
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'unavailable' });
  t.match(
    await vouching.vouchedUser(HOME, BOB),
    { kind: 'vouched' },
    'who is found all the same is vouched for',
  );
});

await t.test('of a Synapse that does not answer two questions are asked, not thirty-two', async (t) => {
  const clock = new TestClock();
  const homeserver = fakeHomeserver(
    Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`token ${index}`, UNAVAILABLE])),
  );
  const vouching = createVouching(cached(homeserver, { clock }), clock);
  for (const token of homeserver.answers.keys()) vouching.noteUse(HOME, token);
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'unavailable' });
  t.equal(await vouching.vouchedUsers(HOME), 'unavailable');
  t.equal(homeserver.asked.length, 4, 'two for each claim');
});

await t.test('a flood of claims costs one question for each token', async (t) => {
  const tokens = Array.from({ length: 32 }, (_, index) => `token ${index}`);
  const { clock, homeserver, vouching } = begin(
    Object.fromEntries(tokens.map((token, index) => [token, known(`@user${index}:hs`)])),
  );
  for (const token of tokens) vouching.noteUse(HOME, token);
  const claims = Array.from({ length: 1_000 }, () => vouching.vouchedUser(HOME, ALICE));
  t.same(new Set((await Promise.all(claims)).map(({ kind }) => kind)), new Set(['refused']));
  t.equal(homeserver.asked.length, 32, 'a thousand at once');
  clock.advance(40_000);
  for (let i = 0; i < 100; i += 1) await vouching.vouchedUser(HOME, ALICE);
  t.equal(homeserver.asked.length, 32, 'and a hundred more while the cache remembers');
});

await t.test('a device is named only where it is certain', async (t) => {
  const { vouching } = begin({
    phone: known('@alice:hs', 'PHONE'),
    laptop: known('@alice:hs', 'LAPTOP'),
    service: known('@bob:hs'),
  });
  const [phone, laptop, other] = ['PHONE', 'LAPTOP', 'OTHER'].map((text) => deviceId(text));
  vouching.noteUse(HOME, 'phone');
  t.match(await vouching.vouchedUser(HOME, ALICE), { deviceId: phone }, 'the only one');
  t.notHas(await vouching.vouchedUser(HOME, ALICE, other), 'deviceId', 'not if another is claimed');
  vouching.noteUse(HOME, 'laptop');
  t.notHas(await vouching.vouchedUser(HOME, ALICE), 'deviceId', 'one of two');
  t.match(await vouching.vouchedUser(HOME, ALICE, laptop), { deviceId: laptop }, 'the claimed one of two');
  vouching.noteUse(HOME, 'service');
  t.notHas(await vouching.vouchedUser(HOME, BOB), 'deviceId', 'a token without one');
});

await t.test('a device is not certain while a token is in doubt', async (t) => {
  const { vouching } = begin({ phone: known('@alice:hs', 'PHONE'), other: UNAVAILABLE });
  vouching.noteUse(HOME, 'phone');
  vouching.noteUse(HOME, 'other');
  const answer = await vouching.vouchedUser(HOME, ALICE);
  t.match(answer, { kind: 'vouched', userId: ALICE });
  t.notHas(answer, 'deviceId');
});

await t.test('a request that names nobody gets everybody at its address, last seen first', async (t) => {
  const { vouching } = begin({ a: known('@alice:hs', 'PHONE'), b: known('@bob:hs', 'WEB') });
  t.same(await vouching.vouchedUsers(HOME), [], 'nobody yet');
  vouching.noteUse(HOME, 'a');
  vouching.noteUse(HOME, 'b');
  vouching.noteUse(HOME, 'invented');
  const users = await vouching.vouchedUsers(HOME);
  t.equal(users.length, 2);
  t.match(users, [
    { userId: BOB, deviceId: 'WEB' },
    { userId: ALICE, deviceId: 'PHONE' },
  ]);
});

await t.test('the thirty-third token of an address pushes out the oldest', async (t) => {
  const { clock, table } = begin({});
  for (let i = 0; i < 33; i += 1) table.noteUse(HOME, `token ${i}`, clock.monotonicMs());
  const vouchers = table.vouchersFor(HOME, clock.monotonicMs());
  t.equal(vouchers.length, 32);
  t.equal(vouchers.at(-1), 'token 1');
  t.equal(table.tokens, 32);
});

await t.test('tokens that a neighbour makes up push out none that Synapse confirmed', async (t) => {
  const { vouching } = begin({ a: known('@alice:hs') });
  vouching.noteUse(HOME, 'a');
  await vouching.vouchedUser(HOME, ALICE);
  for (let i = 0; i < 1_000; i += 1) vouching.noteUse(HOME, `invented ${i}`);
  t.match(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched' });
});

await t.test('beyond so many addresses the one that was quiet longest goes', async (t) => {
  const { table } = begin({}, { maxAddresses: 3 });
  for (const [index, address] of ['a', 'b', 'c', 'a', 'd'].entries()) table.noteUse(address, 'token', index);
  t.equal(table.addresses, 3);
  t.same(table.vouchersFor('b', 5), [], 'this one went');
  for (const address of ['a', 'c', 'd']) t.same(table.vouchersFor(address, 5), ['token'], address);
});

await t.test('beyond so many tokens whole addresses go, and the count stays true', async (t) => {
  const { table } = begin({}, { maxTokens: 4 });
  for (const [index, token] of ['a', 'b', 'c'].entries()) table.noteUse(HOME, token, index);
  for (const token of ['d', 'e']) table.noteUse(ELSEWHERE, token, 3);
  t.same(table.vouchersFor(HOME, 3), []);
  t.same(table.vouchersFor(ELSEWHERE, 3), ['e', 'd']);
  t.equal(table.tokens, 2);
  table.drop(ELSEWHERE, 'd');
  table.drop(ELSEWHERE, 'd');
  table.drop(HOME, 'nothing');
  t.equal(table.tokens, 1);
});

await t.test('a token of monstrous length vouches for nobody', async (t) => {
  const { table } = begin({});
  table.noteUse(HOME, 'x'.repeat(1_025), 0);
  t.equal(table.tokens, 0);
  table.noteUse(HOME, 'x'.repeat(1_024), 0);
  t.equal(table.tokens, 1);
});

/** Past what the cache remembers of a token. */
const CACHED_MS = 60_000;

async function recheckOf({ vouching }: ReturnType<typeof begin>, user = ALICE) {
  const answer = await vouching.vouchedUser(HOME, user);
  if (answer.kind !== 'vouched') throw new Error(answer.kind);
  return answer.recheck;
}

await t.test('T24 an identity is revoked once every token that vouched for it is refused', async (t) => {
  const parts = begin({ phone: known('@alice:hs', 'PHONE'), web: known('@alice:hs', 'WEB') });
  const { clock, homeserver, vouching } = parts;
  for (const token of ['phone', 'web']) vouching.noteUse(HOME, token);
  const recheck = await recheckOf(parts);
  t.equal(await recheck(), 'valid');
  homeserver.answers.delete('web');
  clock.advance(CACHED_MS);
  t.equal(await recheck(), 'valid', 'one of two');
  homeserver.answers.delete('phone');
  clock.advance(CACHED_MS);
  t.equal(await recheck(), 'revoked');
  t.equal(await recheck(), 'revoked', 'and stays so');
});

await t.test('T24 a token of another user at the address keeps nobody in', async (t) => {
  const parts = begin({ a: known('@alice:hs'), b: known('@bob:hs') });
  for (const token of ['a', 'b']) parts.vouching.noteUse(HOME, token);
  const recheck = await recheckOf(parts);
  parts.homeserver.answers.delete('a');
  parts.clock.advance(CACHED_MS);
  t.equal(await recheck(), 'revoked');
});

await t.test('T24 a client that was quiet for an hour is not revoked', async (t) => {
  const parts = begin({ a: known('@alice:hs') });
  parts.vouching.noteUse(HOME, 'a');
  const recheck = await recheckOf(parts);
  parts.clock.advance(3_600_000);
  t.same(await parts.vouching.vouchedUser(HOME, ALICE), { kind: 'refused' }, 'no new claim is accepted');
  t.equal(await recheck(), 'valid');
});

await t.test('T24 a client that refreshed its token is not revoked', async (t) => {
  const parts = begin({ old: known('@alice:hs') });
  const { clock, homeserver, vouching } = parts;
  vouching.noteUse(HOME, 'old');
  const recheck = await recheckOf(parts);
  homeserver.answers.delete('old');
  homeserver.answers.set('new', known('@alice:hs'));
  vouching.noteUse(HOME, 'new');
  clock.advance(CACHED_MS);
  t.equal(await recheck(), 'valid');
  clock.advance(3_600_000);
  t.equal(await recheck(), 'valid', 'the new one stands for the old one from now on');
  homeserver.answers.clear();
  clock.advance(CACHED_MS);
  t.equal(await recheck(), 'revoked');
});

await t.test('T24 while Synapse cannot say, nothing is revoked, and little is asked', async (t) => {
  const tokens = Array.from({ length: 32 }, (_, index) => `token ${index}`);
  const parts = begin(Object.fromEntries(tokens.map((token) => [token, known('@alice:hs')])));
  const { clock, homeserver, vouching } = parts;
  for (const token of tokens) vouching.noteUse(HOME, token);
  const recheck = await recheckOf(parts);
  for (const token of tokens) homeserver.answers.set(token, UNAVAILABLE);
  clock.advance(CACHED_MS);
  const before = homeserver.asked.length;
  t.equal(await recheck(), 'unknown');
  t.equal(homeserver.asked.length - before, 2);
  homeserver.answers.set(tokens[0] ?? '', known('@alice:hs'));
  homeserver.answers.delete(tokens[1] ?? '');
  t.equal(await recheck(), 'unknown', 'nor while it says so of some');
});

await t.test('T24 those who named nobody are asked about again as well', async (t) => {
  const parts = begin({ a: known('@alice:hs') });
  parts.vouching.noteUse(HOME, 'a');
  const users = await parts.vouching.vouchedUsers(HOME);
  if (users === 'unavailable') throw new Error(users);
  t.equal(await users[0]?.recheck(), 'valid');
  parts.homeserver.answers.clear();
  parts.clock.advance(CACHED_MS);
  t.equal(await users[0]?.recheck(), 'revoked');
});

await t.test('an identity shows no token', async (t) => {
  const parts = begin({ secret: known('@alice:hs') });
  parts.vouching.noteUse(HOME, 'secret');
  t.notMatch(
    inspect(await parts.vouching.vouchedUser(HOME, ALICE), { depth: 9, showHidden: true }),
    'secret',
  );
});

await t.test(
  'T24 a token that may be a refreshed one of the user, which Synapse cannot say, revokes nobody',
  async (t) => {
    const parts = begin({ old: known('@alice:hs') });
    const { clock, homeserver, vouching } = parts;
    vouching.noteUse(HOME, 'old');
    const recheck = await recheckOf(parts);
    homeserver.answers.delete('old');
    homeserver.answers.set('other', UNAVAILABLE);
    vouching.noteUse(HOME, 'other');
    clock.advance(CACHED_MS);
    t.equal(await recheck(), 'unknown');
    homeserver.answers.set('other', known('@bob:hs'));
    t.equal(await recheck(), 'revoked', 'it was a neighbour');
  },
);

await t.test('T24 a token that has become that of another user vouches no more', async (t) => {
  const parts = begin({ a: known('@alice:hs') });
  parts.vouching.noteUse(HOME, 'a');
  const recheck = await recheckOf(parts);
  parts.homeserver.answers.set('a', known('@bob:hs'));
  parts.clock.advance(CACHED_MS);
  t.equal(await recheck(), 'revoked');
});
