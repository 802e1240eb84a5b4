// What is measured of one rival in one round: each scenario starts it anew, so that none profits or suffers from the one
// before, and returns its figures. Owns the loads; decides nothing about whom to run or what is shown.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Question } from './connection.ts';
import { holdRequests, pause, runClosedLoop, runOpenLoop } from './load.ts';
import { HELD_COUNT_PATH } from './paths.ts';
import { freePort, RIVAL_CORE, startServer } from './pinned-process.ts';
import { DOWNLOAD, heldSync, SMALL, UPLOAD } from './questions.ts';
import type { Rival } from './rivals.ts';
import { percentile } from './statistics.ts';
import type { SynapseBehind } from './synapse-behind.ts';

export const SMALL_CONNECTIONS = 64;
export const STEADY_PER_SECOND = 2_000;
export const HELD_REQUESTS = 8_000;
export const TRANSFERS = 4;
export const SYNAPSE_CONNECTIONS = 8;

const LARGE_MIB = 10;
const MIB = 1024 * 1024;
/** Long enough for the slowest rival to take all of them before the first is answered. */
const HOLD_MS = 20_000;
/** From the last held request to the look at memory. */
const SETTLE_MS = 1_000;
const HELD_POLL_MS = 100;

/** By name. What does not apply to a direct connection is missing there. */
export type Figures = Readonly<Record<string, number>>;

export interface Round {
  /** Undefined for the direct connection. */
  readonly rival: Rival | undefined;
  readonly originPort: number;
  readonly seconds: number;
  readonly synapse: SynapseBehind;
}

export interface Scenario {
  readonly name: string;
  run(round: Round): Promise<Figures>;
}

/** What stands between the load generator and the server behind: the rival, or nothing. */
interface Between {
  readonly port: number;
  cpuSeconds(): number;
  rssBytes(): number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'small answers', run: (round) => withRival(round, round.originPort, SMALL, measureSmall) },
  { name: 'steady rate', run: (round) => withRival(round, round.originPort, SMALL, measureSteady) },
  { name: 'held requests', run: (round) => withRival(round, round.originPort, SMALL, measureHeld) },
  { name: 'download', run: (round) => withRival(round, round.originPort, SMALL, measureTransfer('down')) },
  { name: 'upload', run: (round) => withRival(round, round.originPort, SMALL, measureTransfer('up')) },
  { name: 'whoami of Synapse', run: (round) => withSynapse(round, 'whoami') },
  { name: 'sync of Synapse', run: (round) => withSynapse(round, 'sync') },
];

async function withRival(
  round: Round,
  targetPort: number,
  ready: Question,
  measure: (between: Between, round: Round) => Promise<Figures>,
): Promise<Figures> {
  const { rival } = round;
  if (rival === undefined)
    return measure({ port: targetPort, cpuSeconds: () => Number.NaN, rssBytes: () => Number.NaN }, round);
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-rival-'));
  try {
    const port = await freePort();
    const server = await startServer(rival.command({ port, targetPort, folder }), RIVAL_CORE, port, ready);
    try {
      return await measure(server, round);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSmall(between: Between, { seconds }: Round): Promise<Figures> {
  const load = { port: between.port, question: SMALL, connections: SMALL_CONNECTIONS };
  await runClosedLoop({ ...load, durationMs: seconds * 500 });
  const used = between.cpuSeconds();
  const ran = await runClosedLoop({ ...load, durationMs: seconds * 1_000 });
  const cpuSeconds = between.cpuSeconds() - used;
  return {
    smallPerSecond: ran.answers / ran.seconds,
    smallPerCpuSecond: ran.answers / cpuSeconds,
    smallCoreShare: cpuSeconds / ran.seconds,
  };
}

async function measureSteady(between: Between, { seconds }: Round): Promise<Figures> {
  const load = {
    port: between.port,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    perSecond: STEADY_PER_SECOND,
  };
  await runOpenLoop({ ...load, durationMs: seconds * 500 });
  const used = between.cpuSeconds();
  const tookMs = await runOpenLoop({ ...load, durationMs: seconds * 1_000 });
  return {
    steadyP50Ms: percentile(tookMs, 0.5),
    steadyP99Ms: percentile(tookMs, 0.99),
    steadyCoreShare: (between.cpuSeconds() - used) / seconds,
  };
}

/** Memory for each request that waits in both directions: the connection of the client, and that to the server behind. */
async function measureHeld(between: Between, { originPort, seconds }: Round): Promise<Figures> {
  const { port } = between;
  // A process that has never been loaded grows by itself, which is no connection's cost.
  await runClosedLoop({
    port,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    durationMs: seconds * 1_000,
  });
  const before = between.rssBytes();
  const used = between.cpuSeconds();
  const held = holdRequests({ port, question: heldSync(HOLD_MS), connections: HELD_REQUESTS });
  try {
    await Promise.race([held.answered, allHeld(originPort)]);
    await pause(SETTLE_MS);
    const holding = await heldCount(originPort);
    if (holding !== HELD_REQUESTS) throw new Error(`${holding} of ${HELD_REQUESTS} were held at once`);
    const after = between.rssBytes();
    await held.answered;
    return {
      heldKib: (after - before) / HELD_REQUESTS / 1_024,
      heldCpuMs: ((between.cpuSeconds() - used) * 1_000) / HELD_REQUESTS,
    };
  } finally {
    held.close();
  }
}

/** Or, once the first are answered, not all: whoever asks counts again. */
async function allHeld(originPort: number): Promise<void> {
  const startedMs = performance.now();
  while ((await heldCount(originPort)) < HELD_REQUESTS && performance.now() - startedMs < HOLD_MS)
    await pause(HELD_POLL_MS);
}

async function heldCount(originPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${originPort}${HELD_COUNT_PATH}`);
  return Number(await answer.text());
}

function measureTransfer(direction: 'down' | 'up'): (between: Between, round: Round) => Promise<Figures> {
  return async (between, { seconds }) => {
    const question = direction === 'down' ? DOWNLOAD : UPLOAD;
    const load = { port: between.port, question, connections: TRANSFERS };
    await runClosedLoop({ ...load, durationMs: seconds * 500 });
    const [used, before] = [between.cpuSeconds(), between.rssBytes()];
    const ran = await runClosedLoop({ ...load, durationMs: seconds * 1_000 });
    const mib = ran.answers * LARGE_MIB;
    return {
      [`${direction}MibPerSecond`]: mib / ran.seconds,
      [`${direction}MibPerCpuSecond`]: mib / (between.cpuSeconds() - used),
      [`${direction}RssMib`]: between.rssBytes() / MIB,
      [`${direction}GrowthMib`]: (between.rssBytes() - before) / MIB,
    };
  };
}

function withSynapse(round: Round, name: 'whoami' | 'sync'): Promise<Figures> {
  const { seconds, synapse } = round;
  return withRival(round, synapse.port, synapse.whoami, async (between) => {
    const load = { port: between.port, question: synapse[name], connections: SYNAPSE_CONNECTIONS };
    await runClosedLoop({ ...load, durationMs: seconds * 500 });
    const [rivalUsed, synapseUsed] = [between.cpuSeconds(), synapse.cpuSeconds()];
    const ran = await runClosedLoop({ ...load, durationMs: seconds * 1_000 });
    return {
      [`${name}PerSecond`]: ran.answers / ran.seconds,
      [`${name}SynapseCpuMs`]: ((synapse.cpuSeconds() - synapseUsed) * 1_000) / ran.answers,
      [`${name}RivalCpuMs`]: ((between.cpuSeconds() - rivalUsed) * 1_000) / ran.answers,
    };
  });
}
