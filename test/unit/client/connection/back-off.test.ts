// How long the next try waits.

import t from 'tap';

import { backOffMs } from '../../../../client/connection/back-off.ts';

await t.test('pauses double up to 30 s', async (t) => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 1_000].map((failures) => backOffMs(failures, 1, false));
  t.strictSame(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

await t.test('in a call, which the server keeps for 30 s, up to 3 s', async (t) => {
  const longest = [0, 1, 2, 3, 1_000].map((failures) => backOffMs(failures, 1, true));
  t.strictSame(longest, [1_000, 2_000, 3_000, 3_000, 3_000]);
});

await t.test('the upper half of each is left to chance', async (t) => {
  for (const failures of [0, 3, 9]) {
    t.equal(backOffMs(failures, 0, false), backOffMs(failures, 1, false) / 2);
    t.equal(backOffMs(failures, 0.5, false), backOffMs(failures, 1, false) * 0.75);
  }
});
