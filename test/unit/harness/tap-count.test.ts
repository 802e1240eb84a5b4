// The closing line of `npm test` must not hide a failure.

import t from 'tap';

import { countTests } from '../../harness/tap-count.ts';

await t.test('tests are counted, not assertions and not files', async (t) => {
  const tap = [
    '# Subtest: a.test.ts',
    '    # Subtest: one',
    '        ok 1 - an assertion',
    '    ok 1 - one # time=1.5ms',
    '    not ok 2 - two # time=12ms',
    'not ok 1 - a.test.ts # time=20ms',
    'ok 2 - b.test.ts # time=20ms',
  ].join('\n');
  t.strictSame(countTests(tap), { passed: 1, failed: 1 });
});

await t.test('a file that dies outside of its tests is a failure', async (t) => {
  t.strictSame(countTests('not ok 1 - a.test.ts # time=20ms'), { passed: 0, failed: 1 });
});
