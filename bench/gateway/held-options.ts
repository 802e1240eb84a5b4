// The options of the command that holds requests for minutes, and what they mean. Pure.

import { parseArgs } from 'node:util';

export interface HeldOptions {
  readonly count: number;
  readonly minutes: number;
  /** Whether docs/benchmarks.md is written. */
  readonly writes: boolean;
}

/** Each held request is two connections of Portico, and a process may have 20,000 files open where nobody raised it. */
const MAX_COUNT = 9_800;
/** Portico ends a poll after an hour and three minutes, whatever it asks for. */
const MAX_MINUTES = 55;

export const HELD_USAGE = `npm run bench:held -- [options]
  --count N    held requests (default: 9000)
  --minutes N  how long they are held (default: 10)
  --write      the result into docs/benchmarks.md too`;

/** @throws on an unknown option, or one that makes no sense, saying which */
export function readHeldOptions(args: readonly string[]): HeldOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '9000' },
      minutes: { type: 'string', default: '10' },
      write: { type: 'boolean', default: false },
    },
  });
  return {
    count: wholeNumber('--count', values.count, MAX_COUNT),
    minutes: wholeNumber('--minutes', values.minutes, MAX_MINUTES),
    writes: values.write,
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^[1-9][0-9]*$/.test(text) && value <= max) return value;
  throw new Error(`${option} is "${text}"; allowed: 1 to ${max}`);
}
