// `npm run fuzz:lanes -- --cases 100000 --seed 7`: random requests through both lanes, and what differs between them.
// Ends with `N cases, D differences`; exit code 1 when there is one.

import { parseArgs } from 'node:util';

import { generateCase } from './generate.ts';
import { keptCases, tellCase } from './kept-cases.ts';
import { runCases } from './run.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    pairs: { type: 'string', default: '3' },
  },
});
const [count, seed, from, pairs] = [values.cases, values.seed, values.from, values.pairs].map(Number);
if (![count, seed, from, pairs].every((value) => Number.isSafeInteger(value) && Number(value) >= 0)) {
  console.error('--cases, --seed, --from (the number of the first case) and --pairs take a whole number');
  process.exit(2);
}

/** Cases at a time: what a gateway keeps for each would otherwise fill the memory of a long run. */
const BATCH = 20_000;

const startedMs = performance.now();
const total = { cases: 0, forwarded: 0, differences: 0, unsteady: 0 };
const kept = keptCases();
for (let at = 0; at < Number(count) && total.differences === 0; at += BATCH) {
  const numbers = Array.from(
    { length: Math.min(BATCH, Number(count) - at) },
    (_, i) => Number(from) + at + i,
  );
  const cases = numbers.map((number) => generateCase(Number(seed), number));
  const report = await runCases([...(at === 0 ? kept : []), ...cases], {
    pairs: Number(pairs),
    onProgress(done) {
      if (done % 5_000 === 0)
        console.log(`${at + done} cases, ${Math.round((performance.now() - startedMs) / 1_000)} s`);
    },
  });
  for (const { minimal, difference } of report.differences) {
    console.log(`\nDIFFERENT (seed ${seed}), spliced first:\n  ${tellCase(minimal)}\n  ${difference}`);
  }
  for (const { found, difference } of report.unsteady)
    console.log(`\nseen once and not again:\n  ${tellCase(found)}\n  ${difference}`);
  for (const line of report.metrics) console.log(`\nDIFFERENT metrics: ${line}`);
  total.cases += report.cases;
  total.forwarded += report.forwarded;
  total.differences += report.differences.length + report.metrics.length;
  total.unsteady += report.unsteady.length;
}
const share = Math.round((100 * total.forwarded) / Math.max(total.cases, 1));
console.log(
  `\nseed ${seed}, ${share} % forwarded, ${total.unsteady} not seen again, ${Math.round((performance.now() - startedMs) / 1_000)} s`,
);
console.log(`${total.cases} cases, ${total.differences} differences`);
process.exitCode = total.differences > 0 ? 1 : 0;
