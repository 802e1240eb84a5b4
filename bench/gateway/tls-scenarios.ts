// What is measured of a rival that speaks TLS to its clients, and plain HTTP to the server behind as before. A direct
// connection has none of it: the origin speaks no TLS.

import type { Between, BetweenOptions } from './between.ts';
import type { Figures } from './entrant.ts';
import { openIdle, pause, runClosedLoop, runHandshakes } from './load.ts';
import { SMALL } from './questions.ts';
import type { Rival } from './rivals.ts';
import { SETTLE_MS, TURN_MS, type Scenario, type Setting } from './scenario.ts';
import { SMALL_CONNECTIONS, smallAnswers, warmUp } from './small-answers.ts';

/** At once; each asks for one small answer. */
export const HANDSHAKE_LANES = 16;
export const IDLE_CONNECTIONS = 2_000;

/** From the last answer to the look at memory. */
const REST_MS = 1_000;

export const TLS_SCENARIOS: readonly Scenario[] = [
  { name: 'small answers over TLS', place: overTls, ...smallAnswers('tls') },
  { name: 'TLS handshakes', place: overTls, warmUp, turn: measureHandshakes },
  { name: 'idle TLS connections', place: overTls, measure: measureIdle },
];

function overTls({ originPort, certificate }: Setting, rival: Rival | undefined): BetweenOptions | undefined {
  return rival && { targetPort: originPort, ready: SMALL, certificate };
}

async function measureHandshakes(between: Between): Promise<Figures> {
  const measure = async (resumes: boolean): Promise<{ perCpuSecond: number; resumedShare: number }> => {
    const load = { target: between.target, question: SMALL, connections: HANDSHAKE_LANES, resumes };
    await runHandshakes({ ...load, durationMs: SETTLE_MS });
    const used = between.cpuSeconds();
    const ran = await runHandshakes({ ...load, durationMs: TURN_MS });
    return {
      perCpuSecond: ran.answers / (between.cpuSeconds() - used),
      resumedShare: ran.resumed / ran.answers,
    };
  };
  const full = await measure(false);
  const resumed = await measure(true);
  return {
    handshakesPerCpuSecond: full.perCpuSecond,
    resumedPerCpuSecond: resumed.perCpuSecond,
    resumedShare: resumed.resumedShare,
  };
}

async function measureIdle(between: Between, { seconds }: Setting): Promise<Figures> {
  const { target } = between;
  // A process that has never been loaded grows by itself, which is no connection's cost.
  await runClosedLoop({
    target,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    durationMs: seconds * 1_000,
  });
  const before = between.rssBytes();
  const idle = await openIdle({ target, question: SMALL, connections: IDLE_CONNECTIONS });
  try {
    await pause(REST_MS);
    if (idle.open < IDLE_CONNECTIONS) throw new Error(`${IDLE_CONNECTIONS - idle.open} were closed`);
    return { idleTlsKib: (between.rssBytes() - before) / IDLE_CONNECTIONS / 1_024 };
  } finally {
    idle.close();
  }
}
