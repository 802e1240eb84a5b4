// Durations such as 500ms, 10s, 5m, 1h. Owns their syntax and their range; the value is in milliseconds.
// A bare number is refused: whether 5 means seconds or milliseconds is what outages are made of.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

const MS_PER_UNIT = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

const WRITTEN = /^(0|[1-9][0-9]*)(ms|s|m|h)$/;

/** setTimeout fires at once when asked for more than 2^31-1 ms, so that a longer limit would mean none at all. */
const LONGEST_MS = 596 * 3_600_000;

export function duration({
  minMs = 1,
  maxMs = LONGEST_MS,
}: { readonly minMs?: number; readonly maxMs?: number } = {}): Kind<number> {
  return wholeKind<number>({
    name: 'a duration',
    allowed: `a duration from ${showDuration(minMs)} to ${showDuration(maxMs)}, such as 500ms, 10s, 5m or 1h`,
    schema: { type: 'string', pattern: WRITTEN.source },
    decide(input) {
      if (typeof input === 'number' || (typeof input === 'string' && /^[0-9]+$/.test(input))) {
        return { problem: 'has no unit', hint: `did you mean ${input}s?` };
      }
      const match = typeof input === 'string' ? WRITTEN.exec(input) : null;
      if (match === null) return { problem: 'is not a duration' };
      const valueMs = Number(match[1]) * (MS_PER_UNIT.get(match[2] ?? '') ?? Number.NaN);
      if (valueMs < minMs) return { problem: `is shorter than ${showDuration(minMs)}` };
      if (valueMs > maxMs) return { problem: `is longer than ${showDuration(maxMs)}` };
      return { value: valueMs };
    },
    show: showDuration,
  });
}

/** In the largest unit that shows it exactly. */
function showDuration(valueMs: number): string {
  for (const [unit, unitMs] of MS_PER_UNIT) {
    if (valueMs >= unitMs && valueMs % unitMs === 0) return `${valueMs / unitMs}${unit}`;
  }
  return '0s';
}
