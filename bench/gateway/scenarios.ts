// What is measured of one rival in one round, but for TLS (tls-scenarios.ts): each scenario starts it anew, so that none
// profits or suffers from the one before. Owns the loads; decides nothing about whom to run or what is shown.

import { askHeld, releaseHeld } from './ask-origin.ts';
import { withRival, type Between, type Figures, type Round, type Scenario } from './between.ts';
import { holdRequests, pause, runClosedLoop, runOpenLoop } from './load.ts';
import { DOWNLOAD, heldSync, SMALL, UPLOAD } from './questions.ts';
import { measureSmall, SMALL_CONNECTIONS, WARM_UP_MS } from './small-answers.ts';
import { percentile } from './statistics.ts';
import { TLS_SCENARIOS } from './tls-scenarios.ts';

export const STEADY_PER_SECOND = 2_000;
export const HELD_REQUESTS = 8_000;
export const TRANSFERS = 4;
export const SYNAPSE_CONNECTIONS = 8;

const LARGE_MIB = 10;
const MIB = 1024 * 1024;
/** The origin is asked to answer long before; a rival that has not taken all of them by then has failed. */
const HOLD_MS = 120_000;
/** From the last held request to the look at memory. */
const SETTLE_MS = 1_000;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'small answers', run: (round) => withRival(round, measureSmall('small')) },
  { name: 'steady rate', run: (round) => withRival(round, measureSteady) },
  { name: 'held requests', run: (round) => withRival(round, measureHeld) },
  { name: 'download', run: (round) => withRival(round, measureTransfer('down')) },
  { name: 'upload', run: (round) => withRival(round, measureTransfer('up')) },
  { name: 'whoami of Synapse', run: (round) => withSynapse(round, 'whoami') },
  { name: 'sync of Synapse', run: (round) => withSynapse(round, 'sync') },
  ...TLS_SCENARIOS,
];

async function measureSteady(between: Between, { seconds }: Round): Promise<Figures> {
  const load = {
    target: between.target,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    perSecond: STEADY_PER_SECOND,
  };
  await runClosedLoop({ ...load, durationMs: WARM_UP_MS });
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
    await pause(SETTLE_MS);
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

function measureTransfer(direction: 'down' | 'up'): (between: Between, round: Round) => Promise<Figures> {
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

function withSynapse(round: Round, name: 'whoami' | 'sync'): Promise<Figures> {
  const { seconds, synapse } = round;
  return withRival(
    round,
    async (between) => {
      const load = { target: between.target, question: synapse[name], connections: SYNAPSE_CONNECTIONS };
      await runClosedLoop({ ...load, durationMs: seconds * 500 });
      const [rivalUsed, synapseUsed] = [between.cpuSeconds(), synapse.cpuSeconds()];
      const ran = await runClosedLoop({ ...load, durationMs: seconds * 1_000 });
      return {
        [`${name}PerSecond`]: ran.answers / ran.seconds,
        [`${name}SynapseCpuMs`]: ((synapse.cpuSeconds() - synapseUsed) * 1_000) / ran.answers,
        [`${name}RivalCpuMs`]: ((between.cpuSeconds() - rivalUsed) * 1_000) / ran.answers,
      };
    },
    { targetPort: synapse.port, ready: synapse.whoami },
  );
}
