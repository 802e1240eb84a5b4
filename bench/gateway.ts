// Portico beside the proxies that people use in its place: `npm run bench:gateway`. Ratios of one run on pinned cores; it
// prints tables and asserts only that every answer was the right one, for machines differ.

import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { DemoFailure } from '../src/cli/demo/failure.ts';
import { readOptions, USAGE, type Options } from './gateway/options.ts';
import { freePort, LOAD_CORE, pinSelf, RIVAL_CORE, startServer } from './gateway/pinned-process.ts';
import { prepareRivals } from './gateway/prepare.ts';
import { coreSecondsOf, cpuSecondsOf } from './gateway/proc.ts';
import { SMALL } from './gateway/questions.ts';
import { DIRECT, renderReport, type Entrant } from './gateway/report.ts';
import { RIVALS, type Rival } from './gateway/rivals.ts';
import { SCENARIOS, type Figures } from './gateway/scenarios.ts';
import { startSynapseBehind } from './gateway/synapse-behind.ts';

const ORIGIN = fileURLToPath(new URL('gateway/origin.ts', import.meta.url));
const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const GIB = 1024 ** 3;

interface Entered {
  readonly rival: Rival | undefined;
  readonly rounds: Figures[];
  readonly faults: Set<string>;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (cpus().length <= Math.max(LOAD_CORE, RIVAL_CORE)) {
    console.error('This machine has one core; the proxy needs one of its own.');
    return 1;
  }
  try {
    await prepareRivals();
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    console.error(error.message);
    return 1;
  }
  return measure(options);
}

async function measure(options: Options): Promise<number> {
  const { rounds, seconds, only, writes } = options;
  const chosen = RIVALS.filter(
    ({ name }) => only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
  );
  if (chosen.length === 0) {
    console.error(`--only names nobody; allowed: parts of ${RIVALS.map(({ name }) => name).join('; ')}`);
    return 2;
  }
  const entered = [undefined, ...chosen].map((rival): Entered => ({ rival, rounds: [], faults: new Set() }));
  const undos: (() => Promise<unknown>)[] = [];
  pinSelf();
  const others = watchOthers();
  let othersShare = Number.NaN;
  try {
    const originPort = await freePort();
    const origin = await startServer(
      { command: process.execPath, args: [ORIGIN, String(originPort)] },
      LOAD_CORE,
      originPort,
      SMALL,
    );
    undos.push(() => origin.stop());
    const synapse = await startSynapseBehind({ teardown: (undo) => void undos.push(undo) });
    for (let round = 1; round <= rounds; round += 1) {
      for (const { rival, rounds: done, faults } of entered) {
        const figures: Record<string, number> = {};
        for (const scenario of SCENARIOS) {
          console.error(`round ${round} of ${rounds}: ${rival?.name ?? DIRECT}: ${scenario.name}`);
          try {
            Object.assign(figures, await scenario.run({ ...options, rival, originPort, synapse }));
          } catch (error) {
            faults.add(`${scenario.name}: ${(error as Error).message}`);
          }
        }
        done.push(figures);
      }
    }
    othersShare = others();
  } finally {
    for (const undo of undos.toReversed()) await undo();
  }
  const entrants = entered.map(entrant);
  const report = renderReport({ entrants, rounds, seconds, machine: machine(), othersShare });
  console.log(report);
  if (writes)
    writeFileSync(PAGE, `# Benchmarks\n\nWritten by \`npm run bench:gateway -- --write\`.\n\n${report}\n`);
  return entrants.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

/** @returns tells which share of the two cores went to processes that are not ours, since the call */
function watchOthers(): () => number {
  const [startedMs, before] = [performance.now(), othersSeconds()];
  return () => (othersSeconds() - before) / ((2 * (performance.now() - startedMs)) / 1_000);
}

/** Ours are this process and its children, those included that have ended. */
function othersSeconds(): number {
  return coreSecondsOf([LOAD_CORE, RIVAL_CORE]) - cpuSecondsOf(process.pid);
}

function entrant({ rival, rounds, faults }: Entered): Entrant {
  const { name, setup } = rival ?? { name: DIRECT, setup: '' };
  return { name, setup, version: rival?.version() ?? '', rounds, faults: [...faults] };
}

function machine(): string {
  const model = (cpus()[0]?.model ?? 'unknown processor').trim();
  return (
    `${model}, ${cpus().length} cores, ${Math.round(totalmem() / GIB)} GiB, Linux ${release()}, ` +
    `Node.js ${process.versions.node}`
  );
}
