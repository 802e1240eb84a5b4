// The options of the command, and what they mean for a run. Pure.

import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** Whether docs/benchmarks.md is written. */
  readonly writes: boolean;
  /** Names, or parts of them; all when empty. */
  readonly only: readonly string[];
  /** Of the scenarios, likewise. */
  readonly scenarios: readonly string[];
}

export const USAGE = `npm run bench:gateway -- [options]
  --rounds N         of which each figure is the median (default: 5)
  --seconds N        in each round, after a warm-up (default: 10); speed is
                     measured in as many turns of a second
  --quick            one round of 2 seconds each, to see that it runs
  --only NAMES       rivals by names or parts of names, with commas between; nobody else is started
  --scenarios NAMES  likewise for what is measured
  --write            docs/benchmarks.md too`;

/** @throws on an unknown option, or one that makes no sense, saying which */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      scenarios: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick, only, scenarios, write } = values;
  const rounds = values.rounds ?? (quick ? '1' : '5');
  if (!/^[1-9][0-9]?$/.test(rounds)) throw new Error(`--rounds is "${rounds}"; allowed: 1 to 99`);
  const seconds = values.seconds ?? (quick ? '2' : '10');
  if (!/^[1-9][0-9]?$/.test(seconds)) throw new Error(`--seconds is "${seconds}"; allowed: 1 to 99`);
  if (write && (quick || only !== '' || scenarios !== ''))
    throw new Error('--write is for whole runs: --quick, --only and --scenarios do not go with it');
  return {
    rounds: Number(rounds),
    seconds: Number(seconds),
    writes: write,
    only: namesIn(only),
    scenarios: namesIn(scenarios),
  };
}

/** Those whose name a part is, or else those whose name has the part in it; all when there are no parts. */
export function chosenBy<T extends { readonly name: string }>(
  all: readonly T[],
  parts: readonly string[],
): readonly T[] {
  if (parts.length === 0) return all;
  const names = all.map(({ name }) => name.toLowerCase());
  const isChosen = (name: string, part: string): boolean =>
    names.includes(part) ? name === part : name.includes(part);
  return all.filter((_, index) => parts.some((part) => isChosen(names[index] ?? '', part.toLowerCase())));
}

function namesIn(list: string): readonly string[] {
  return list.split(',').filter((name) => name !== '');
}
