// What a scenario is: something of a proxy that is measured, by turns of all or with each started anew. How they go through
// it is run-scenario.ts. Types, and how long a turn is.

import type { Between, BetweenOptions } from './between.ts';
import type { BenchCertificate } from './certificate.ts';
import type { Figures } from './entrant.ts';
import type { Rival } from './rivals.ts';
import type { SynapseBehind } from './synapse-behind.ts';

/** What is measured of a turn: short, so that all have theirs within the same seconds. */
export const TURN_MS = 1_000;
/** Before it, under the same load: whoever has waited for the others is slow at first. */
export const SETTLE_MS = 500;

export interface Setting {
  readonly originPort: number;
  readonly synapse: SynapseBehind;
  readonly certificate: BenchCertificate;
  readonly rounds: number;
  readonly seconds: number;
}

interface Common {
  readonly name: string;
  /** @returns undefined where there is nothing to measure without a rival */
  place(setting: Setting, rival: Rival | undefined): BetweenOptions | undefined;
}

/**
 * Of speed: all are started first and stay, then they take turns, as many as there are rounds and seconds in each. What
 * else the machine does from minute to minute is then the same for all.
 */
export interface InTurns extends Common {
  warmUp(between: Between, setting: Setting): Promise<void>;
  /** Measured for TURN_MS, after SETTLE_MS. */
  turn(between: Between, setting: Setting): Promise<Figures>;
  /** How many times as many turns as usual, for figures that need more of them; once without it. */
  readonly times?: number;
}

/** Of memory: a process that has been through it before has other memory to spare, so each is started for every round. */
export interface StartedAnew extends Common {
  measure(between: Between, setting: Setting): Promise<Figures>;
}

export type Scenario = InTurns | StartedAnew;
