// Who took part in a run, with all that was measured, and how a figure of several rounds is read. Pure.

import type { Figures } from './between.ts';
import { summarise, type Summary } from './statistics.ts';

export const DIRECT = 'direct, no proxy';

export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly setup: string;
  /** Of every round; a round lacks the figures of a scenario that failed in it. */
  readonly rounds: readonly Figures[];
  /** What went wrong, once for each scenario and reason. */
  readonly faults: readonly string[];
}

/** Of the rounds that have the figure. */
export function summaryOf({ rounds }: Entrant, name: string): Summary | undefined {
  const values = rounds.map((figures) => figures[name]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : summarise(values);
}

export function medianOf(entrant: Entrant, name: string): number | undefined {
  return summaryOf(entrant, name)?.median;
}
