// How much one user may ask: a sliding minute of two counts, and a bound on what is remembered.

import t from 'tap';

import { RequestRates } from '../../../src/http/rates.ts';
import { ALICE, BOB, user } from '../../contract/calls.ts';

function admitted(rates: RequestRates, count: number, atMs: (n: number) => number): number {
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += rates.admit(ALICE, atMs(n)) ? 1 : 0;
  return sum;
}

await t.test('so many in a minute, each user for itself', async (t) => {
  const rates = new RequestRates(600);
  t.equal(
    admitted(rates, 5_000, (n) => n * 10),
    600,
  );
  t.notOk(rates.admit(ALICE, 59_999));
  t.ok(rates.admit(BOB, 59_999));
});

await t.test('where two minutes meet there is no twofold burst', async (t) => {
  const rates = new RequestRates(100);
  t.ok(rates.admit(ALICE, 0));
  t.equal(
    admitted(rates, 200, () => 59_999),
    99,
  );
  t.equal(
    admitted(rates, 200, () => 60_000),
    0,
  );
  t.equal(
    admitted(rates, 200, () => 90_000),
    50,
    'half of the minute before has passed',
  );
});

await t.test('at a steady pace below the limit nobody is refused', async (t) => {
  const rates = new RequestRates(60);
  t.equal(
    admitted(rates, 1_000, (n) => n * 1_050),
    1_000,
  );
});

await t.test('who is refused is not counted: waiting helps, however often is asked meanwhile', async (t) => {
  const rates = new RequestRates(10);
  admitted(rates, 10, () => 0);
  for (let ms = 0; ms < 60_000; ms += 100) t.notOk(rates.admit(ALICE, ms));
  t.ok(rates.admit(ALICE, 66_000));
});

await t.test('after two quiet minutes everything is forgotten', async (t) => {
  const rates = new RequestRates(3);
  admitted(rates, 3, () => 0);
  t.equal(
    admitted(rates, 5, () => 120_000),
    3,
  );
});

await t.test('of 20,001 users the one seen longest ago is forgotten, and nobody else', async (t) => {
  const rates = new RequestRates(1);
  rates.admit(ALICE, 0);
  rates.admit(BOB, 0);
  for (let n = 0; n < 19_998; n += 1) rates.admit(user(n), 0);
  t.notOk(rates.admit(ALICE, 0), 'twenty thousand are remembered');
  rates.admit(user(19_999), 0);
  t.notOk(rates.admit(BOB, 0));
  t.ok(rates.admit(ALICE, 0));
});
