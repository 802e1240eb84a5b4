// The last half hour of Synapse's answer times, for the chart on the operator's page: a sample every ten seconds.
// What is counted is latency.ts; nothing is asked of Synapse for it.

import type { CancelTimer, Clock } from '../clock.ts';
import type { LatencySample, LatencyTally } from './latency.ts';

export interface TimedSample extends LatencySample {
  /** The end of its ten seconds, on the wall clock. */
  readonly atMs: number;
}

const EVERY_MS = 10_000;
const MAX_SAMPLES = 180;

export class LatencySamples {
  readonly #tally: LatencyTally;
  readonly #clock: Clock;
  readonly #samples: TimedSample[] = [];
  #cancel: CancelTimer | undefined;

  constructor(tally: LatencyTally, clock: Clock) {
    this.#tally = tally;
    this.#clock = clock;
  }

  start(): void {
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      this.#samples.push({ atMs: this.#clock.nowMs(), ...this.#tally.take() });
      if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Oldest first. */
  get all(): readonly TimedSample[] {
    return this.#samples;
  }
}
