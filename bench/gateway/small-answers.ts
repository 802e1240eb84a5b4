// The load of small answers, which is the same by plain HTTP and over TLS.

import type { Between, Figures, Round } from './between.ts';
import { runClosedLoop } from './load.ts';
import { SMALL } from './questions.ts';

export const SMALL_CONNECTIONS = 64;
/** Runtimes that compile while they run need some ten thousand requests for it, and servers run for weeks. */
export const WARM_UP_MS = 5_000;

/** @param prefix of the names of its figures */
export function measureSmall(prefix: 'small' | 'tls'): (between: Between, round: Round) => Promise<Figures> {
  return async (between, { seconds }) => {
    const load = { target: between.target, question: SMALL, connections: SMALL_CONNECTIONS };
    await runClosedLoop({ ...load, durationMs: WARM_UP_MS });
    const used = between.cpuSeconds();
    const ran = await runClosedLoop({ ...load, durationMs: seconds * 1_000 });
    const cpuSeconds = between.cpuSeconds() - used;
    return {
      [`${prefix}PerSecond`]: ran.answers / ran.seconds,
      [`${prefix}PerCpuSecond`]: ran.answers / cpuSeconds,
      [`${prefix}CoreShare`]: cpuSeconds / ran.seconds,
    };
  };
}
