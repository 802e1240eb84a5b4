// The books of the load tests must not hide a loss.

import t from 'tap';

import { LoadLedger } from '../../harness/load-ledger.ts';

function ledgerOf(sends: number): LoadLedger {
  const ledger = new LoadLedger();
  ledger.addLane('alice', ['bob', 'carol']);
  ledger.addLane('bob', ['alice']);
  for (let n = 0; n < sends; n += 1) ledger.send('alice');
  return ledger;
}

await t.test('what all have got in order is complete', async (t) => {
  const ledger = ledgerOf(3);
  t.notOk(ledger.isComplete);
  for (const n of [0, 1, 2]) for (const receiver of ['bob', 'carol']) ledger.arrive(receiver, 'alice', n, n);
  t.ok(ledger.isComplete);
  const none = { lost: 0, doubled: 0, disordered: 0, strayed: 0 };
  t.strictSame(ledger.figure(), { sent: 3, expected: 6, ...none, p50Ms: 1, p99Ms: 2 });
});

await t.test('a loss at one receiver is not made up for by another', async (t) => {
  const ledger = ledgerOf(2);
  for (const n of [0, 0, 1, 1]) ledger.arrive('bob', 'alice', n, 1);
  t.ok(ledger.isComplete, 'by the count');
  t.match(ledger.figure(), { lost: 2, doubled: 2, disordered: 0, strayed: 0 });
});

await t.test('what is overtaken is out of order, and not lost', async (t) => {
  const ledger = ledgerOf(4);
  for (const n of [0, 2, 1, 3]) ledger.arrive('bob', 'alice', n, 1);
  for (const n of [3, 0, 1, 2]) ledger.arrive('carol', 'alice', n, 1);
  t.match(ledger.figure(), { lost: 0, doubled: 0, disordered: 4, strayed: 0 });
});

await t.test('what comes to a stranger, or was never sent, has strayed', async (t) => {
  const ledger = ledgerOf(1);
  ledger.arrive('alice', 'alice', 0, 1);
  ledger.arrive('bob', 'mallory', 0, 1);
  ledger.arrive('bob', 'alice', 1, 1);
  ledger.arrive('bob', 'alice', Number.NaN, 1);
  t.match(ledger.figure(), { lost: 2, strayed: 4 });
});
