// Cases in which the lanes once differed, kept as text in test/corpus/lane-cases.txt: they are run before all others.

import { readFileSync } from 'node:fs';

import { SETTING_NAMES } from '../harness/lanes/settings.ts';
import type { FuzzCase } from './generate.ts';

export function keptCases(): FuzzCase[] {
  return readFileSync(new URL('../corpus/lane-cases.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readCase);
}

/** One line of JSON; what is no printable ASCII is escaped. */
export function tellCase({ setting, isWarm, steps }: FuzzCase): string {
  return JSON.stringify({ setting, ...(isWarm === true ? { isWarm } : {}), steps }).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @throws on a line that tellCase() did not write */
export function readCase(line: string): FuzzCase {
  const read = JSON.parse(line) as FuzzCase;
  if (!SETTING_NAMES.includes(read.setting) || !Array.isArray(read.steps))
    throw new Error(`no case: ${line}`);
  return read;
}
