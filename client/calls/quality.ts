// How good a connection is, from what the browser measures. Pure; the samples come from stats.ts.

import type { Quality } from '../portico.ts';

/** Over the last seconds; what is not known is left out. */
export interface Measured {
  /** Packets lost of those expected. */
  readonly lossPercent?: number | undefined;
  readonly rttMs?: number | undefined;
  readonly jitterMs?: number | undefined;
}

/**
 * From the first number on it can be heard, from the second on it is hard to talk: Opus hides a loss of some percent, and
 * talk becomes turns from a delay of about 400 ms (ITU-T G.114), of which the way there and back is the most.
 */
const LIMITS = {
  lossPercent: [3, 10],
  rttMs: [300, 700],
  jitterMs: [40, 120],
} as const satisfies Record<keyof Measured, readonly [fair: number, poor: number]>;

/** The worst of the three counts. @returns undefined if nothing is known */
export function qualityOf(measured: Measured): Quality | undefined {
  let worst: Quality | undefined;
  for (const [name, [fair, poor]] of Object.entries(LIMITS)) {
    const value = measured[name as keyof Measured];
    if (value === undefined) continue;
    if (value >= poor) return 'poor';
    if (value >= fair) worst = 'fair';
    else worst ??= 'good';
  }
  return worst;
}
