// The ids by which a request is found again in our log and in Synapse's. Unique, not secret: a random start and a
// counter, because asking the system for randomness costs more than the rest of the decision about a request.

import type { Random } from '../random.ts';

const START_BYTES = 4;
const COUNTER_DIGITS = 8;
const COUNTERS = 16 ** COUNTER_DIGITS;

export interface RequestIds {
  /** 16 lower-case hex digits. */
  next(): string;
}

export function createRequestIds(random: Random): RequestIds {
  const start = random.hex(START_BYTES);
  let counter = 0;
  return {
    next() {
      counter = (counter + 1) % COUNTERS;
      return start + counter.toString(16).padStart(COUNTER_DIGITS, '0');
    },
  };
}
