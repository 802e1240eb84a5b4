// The load of small answers, which is the same by plain HTTP and over TLS.

import type { Between } from './between.ts';
import type { Figures } from './entrant.ts';
import { runClosedLoop } from './load.ts';
import { SMALL } from './questions.ts';
import { SETTLE_MS, TURN_MS, type InTurns } from './scenario.ts';

export const SMALL_CONNECTIONS = 64;
/** Runtimes that compile while they run need some ten thousand requests for it, and servers run for weeks. */
const WARM_UP_MS = 5_000;

/** Whatever is measured with small answers afterwards, also over TLS. */
export async function warmUp({ target }: Between): Promise<void> {
  await runClosedLoop({
    target,
    question: SMALL,
    connections: SMALL_CONNECTIONS,
    durationMs: WARM_UP_MS,
  });
}

/** @param prefix of the names of its figures */
export function smallAnswers(prefix: 'small' | 'tls'): Pick<InTurns, 'warmUp' | 'turn'> {
  return {
    warmUp,
    async turn(between): Promise<Figures> {
      const load = { target: between.target, question: SMALL, connections: SMALL_CONNECTIONS };
      await runClosedLoop({ ...load, durationMs: SETTLE_MS });
      const used = between.cpuSeconds();
      const ran = await runClosedLoop({ ...load, durationMs: TURN_MS });
      const cpuSeconds = between.cpuSeconds() - used;
      return {
        [`${prefix}PerSecond`]: ran.answers / ran.seconds,
        [`${prefix}PerCpuSecond`]: ran.answers / cpuSeconds,
        [`${prefix}CoreShare`]: cpuSeconds / ran.seconds,
      };
    },
  };
}
