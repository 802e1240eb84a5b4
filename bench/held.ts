// Whether one process of Portico holds 9,000 `/sync` for ten minutes: `npm run bench:held`. It fails if one of them is
// closed before its answer or answered wrongly, and prints what memory they take. Rivals are gateway.ts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { askHeld, releaseHeld } from './gateway/ask-origin.ts';
import { HELD_USAGE, readHeldOptions, type HeldOptions } from './gateway/held-options.ts';
import { isGood, renderHeld, type HeldLook, type HeldRun } from './gateway/held-report.ts';
import { holdRequests, pause, runClosedLoop, type HeldRequests } from './gateway/load.ts';
import { machine } from './gateway/machine.ts';
import { withHeld, writePage } from './gateway/page.ts';
import { freePort, pinSelf, RIVAL_CORE, startServer, type PinnedProcess } from './gateway/pinned-process.ts';
import { heldSync, SMALL } from './gateway/questions.ts';
import { PORTICO, RIVALS } from './gateway/rivals.ts';
import { startOrigin } from './gateway/start-origin.ts';

const MINUTE_MS = 60_000;
/** The origin is asked to answer before: this only ends what would never end otherwise. */
const SPARE_MS = 2 * MINUTE_MS;
const WARM_UP = { connections: 64, durationMs: 5_000 };
const SETTLE_MS = 1_000;
const ANSWER_LIMIT_MS = MINUTE_MS;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: HeldOptions;
  try {
    options = readHeldOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELD_USAGE}`);
    return 2;
  }
  try {
    pinSelf();
    return await measure(options);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

async function measure(options: HeldOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-held-'));
  const undos: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const origin = await startOrigin();
    undos.push(() => origin.stop());
    const portico = await startPortico(origin.port, folder);
    undos.push(() => portico.stop());
    const run = await hold(options, portico, origin.port);
    const report = renderHeld(run);
    console.log(report);
    if (options.writes) writePage((before) => withHeld(before, report));
    return isGood(run) ? 0 : 1;
  } finally {
    for (const undo of undos.toReversed()) await undo();
  }
}

/** As it runs beside the rivals. */
async function startPortico(targetPort: number, folder: string): Promise<PinnedProcess> {
  const portico = RIVALS.find(({ name }) => name === PORTICO);
  if (portico === undefined) throw new Error('Portico is not among the rivals');
  const port = await freePort();
  const command = portico.command({ port, targetPort, folder, certificate: undefined });
  return startServer(command, RIVAL_CORE, { port }, SMALL);
}

async function hold(
  { count, minutes }: HeldOptions,
  portico: PinnedProcess,
  originPort: number,
): Promise<HeldRun> {
  const { target } = portico;
  const looks: HeldLook[] = [];
  let usedSeconds = portico.cpuSeconds();
  const look = async (when: string): Promise<void> => {
    const used = portico.cpuSeconds();
    const held = await askHeld(originPort);
    looks.push({ when, rssBytes: portico.rssBytes(), cpuSeconds: used - usedSeconds, held });
    usedSeconds = used;
    console.error(`${when}: ${held} held, ${Math.round(portico.rssBytes() / 1_024 ** 2)} MiB`);
  };

  await runClosedLoop({ target, question: SMALL, ...WARM_UP });
  await look('before');
  const question = heldSync(minutes * MINUTE_MS + SPARE_MS);
  const requests = holdRequests({ target, question, connections: count }, () => askHeld(originPort));
  try {
    await requests.held;
    await pause(SETTLE_MS);
    await look('all held');
    for (let minute = 1; minute <= minutes; minute += 1) {
      await pause(MINUTE_MS);
      await look(`after ${minute} min`);
    }
    const closedEarly = requests.answers;
    await releaseHeld(originPort);
    await answered(requests, count);
    await look('answered');
    const unanswered = count - requests.answers;
    return {
      count,
      minutes,
      looks,
      closedEarly,
      failed: Math.max(closedEarly, requests.faults.length) + unanswered,
      faults: [...new Set(requests.faults), ...(unanswered > 0 ? [`${unanswered} never answered`] : [])],
      machine: machine(),
    };
  } finally {
    requests.close();
  }
}

/** Or not all, after a limit. */
async function answered(requests: HeldRequests, count: number): Promise<void> {
  const startedMs = performance.now();
  while (requests.answers < count && performance.now() - startedMs < ANSWER_LIMIT_MS) await pause(SETTLE_MS);
}
