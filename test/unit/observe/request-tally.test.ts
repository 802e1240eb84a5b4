// Requests are counted by route, status and end, each combination on its own.

import t from 'tap';

import { RequestTally } from '../../../src/observe/request-tally.ts';

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

await t.test('requests are counted by route, status and end', async (t) => {
  const tally = new RequestTally();
  t.same([...tally.counts()], [], 'none at first');
  const rows: readonly [route: string, status: number, endedBy: string, count: number][] = [
    ['matrix', 200, 'complete', 3],
    ['matrix', 200, 'client', 1],
    ['matrix', 404, 'complete', 2],
    ['own', 200, 'complete', 5],
    ['__proto__', 0, 'constructor', 1],
  ];
  for (let round = 0; round < 5; round += 1) {
    for (const [route, status, endedBy, count] of rows) if (round < count) tally.add(route, status, endedBy);
  }
  const counted = [...tally.counts()].map(({ route, status, endedBy, count }) => [
    route,
    status,
    endedBy,
    count,
  ]);
  t.same(counted.map(String).toSorted(byText), rows.map(String).toSorted(byText));
});

await t.test('counts are read without being used up, and go on', async (t) => {
  const tally = new RequestTally();
  tally.add('own', 200, 'complete');
  t.same([...tally.counts()], [...tally.counts()]);
  tally.add('own', 200, 'complete');
  t.same([...tally.counts()], [{ route: 'own', status: 200, endedBy: 'complete', count: 2 }]);
});
