// Who took part in a run, with all that was measured, and how a figure of several rounds or turns is read. Pure.

import { median, summarise, type Summary } from './statistics.ts';

export const DIRECT = 'direct, no proxy';

/** By name. What does not apply to a direct connection is missing there, or NaN. */
export type Figures = Readonly<Record<string, number>>;

export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly setup: string;
  /** Of every round or turn: one lacks the figures of scenarios that have not as many, or that failed in it. */
  readonly rounds: readonly Figures[];
  /** What went wrong, once for each scenario and reason. */
  readonly faults: readonly string[];
}

/** Of the rounds or turns that have the figure. */
export function summaryOf({ rounds }: Entrant, name: string): Summary | undefined {
  const values = rounds.map((figures) => figures[name]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : summarise(values);
}

export function medianOf(entrant: Entrant, name: string): number | undefined {
  return summaryOf(entrant, name)?.median;
}

/** How many times the figure of the other one it is. */
export function ratioOf(entrant: Entrant | undefined, other: Entrant | undefined, name: string): number {
  return comparedInRounds(entrant, other, name, (value, ofOther) => value / ofOther);
}

/** How much more than the figure of the other one it is. */
export function addedTo(entrant: Entrant | undefined, other: Entrant | undefined, name: string): number {
  return comparedInRounds(entrant, other, name, (value, ofOther) => value - ofOther);
}

/**
 * What `compare` makes of both in each round that has the figure of both, in the median: who shares the machine is another
 * one from round to round, and is the same for both in one. NaN without such a round.
 */
function comparedInRounds(
  entrant: Entrant | undefined,
  other: Entrant | undefined,
  name: string,
  compare: (value: number, ofOther: number) => number,
): number {
  const compared = (entrant?.rounds ?? []).flatMap((figures, round) => {
    const [value, ofOther] = [figures[name], other?.rounds[round]?.[name]];
    return value === undefined || ofOther === undefined ? [] : [compare(value, ofOther)];
  });
  return median(compared.filter((value) => Number.isFinite(value)));
}
