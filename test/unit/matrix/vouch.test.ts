// Who is vouched for at an address: by which tokens, for how long, at what cost, and what a neighbour can spoil.

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
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched', userId: ALICE, deviceId: 'PHONE' });
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
  clock.advance(50_000);
  for (let i = 0; i < 100; i += 1) await vouching.vouchedUser(HOME, ALICE);
  t.equal(homeserver.asked.length, 32, 'and a hundred more within the minute');
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
  t.same(await vouching.vouchedUser(HOME, ALICE), { kind: 'vouched', userId: ALICE });
});

await t.test('a request that names nobody gets everybody at its address, last seen first', async (t) => {
  const { vouching } = begin({ a: known('@alice:hs', 'PHONE'), b: known('@bob:hs', 'WEB') });
  t.same(await vouching.vouchedUsers(HOME), [], 'nobody yet');
  vouching.noteUse(HOME, 'a');
  vouching.noteUse(HOME, 'b');
  vouching.noteUse(HOME, 'invented');
  t.same(await vouching.vouchedUsers(HOME), [
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
