// Which bytes a range means, at the edges of a file.

import t from 'tap';

import { readRange } from '../../../src/recording/ranges.ts';

await t.test('a range lies within the file, or is none', async (t) => {
  const rows: readonly [text: string | undefined, size: number, range: ReturnType<typeof readRange>][] = [
    [undefined, 10, 'whole'],
    ['bytes=0-0', 10, { first: 0, last: 0 }],
    ['bytes=2-5', 10, { first: 2, last: 5 }],
    ['bytes=2-', 10, { first: 2, last: 9 }],
    ['bytes=2-99', 10, { first: 2, last: 9 }],
    ['bytes=9-9', 10, { first: 9, last: 9 }],
    ['bytes=-3', 10, { first: 7, last: 9 }],
    ['bytes=-99', 10, { first: 0, last: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=5-2', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=0-1,3-4', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes= 0-1', 10, 'whole'],
    ['items=0-1', 10, 'whole'],
    [`bytes=0-${'9'.repeat(16)}`, 10, 'whole'],
  ];
  for (const [text, size, range] of rows) t.strictSame(readRange(text, size), range, `${text} of ${size}`);
});
