// Portico beside the proxies that people use in its place: `npm run bench:gateway`. Ratios of one run on pinned cores; it
// prints tables and asserts only that every answer was the right one, for machines differ. 9,000 held requests are held.ts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate } from './gateway/certificate.ts';
import { chosenBy, readOptions, USAGE, type Options } from './gateway/options.ts';
import { machine } from './gateway/machine.ts';
import { withReport, writePage } from './gateway/page.ts';
import { LOAD_CORE, pinSelf, RIVAL_CORE } from './gateway/pinned-process.ts';
import { prepareRivals } from './gateway/prepare.ts';
import { watchOthers, watchStolen } from './gateway/proc.ts';
import { DIRECT, type Entrant } from './gateway/entrant.ts';
import { renderReport } from './gateway/report.ts';
import { RIVALS } from './gateway/rivals.ts';
import { runScenario, type Entered } from './gateway/run-scenario.ts';
import { SCENARIOS } from './gateway/scenarios.ts';
import { startOrigin } from './gateway/start-origin.ts';
import { startSynapseBehind } from './gateway/synapse-behind.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  try {
    await prepareRivals();
    pinSelf();
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  return measure(options);
}

async function measure(options: Options): Promise<number> {
  const { rounds, seconds, writes } = options;
  const [chosen, scenarios] = [chosenBy(RIVALS, options.only), chosenBy(SCENARIOS, options.scenarios)];
  for (const [option, found, all] of [
    ['--only', chosen, RIVALS],
    ['--scenarios', scenarios, SCENARIOS],
  ] as const) {
    if (found.length > 0) continue;
    console.error(`${option} names none; allowed: parts of ${all.map(({ name }) => name).join('; ')}`);
    return 2;
  }
  const entered = [undefined, ...chosen].map((rival): Entered => ({ rival, rounds: [], faults: new Set() }));
  const undos: (() => Promise<unknown>)[] = [];
  const [others, stolen] = [watchOthers(), watchStolen([LOAD_CORE, RIVAL_CORE])];
  let [othersShare, stolenShare] = [Number.NaN, Number.NaN];
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-tls-'));
  undos.push(async () => rmSync(folder, { recursive: true, force: true }));
  try {
    const certificate = makeCertificate(folder);
    const origin = await startOrigin();
    undos.push(() => origin.stop());
    const synapse = await startSynapseBehind({ teardown: (undo) => void undos.push(undo) });
    const setting = { originPort: origin.port, synapse, certificate, rounds, seconds };
    for (const scenario of scenarios) await runScenario(scenario, entered, setting);
    [othersShare, stolenShare] = [others(), stolen()];
  } finally {
    for (const undo of undos.toReversed()) await undo();
  }
  const entrants = entered.map(entrant);
  const report = renderReport({ entrants, rounds, seconds, machine: machine(), othersShare, stolenShare });
  console.log(report);
  if (writes) writePage((before) => withReport(before, report));
  return entrants.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

function entrant({ rival, rounds, faults }: Entered): Entrant {
  const { name, setup } = rival ?? { name: DIRECT, setup: '' };
  return { name, setup, version: rival?.version() ?? '', rounds, faults: [...faults] };
}
