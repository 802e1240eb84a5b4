// A difference is told by the smallest case that shows it, in a bounded number of tries.

import t from 'tap';

import { generateCase, type FuzzCase } from '../../fuzz/generate.ts';
import { minimise } from '../../fuzz/minimise.ts';
import { SeededRandom } from '../../fuzz/random.ts';

const textOf = ({ steps }: FuzzCase): string =>
  steps.map((step) => ('send' in step ? step.send : '')).join('');

await t.test('what does not matter goes', async (t) => {
  const found: FuzzCase = {
    setting: 'plain',
    isWarm: true,
    steps: [
      { send: 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n' },
      { do: 'settle' },
      { send: `POST /b HTTP/1.1\r\nX-A: 1\r\nX-Bad: 1\r\n\r\n${'b'.repeat(5_000)}` },
      { do: 'breathe' },
      { send: 'tail' },
    ],
  };
  const minimal = await minimise(found, async (tried) => textOf(tried).includes('Bad'));
  t.strictSame(minimal, { setting: 'plain', isWarm: false, steps: [{ send: 'Bad' }] });
});

await t.test('it asks no more often than it may, and keeps what shows nothing smaller', async (t) => {
  const found = generateCase(1, 3);
  let asked = 0;
  const shows = async (): Promise<boolean> => {
    asked += 1;
    return false;
  };
  t.strictSame(await minimise(found, shows, 25), found);
  t.ok(asked <= 25, `${asked} times`);
  t.strictSame(await minimise(found, shows, 0), found);
});

const rolls = (seed: number, number: number): number[] => {
  const random = new SeededRandom(seed, number);
  return Array.from({ length: 20 }, () => random.below(1_000));
};

await t.test('a seed repeats its dice, and another has others', async (t) => {
  t.strictSame(rolls(1, 2), rolls(1, 2));
  t.notSame(rolls(1, 2), rolls(1, 3));
  t.notSame(rolls(1, 2), rolls(2, 2));
  t.ok(rolls(5, 5).every((roll) => roll >= 0 && roll < 1_000));
});
