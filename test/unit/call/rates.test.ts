// How often one user may dial: ten attempts in a sliding minute, three rings at once, and a bound on what is remembered.

import t from 'tap';

import { InitiateRates } from '../../../src/call/rates.ts';
import { ALICE, BOB, START_MS, user } from '../../contract/calls.ts';

const LIMITS = { initiatesPerMinute: 10, ringingPerUser: 3 };

await t.test('ten attempts in any minute, each user for itself', async (t) => {
  const rates = new InitiateRates(LIMITS);
  for (let n = 0; n < 10; n += 1) t.equal(rates.admit(ALICE, 0, START_MS + n * 1_000), true);
  t.equal(rates.admit(ALICE, 0, START_MS + 59_999), false);
  t.equal(rates.admit(BOB, 0, START_MS + 59_999), true);
  t.equal(rates.admit(ALICE, 0, START_MS + 60_000), true, 'the first is a minute old');
  t.equal(rates.admit(ALICE, 0, START_MS + 60_999), false, 'the second is not');
  t.equal(rates.admit(ALICE, 0, START_MS + 61_000), true);
});

await t.test('who is refused is not counted: waiting helps, however often is asked meanwhile', async (t) => {
  const rates = new InitiateRates(LIMITS);
  for (let n = 0; n < 10; n += 1) rates.admit(ALICE, 0, START_MS);
  for (let ms = 0; ms < 60_000; ms += 60) t.notOk(rates.admit(ALICE, 0, START_MS + ms));
  t.ok(rates.admit(ALICE, 0, START_MS + 60_000));
});

await t.test('with three rings no fourth, and it is not counted', async (t) => {
  const rates = new InitiateRates(LIMITS);
  for (let n = 0; n < 20; n += 1) t.notOk(rates.admit(ALICE, 3, START_MS));
  t.notOk(rates.admit(ALICE, 4, START_MS));
  for (let n = 0; n < 10; n += 1) t.ok(rates.admit(ALICE, 2, START_MS));
});

await t.test('A60 1,000 attempts in a minute are ten', async (t) => {
  const rates = new InitiateRates(LIMITS);
  let admitted = 0;
  for (let n = 0; n < 1_000; n += 1) admitted += rates.admit(ALICE, 0, START_MS + n * 60) ? 1 : 0;
  t.equal(admitted, 10);
});

await t.test('of 20,001 users the one seen longest ago is forgotten, and nobody else', async (t) => {
  const rates = new InitiateRates(LIMITS);
  for (let n = 0; n < 10; n += 1) rates.admit(ALICE, 0, START_MS);
  for (let n = 0; n < 10; n += 1) rates.admit(BOB, 0, START_MS);
  for (let n = 0; n < 19_998; n += 1) rates.admit(user(n), 0, START_MS);
  t.notOk(rates.admit(ALICE, 0, START_MS), 'twenty thousand are remembered');
  rates.admit(user(19_999), 0, START_MS);
  t.notOk(rates.admit(BOB, 0, START_MS));
  t.ok(rates.admit(ALICE, 0, START_MS));
});

await t.test('both limits are configured', async (t) => {
  const rates = new InitiateRates({ initiatesPerMinute: 2, ringingPerUser: 1 });
  t.notOk(rates.admit(ALICE, 1, START_MS));
  t.strictSame(
    [0, 1, 2].map(() => rates.admit(ALICE, 0, START_MS)),
    [true, true, false],
  );
});
