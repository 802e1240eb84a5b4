// How the gateway's benchmark reads what the kernel counts.

import t from 'tap';

import {
  familyOf,
  othersSecondsOf,
  parseRssBytes,
  parseStat,
  parseStolenSeconds,
} from '../../../../bench/gateway/proc.ts';

function stat(pid: number, parentPid: number, name = 'node'): string {
  return `${pid} (${name}) S ${parentPid} 1 1 0 -1 4194560 900 0 0 0 150 50 7 3 20 0 1 0 5 1000 200 18446744073709551615\n`;
}

await t.test('CPU seconds are those of the process and of its ended children', async (t) => {
  t.strictSame(parseStat(stat(41, 7)), { pid: 41, parentPid: 7, cpuSeconds: 2.1 });
});

await t.test('a name may hold spaces and parentheses', async (t) => {
  t.strictSame(parseStat(stat(41, 7, 'nginx: (worker) 1 2')), { pid: 41, parentPid: 7, cpuSeconds: 2.1 });
});

await t.test('what is no stat is refused', async (t) => {
  t.throws(() => parseStat('41 (node) S'), /not the stat/);
  t.throws(() => parseStat(''), /not the stat/);
});

await t.test('a family is all that stands below a process, however deep', async (t) => {
  const all = [stat(1, 0), stat(10, 1), stat(11, 10), stat(12, 11), stat(20, 1)].map((text) =>
    parseStat(text),
  );
  t.strictSame(
    familyOf(10, all).map(({ pid }) => pid),
    [10, 11, 12],
  );
  t.strictSame(familyOf(99, all), []);
});

await t.test(
  'what others have used is what stands outside the family, with their ended children',
  async (t) => {
    const all = [stat(1, 0), stat(10, 1), stat(11, 10), stat(20, 1)].map((text) => parseStat(text));
    t.equal(othersSecondsOf(10, all), 4.2);
    t.equal(othersSecondsOf(1, all), 0);
  },
);

await t.test('stolen time is summed over the cores that are asked for', async (t) => {
  const text =
    'cpu  1400 60 260 0 0 0 0 0 0 0\ncpu0 100 10 50 900 5 7 7 0 0 0\ncpu1 200 20 80 900 5 7 7 40 0 0\n' +
    'cpu10 1100 30 130 900 5 7 7 9 0 0\nintr 5\n';
  t.equal(parseStolenSeconds(text, [0]), 0);
  t.equal(parseStolenSeconds(text, [0, 1]), 0.4);
  t.ok(Number.isNaN(parseStolenSeconds(text, [2])));
});

await t.test('resident memory is read in KiB; a process that has just ended has none', async (t) => {
  t.equal(
    parseRssBytes('Name:\tnode\nVmPeak:\t  900 kB\nVmRSS:\t    2048 kB\nThreads:\t1\n'),
    2 * 1024 * 1024,
  );
  t.equal(parseRssBytes('Name:\tnode\nState:\tZ (zombie)\n'), 0);
});
