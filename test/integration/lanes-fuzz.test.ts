// A fixed share of the differential fuzzer (test/fuzz): random requests through both lanes, and no difference. And that it
// would see one: an upstream that says one byte else to one of the lanes.

import t from 'tap';

import { generateCase, settingOf } from '../fuzz/generate.ts';
import { keptCases, readCase, tellCase } from '../fuzz/kept-cases.ts';
import { runCases } from '../fuzz/run.ts';
import type { Answer } from '../harness/lanes/answers.ts';

t.setTimeout(170_000);

const SEED = 20_261_121;
const CASES = 2_000;

const casesFrom = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => generateCase(SEED, from + i));

await t.test('cases in which the lanes once differed', async (t) => {
  const report = await runCases(keptCases(), { maxTries: 0 });
  for (const { minimal, difference } of report.differences)
    t.fail(tellCase(minimal), { splicedFirst: difference });
  t.strictSame(report.metrics, []);
});

await t.test(`${CASES} random cases`, async (t) => {
  const report = await runCases(casesFrom(0, CASES), { maxDifferences: 2, maxTries: 100 });
  for (const { minimal, difference } of report.differences)
    t.fail(tellCase(minimal), { splicedFirst: difference });
  for (const { found, difference } of report.unsteady)
    t.comment(`seen once and not again: ${tellCase(found)}: ${difference}`);
  t.strictSame(report.metrics, []);
  t.ok(report.forwarded >= 0.4 * CASES, `${report.forwarded} of ${CASES} were forwarded`);
  t.ok(report.unsteady.length <= CASES / 200, `${report.unsteady.length} were not seen again`);
});

await t.test('the smallest differences are found', async (t) => {
  const twists: Readonly<Record<string, (answer: Answer) => Answer>> = {
    'another field': (answer) => ({ ...answer, head: answer.head.replace('\r\n', '\r\nX-Twist: 1\r\n') }),
    'another spelling': (answer) => ({
      ...answer,
      head: answer.head.replace('Content-Length', 'Content-length'),
    }),
    'another byte of the body': (answer) => ({
      ...answer,
      body: answer.body?.map((piece) => (typeof piece === 'string' ? piece.replace('o', '0') : piece)) ?? [],
    }),
    'an end in place of a length': (answer) => ({
      ...answer,
      head: answer.head.replace(/Content-Length: [0-9]+\r\n/, ''),
      body: [...(answer.body ?? []), { atLast: 'end' }],
    }),
  };
  const cases = Array.from({ length: 40 }, (_, i) => i)
    .filter((number) => settingOf(number) === 'plain')
    .map((number) => generateCase(SEED, number));
  for (const [name, twist] of Object.entries(twists)) {
    const origins = { plain: { twist } };
    const report = await runCases(cases, { pairs: 1, origins, maxDifferences: 1, maxTries: 0 });
    t.ok(report.differences.length >= 1, name);
  }
});

await t.test('a case is what its seed and number say, and survives being told', async (t) => {
  for (const one of casesFrom(0, 200)) {
    t.equal(tellCase(readCase(tellCase(one))), tellCase(one));
    t.strictSame(readCase(tellCase(one)).steps, one.steps);
  }
  t.strictSame(casesFrom(0, 50), casesFrom(0, 50));
  t.not(tellCase(generateCase(1, 0)), tellCase(generateCase(2, 0)));
});
