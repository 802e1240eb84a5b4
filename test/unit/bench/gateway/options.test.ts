// The options of the gateway's benchmark, and the page that it makes.

import t from 'tap';

import { readOptions } from '../../../../bench/gateway/options.ts';
import { DIRECT, renderReport, type Entrant } from '../../../../bench/gateway/report.ts';
import { NGINX_DOCUMENTED, NGINX_TUNED, PORTICO } from '../../../../bench/gateway/rivals.ts';

await t.test('a whole run has five rounds, a quick one has one', async (t) => {
  t.match(readOptions([]), { rounds: 5, writes: false, only: [] });
  t.match(readOptions(['--quick']), { rounds: 1, seconds: 3 });
  t.match(readOptions(['--quick', '--rounds', '2', '--only', 'nginx,Portico']), {
    rounds: 2,
    only: ['nginx', 'Portico'],
  });
});

await t.test('options that make no sense are refused', async (t) => {
  t.throws(() => readOptions(['--rounds', '0']), /allowed: 1 to 99/);
  t.throws(() => readOptions(['--fast']), /--fast/);
  t.throws(() => readOptions(['--write', '--quick']), /whole runs/);
  t.throws(() => readOptions(['--write', '--only', 'nginx']), /whole runs/);
});

function entrant(name: string, perCpuSecond: readonly number[], faults: readonly string[] = []): Entrant {
  const rounds = perCpuSecond.map((value) => ({ smallPerCpuSecond: value, steadyP99Ms: value / 1_000 }));
  return { name, version: '1.2', setup: 'set up', rounds, faults };
}

await t.test('the report compares medians with both ways to run nginx, and hides no failure', async (t) => {
  const report = renderReport({
    entrants: [
      { name: DIRECT, version: '', setup: '', rounds: [{ steadyP99Ms: 1 }], faults: [] },
      entrant(NGINX_DOCUMENTED, [1_000, 3_000, 2_000]),
      entrant(NGINX_TUNED, [4_000]),
      entrant(PORTICO, [6_000], ['upload: answered 502']),
    ],
    rounds: 3,
    seconds: 10,
    machine: 'a machine',
    othersShare: 0.04,
  });
  const [small = '', steady = ''] = report
    .split('\n')
    .filter((line) => line.startsWith(`| ${PORTICO} `))
    .slice(1)
    .map((line) => line.replaceAll(/ +/g, ' '));
  t.match(small, '| 6,000 | – | 3.00x | 1.50x |');
  t.match(steady, '| 6.00 | – | 5.00 |', 'what is more than without a proxy');
  t.match(report, '- Portico: upload: answered 502');
  t.match(report, 'a machine');
  t.match(report, 'took 4 % of the two cores');
  t.notMatch(report, 'NaN');
});
