// The ids by which a request is found again in our log and in Synapse's. Unique, not secret: a random start and a
// counter, because asking the system for randomness costs more than the rest of the decision about a request.

import type { Random } from '../random.ts';

const START_BYTES = 4;
/** Of the counter, those that change from id to id, and the others. */
const LOW_DIGITS = 2;
const HIGH_DIGITS = 6;
const HIGHS = 16 ** HIGH_DIGITS;
const LOWS = Array.from({ length: 16 ** LOW_DIGITS }, (_, low) => hex(low, LOW_DIGITS));

export interface RequestIds {
  /** 16 lower-case hex digits. */
  next(): string;
}

export function createRequestIds(random: Random): RequestIds {
  const start = random.hex(START_BYTES);
  let high = 0;
  let low = 0;
  let prefix = start + hex(high, HIGH_DIGITS);
  return {
    next() {
      low += 1;
      if (low === LOWS.length) {
        low = 0;
        high = (high + 1) % HIGHS;
        prefix = start + hex(high, HIGH_DIGITS);
      }
      return `${prefix}${LOWS[low]}`;
    },
  };
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
