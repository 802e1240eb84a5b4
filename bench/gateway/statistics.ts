// What is made of the figures of several rounds or turns. Pure.

export interface Summary {
  readonly median: number;
  /** Half of what lies between the quartiles, as a share of the median. NaN of one value, which has none. */
  readonly spread: number;
}

/** The middle one; of an even count, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The smallest value that at least the `share` (0 to 1) of all does not exceed. NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function summarise(values: readonly number[]): Summary {
  const middle = median(values);
  if (values.length < 2 || middle === 0) return { median: middle, spread: Number.NaN };
  return {
    median: middle,
    spread: (percentile(values, 0.75) - percentile(values, 0.25)) / 2 / Math.abs(middle),
  };
}
