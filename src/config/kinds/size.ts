// Sizes such as 64KiB, 50MiB or a plain number of bytes. Owns their syntax and their range; the value is in bytes.
// `50M` and `50MB` are refused: they mean 50,000,000 to one program and 52,428,800 to the next.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

const KIB = 1024;
const BYTES_PER_UNIT = new Map([
  ['GiB', KIB ** 3],
  ['MiB', KIB ** 2],
  ['KiB', KIB],
  ['', 1],
]);

const WRITTEN = /^(0|[1-9][0-9]*)(KiB|MiB|GiB)?$/;
const AMBIGUOUS = /^([0-9]+) ?([kmg])(?:i?b)?$/i;

export function size({
  minBytes = 1,
  maxBytes = KIB ** 4,
}: { minBytes?: number; maxBytes?: number } = {}): Kind<number> {
  return wholeKind<number>({
    name: 'a size',
    allowed: `a size from ${showSize(minBytes)} to ${showSize(maxBytes)}: bytes, or with KiB, MiB or GiB such as 64KiB`,
    schema: {
      anyOf: [
        { type: 'integer', minimum: minBytes, maximum: maxBytes },
        { type: 'string', pattern: WRITTEN.source },
      ],
    },
    decide(input) {
      const written = typeof input === 'number' ? String(input) : input;
      const match = typeof written === 'string' ? WRITTEN.exec(written) : null;
      if (match === null) return { problem: 'is not a size', ...hintFor(written) };
      const bytes = Number(match[1]) * (BYTES_PER_UNIT.get(match[2] ?? '') ?? Number.NaN);
      if (bytes < minBytes) return { problem: `is less than ${showSize(minBytes)}` };
      if (bytes > maxBytes) return { problem: `is more than ${showSize(maxBytes)}` };
      return { value: bytes };
    },
    show: (bytes) => (Number.isNaN(Number(showSize(bytes))) ? showSize(bytes) : bytes),
  });
}

/** In the largest unit that shows it exactly. */
function showSize(bytes: number): string {
  for (const [unit, unitBytes] of BYTES_PER_UNIT) {
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return '0';
}

function hintFor(written: unknown): { hint?: string } {
  const match = typeof written === 'string' ? AMBIGUOUS.exec(written) : null;
  return match === null ? {} : { hint: `did you mean ${match[1]}${match[2]?.toUpperCase()}iB?` };
}
