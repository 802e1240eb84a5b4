// How long Synapse takes to begin its answers: counted in classes for each request, read out as quantiles every few seconds.
// A list of times would cost more for each request than reading its head. It knows no clock and no request.

export interface LatencySample {
  readonly requests: number;
  /** Half of the answers began within this time; undefined without any. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

/** Four classes for each doubling, from a quarter of a millisecond to four minutes: a quantile is off by a tenth at most. */
const PER_DOUBLING = 4;
const LEAST_MS = 0.25;
const CLASSES = 80;

export class LatencyTally {
  readonly #counts = new Uint32Array(CLASSES);

  add(durationMs: number): void {
    const at = Math.round(Math.log2(Math.max(durationMs, LEAST_MS) / LEAST_MS) * PER_DOUBLING);
    const index = Math.min(at, CLASSES - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** What was counted since this was asked last. */
  take(): LatencySample {
    const requests = this.#counts.reduce((sum, count) => sum + count, 0);
    const sample = { requests, p50Ms: this.#quantile(0.5, requests), p95Ms: this.#quantile(0.95, requests) };
    this.#counts.fill(0);
    return sample;
  }

  #quantile(share: number, requests: number): number | undefined {
    if (requests === 0) return undefined;
    let below = 0;
    const index = this.#counts.findIndex((count) => {
      below += count;
      return below >= share * requests;
    });
    const middleMs = LEAST_MS * 2 ** (index / PER_DOUBLING);
    return middleMs < 10 ? Math.round(middleMs * 10) / 10 : Math.round(middleMs);
  }
}
