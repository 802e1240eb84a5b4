// What is measured of everybody, but for TLS (tls-scenarios.ts): the loads and the figures. Decides nothing about whom to
// run or what is shown.

import { askHeld, releaseHeld } from './ask-origin.ts';
import type { Between, BetweenOptions } from './between.ts';
import type { Figures } from './entrant.ts';
import { holdRequests, pause, runClosedLoop, runOpenLoop } from './load.ts';
import { DOWNLOAD, heldSync, SMALL, UPLOAD } from './questions.ts';
import {
  SETTLE_MS,
  TURN_MS,
  type InTurns,
  type Scenario,
  type Setting,
  type StartedAnew,
} from './scenario.ts';
import { SMALL_CONNECTIONS, smallAnswers, warmUp } from './small-answers.ts';
import { percentile } from './statistics.ts';
import { TLS_SCENARIOS } from './tls-scenarios.ts';

export const STEADY_PER_SECOND = 2_000;
/** One stall of the machine, of ten milliseconds, makes the p99 of a whole turn. */
export const STEADY_TIMES = 3;
export const HELD_REQUESTS = 8_000;
export const TRANSFERS = 4;
export const SYNAPSE_CONNECTIONS = 8;

const LARGE_MIB = 10;
const MIB = 1024 * 1024;
/** The origin is asked to answer long before; a rival that has not taken all of them by then has failed. */
const HOLD_MS = 120_000;
/** From the last held request to the look at memory. */
const REST_MS = 1_000;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'small answers', place: beforeOrigin, ...smallAnswers('small') },
  { name: 'steady rate', place: beforeOrigin, warmUp, turn: measureSteady, times: STEADY_TIMES },
  { name: 'held requests', place: beforeOrigin, measure: measureHeld },
  { name: 'download', place: beforeOrigin, measure: measureTransfer('down') },
  { name: 'upload', place: beforeOrigin, measure: measureTransfer('up') },
  { name: 'whoami of Synapse', ...ofSynapse('whoami') },
  { name: 'sync of Synapse', ...ofSynapse('sync') },
  ...TLS_SCENARIOS,
];

function beforeOrigin({ originPort }: Setting): BetweenOptions {
  return { targetPort: originPort, ready: SMALL };
}

async function measureSteady(between: Between): Promise<Figures> {
  const used = between.cpuSeconds();
  const tookMs = await runOpenLoop({
    target: between.target,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    perSecond: STEADY_PER_SECOND,
    settleMs: SETTLE_MS,
    durationMs: TURN_MS,
  });
  return {
    steadyP50Ms: percentile(tookMs, 0.5),
    steadyP99Ms: percentile(tookMs, 0.99),
    steadyCoreShare: ((between.cpuSeconds() - used) * 1_000) / (SETTLE_MS + TURN_MS),
  };
}

/** Memory for each request that waits in both directions: the connection of the client, and that to the server behind. */
async function measureHeld(between: Between, { originPort, seconds }: Setting): Promise<Figures> {
  const { target } = between;
  // A process that has never been loaded grows by itself, which is no connection's cost.
  await runClosedLoop({
    target,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    durationMs: seconds * 1_000,
  });
  const before = between.rssBytes();
  const used = between.cpuSeconds();
  const held = holdRequests({ target, question: heldSync(HOLD_MS), connections: HELD_REQUESTS }, () =>
    askHeld(originPort),
  );
  try {
    await held.held;
    await pause(REST_MS);
    const after = between.rssBytes();
    if (held.answers > 0) throw new Error(`${held.answers} were answered while all were to be held`);
    await releaseHeld(originPort);
    await held.answered();
    return {
      heldKib: (after - before) / HELD_REQUESTS / 1_024,
      heldCpuMs: ((between.cpuSeconds() - used) * 1_000) / HELD_REQUESTS,
    };
  } finally {
    held.close();
  }
}

function measureTransfer(direction: 'down' | 'up'): StartedAnew['measure'] {
  return async (between, { seconds }) => {
    const question = direction === 'down' ? DOWNLOAD : UPLOAD;
    const load = { target: between.target, question, connections: TRANSFERS };
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

function ofSynapse(name: 'whoami' | 'sync'): Pick<InTurns, 'place' | 'warmUp' | 'turn'> {
  const load = ({ target }: Between, { synapse }: Setting): Parameters<typeof runClosedLoop>[0] => ({
    target,
    question: synapse[name],
    connections: SYNAPSE_CONNECTIONS,
    durationMs: TURN_MS,
  });
  return {
    place: ({ synapse }) => ({ targetPort: synapse.port, ready: synapse.whoami }),
    async warmUp(between, setting) {
      await runClosedLoop(load(between, setting));
    },
    async turn(between, setting) {
      const { synapse } = setting;
      await runClosedLoop({ ...load(between, setting), durationMs: SETTLE_MS });
      const [rivalUsed, synapseUsed] = [between.cpuSeconds(), synapse.cpuSeconds()];
      const ran = await runClosedLoop(load(between, setting));
      return {
        [`${name}PerSecond`]: ran.answers / ran.seconds,
        [`${name}SynapseCpuMs`]: ((synapse.cpuSeconds() - synapseUsed) * 1_000) / ran.answers,
        [`${name}RivalCpuMs`]: ((between.cpuSeconds() - rivalUsed) * 1_000) / ran.answers,
      };
    },
  };
}
