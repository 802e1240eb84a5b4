// The options of the command, and what they mean for a run. Pure.

import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** Whether docs/benchmarks.md is written. */
  readonly writes: boolean;
  /** Names, or parts of them; all when empty. */
  readonly only: readonly string[];
}

export const USAGE = `npm run bench:gateway -- [options]
  --rounds N    of which each figure is the median (default: 5)
  --quick       one round of 3 seconds each, to see that it runs
  --only NAMES  rivals by names or parts of names, with commas between; nobody else is started
  --write       docs/benchmarks.md too`;

/** @throws on an unknown option, or one that makes no sense, saying which */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick, only, write } = values;
  const rounds = values.rounds ?? (quick ? '1' : '5');
  if (!/^[1-9][0-9]?$/.test(rounds)) throw new Error(`--rounds is "${rounds}"; allowed: 1 to 99`);
  if (write && (quick || only !== ''))
    throw new Error('--write is for whole runs: neither --quick nor --only goes with it');
  return {
    rounds: Number(rounds),
    seconds: quick ? 3 : 10,
    writes: write,
    only: only.split(',').filter((name) => name !== ''),
  };
}
