// The options and the report of the command that holds requests for minutes, and the page that it shares with the other.

import t from 'tap';

import { readHeldOptions } from '../../../../bench/gateway/held-options.ts';
import { isGood, renderHeld, type HeldRun } from '../../../../bench/gateway/held-report.ts';
import { withHeld, withReport } from '../../../../bench/gateway/page.ts';

const MIB = 1024 * 1024;
const RUN: HeldRun = {
  count: 1_024,
  minutes: 1,
  looks: [
    { when: 'before', rssBytes: 100 * MIB, cpuSeconds: 0, held: 0 },
    { when: 'all held', rssBytes: 120 * MIB, cpuSeconds: 1.5, held: 1_024 },
  ],
  closedEarly: 0,
  failed: 0,
  faults: [],
  machine: 'a machine',
};

await t.test('nine thousand for ten minutes, or what is asked for', async (t) => {
  t.strictSame(readHeldOptions([]), { count: 9_000, minutes: 10, writes: false });
  t.strictSame(readHeldOptions(['--count', '50', '--minutes', '1', '--write']), {
    count: 50,
    minutes: 1,
    writes: true,
  });
  t.throws(() => readHeldOptions(['--count', '10000']), /allowed: 1 to 9800/);
  t.throws(() => readHeldOptions(['--minutes', '0']), /allowed: 1 to 55/);
  t.throws(() => readHeldOptions(['--minutes', '1e1']), /"1e1"/);
  t.throws(() => readHeldOptions(['--seconds', '1']), /--seconds/);
});

await t.test('memory is told for each request that is held', async (t) => {
  const report = renderHeld(RUN).replaceAll(/ +/g, ' ');
  t.match(report, '| all held | 1,024 | 120 | 20.0 | 1.50 |');
  t.match(report, '| before | 0 | 100 | – | 0.00 |');
  t.match(report, '0 closed early');
  t.match(renderHeld({ ...RUN, failed: 1, faults: ['answered 502'] }), '- answered 502');
});

await t.test('one that is closed early or answered wrongly is too many', async (t) => {
  t.ok(isGood(RUN));
  t.notOk(isGood({ ...RUN, closedEarly: 1, failed: 1 }));
  t.notOk(isGood({ ...RUN, failed: 1 }));
});

await t.test('each command replaces its own part of the page', async (t) => {
  const first = withReport('', 'REPORT 1');
  t.match(first, /REPORT 1\n\n## Held for minutes\n\nNot measured yet/);
  const both = withHeld(first, 'HELD 1');
  t.match(both, /REPORT 1\n\n## Held for minutes\n\nHELD 1\n\n## How to run them/);
  t.equal(withHeld(withReport(both, 'REPORT 2'), 'HELD 1'), withReport(both, 'REPORT 2'));
  t.equal(withReport(withHeld('', 'HELD 1'), 'REPORT 1'), both);
  t.notMatch(withHeld(both, 'HELD 2'), 'HELD 1');
});
