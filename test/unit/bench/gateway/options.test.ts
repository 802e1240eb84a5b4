// The options of the gateway's benchmark, and the page that it makes.

import t from 'tap';

import { AIMS, renderAims } from '../../../../bench/gateway/aims.ts';
import { DIRECT, type Entrant } from '../../../../bench/gateway/entrant.ts';
import { chosenBy, readOptions } from '../../../../bench/gateway/options.ts';
import { renderReport } from '../../../../bench/gateway/report.ts';
import { NGINX_DOCUMENTED, NGINX_TUNED, PORTICO, RIVALS } from '../../../../bench/gateway/rivals.ts';

await t.test('a whole run has five rounds, a quick one has one', async (t) => {
  t.match(readOptions([]), { rounds: 5, writes: false, only: [] });
  t.match(readOptions(['--quick']), { rounds: 1, seconds: 2 });
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
  t.throws(() => readOptions(['--write', '--scenarios', 'tls']), /whole runs/);
});

await t.test('rivals and scenarios are chosen by parts of their names', async (t) => {
  const all = [{ name: 'nginx, tuned' }, { name: 'HAProxy' }, { name: 'http-proxy' }];
  t.strictSame(chosenBy(all, []), all);
  t.strictSame(chosenBy(all, ['PROXY']), all.slice(1));
  t.strictSame(chosenBy(all, ['tuned', 'http-']), [all[0], all[2]]);
  t.strictSame(chosenBy(all, ['squid']), []);
  const longer = [...all, { name: 'http-proxy-3' }];
  t.strictSame(chosenBy(longer, ['HTTP-proxy']), [all[2]], 'a whole name is no part of another one');
});

function entrant(name: string, perCpuSecond: readonly number[], faults: readonly string[] = []): Entrant {
  const rounds = perCpuSecond.map((value) => ({
    smallPerSecond: value,
    smallPerCpuSecond: value,
    steadyP99Ms: value / 1_000,
  }));
  return { name, version: '1.2', setup: 'set up', rounds, faults };
}

await t.test(
  'the report compares with both ways to run nginx in the same round, and hides no failure',
  async (t) => {
    const report = renderReport({
      entrants: [
        { name: DIRECT, version: '', setup: '', rounds: [{ steadyP99Ms: 1 }], faults: [] },
        entrant(NGINX_DOCUMENTED, [2_000, 3_000, 1_000]),
        entrant(NGINX_TUNED, [4_000]),
        entrant(PORTICO, [6_000], ['upload: answered 502']),
      ],
      rounds: 3,
      seconds: 10,
      machine: 'a machine',
      othersShare: 0.04,
      stolenShare: 0.12,
    });
    const [small = '', steady = ''] = report
      .split('\n')
      .filter((line) => line.startsWith(`| ${PORTICO} `))
      .slice(1)
      .map((line) => line.replaceAll(/ +/g, ' '));
    t.match(small, '| 6,000 | – | 3.00x | 1.50x | 6,000 |');
    t.match(steady, '| 6.00 | – | 5.00 |', 'what is more than without a proxy');
    t.match(report, '- Portico: upload: answered 502');
    t.match(report, 'a machine');
    t.match(report, "took 4 % of one core's time, and the hypervisor took 12 % of both");
    t.notMatch(report, 'NaN');
  },
);

await t.test('a table has those who were measured', async (t) => {
  const machine = { machine: 'a machine', rounds: 1, seconds: 2, othersShare: 0, stolenShare: 0 };
  const report = renderReport({ ...machine, entrants: [entrant(PORTICO, [1_000])] });
  t.match(report, '## Small answers\n');
  t.notMatch(report, '## Held requests', 'which nobody has a figure of');
});

await t.test('an aim is met, missed, or not measured', async (t) => {
  const entrants = [entrant(NGINX_TUNED, [1_000]), entrant(PORTICO, [700])];
  const aim = { what: 'w', figure: 'smallPerCpuSecond', to: NGINX_TUNED, times: 0.6 };
  const met = (given: Parameters<typeof renderAims>[0][number]): string | undefined =>
    renderAims([given], entrants).split('\n').at(-1)?.replaceAll(/ +/g, ' ');
  t.match(met({ ...aim, bound: 'at least' }), '| at least 0.60x | 0.70x | yes |');
  t.match(met({ ...aim, bound: 'at least', times: 0.8 }), '| no |');
  t.match(met({ ...aim, bound: 'at most' }), '| no |');
  t.match(met({ ...aim, bound: 'at least', to: NGINX_DOCUMENTED }), '| – | – |');
  t.match(met({ ...aim, bound: 'at least', figure: 'unknown' }), '| – | – |');
  const added = { what: 'w', figure: 'smallPerCpuSecond', to: DIRECT, bound: 'at most' } as const;
  entrants.push(entrant(DIRECT, [699.5]));
  t.match(met({ ...added, addedMs: 0.5 }), '| at most 0.50 ms more | 0.50 ms more | yes |');
  t.match(met({ ...added, addedMs: 0.4 }), '| no |');
  t.match(met({ ...added, addedMs: 1, figure: 'unknown' }), '| – | – |');
  t.ok(AIMS.every(({ to }) => to === DIRECT || RIVALS.some(({ name }) => name === to)));
});
