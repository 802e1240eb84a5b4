// What the gateway's benchmark makes of its figures, and how it shows them.

import t from 'tap';

import { addedTo, ratioOf, type Entrant } from '../../../../bench/gateway/entrant.ts';
import { median, percentile, summarise } from '../../../../bench/gateway/statistics.ts';
import { figure, percent, ratio, table } from '../../../../bench/gateway/table.ts';

function entrant(...rounds: Entrant['rounds']): Entrant {
  return { name: '', version: '', setup: '', rounds, faults: [] };
}

await t.test('the median is the middle one, or between the two in the middle', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([7]), 7);
  t.ok(Number.isNaN(median([])));
});

await t.test('a percentile is a value that occurred', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  t.equal(percentile(hundred, 0.5), 50);
  t.equal(percentile(hundred, 0.99), 99);
  t.equal(percentile(hundred, 1), 100);
  t.equal(percentile(hundred, 0), 1);
  t.equal(percentile([5], 0.99), 5);
  t.ok(Number.isNaN(percentile([], 0.5)));
});

await t.test('the spread is half the distance of the quartiles as a share of the median', async (t) => {
  t.strictSame(summarise([100, 1, 90, 110, 900]), { median: 100, spread: 0.1 }, 'whatever the ends are');
  t.strictSame(summarise([90, 110, 100]), { median: 100, spread: 0.1 });
  t.strictSame(summarise([100]), { median: 100, spread: Number.NaN }, 'one round has none');
  t.strictSame(summarise([-1, 1, 0]), { median: 0, spread: Number.NaN }, 'nor has a median of nothing');
});

await t.test('tables line up, and are Markdown', async (t) => {
  t.equal(
    table(
      ['', 'per second'],
      [
        ['nginx', '12,345'],
        ['http-proxy', '–'],
      ],
    ),
    [
      '|            | per second |',
      '| ---------- | ---------: |',
      '| nginx      |     12,345 |',
      '| http-proxy |          – |',
    ].join('\n'),
  );
});

await t.test('figures have three digits, and a dash where there is none', async (t) => {
  t.strictSame(
    [12_345.6, 123.4, 12.34, 1.234, -0.5, 0, Number.NaN, undefined].map((value) => figure(value)),
    ['12,346', '123', '12.3', '1.23', '-0.50', '0.00', '–', '–'],
  );
  t.strictSame([ratio(1.5), ratio(Number.NaN), ratio(Number.POSITIVE_INFINITY)], ['1.50x', '–', '–']);
  t.strictSame([percent(0.126), percent(Number.NaN), percent(undefined)], ['13 %', '–', '–']);
});

await t.test('two are compared round by round, and where both have a figure', async (t) => {
  // The machine is three times as fast in the second round.
  const one = entrant({ rate: 20 }, { rate: 60 }, { rate: 22 }, {}, { rate: 5 });
  const other = entrant({ rate: 10 }, { rate: 30 }, { rate: 11 }, { rate: 1 }, {});
  t.equal(ratioOf(one, other, 'rate'), 2);
  t.equal(addedTo(one, other, 'rate'), 11);
  for (const compare of [ratioOf, addedTo]) {
    for (const missing of [compare(one, undefined, 'rate'), compare(undefined, one, 'rate')])
      t.ok(Number.isNaN(missing));
  }
  t.ok(Number.isNaN(ratioOf(one, other, 'unknown')));
  t.ok(Number.isNaN(ratioOf(one, entrant({ rate: Number.NaN }), 'rate')), 'what cannot be measured of one');
});
