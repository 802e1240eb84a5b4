// Plain scalars: words of a fixed set, booleans, whole numbers in a range, free text.
// Does not own scalars that carry a unit: durations and sizes have their own files.

import { nearest } from '../nearest.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export function oneOf<const C extends readonly (string | boolean)[]>(...choices: C): Kind<C[number]> {
  const words = choices.map(String);
  const allowed = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return wholeKind<C[number]>({
    name: 'one of the known words',
    allowed,
    schema: { enum: choices },
    decide(input) {
      const choice = choices.find((candidate) => candidate === input);
      if (choice !== undefined) return { value: choice };
      const near = typeof input === 'string' ? nearest(input, words) : undefined;
      const problem = 'is not one of the known words';
      return near === undefined ? { problem } : { problem, hint: `did you mean ${near}?` };
    },
    fromText: (text) => choices.find((candidate) => String(candidate) === text) ?? text,
    show: (value) => value,
  });
}

export const boolean: Kind<boolean> = oneOf(true, false);

export function integer({ min, max }: { readonly min: number; readonly max: number }): Kind<number> {
  return wholeKind<number>({
    name: 'a whole number',
    allowed: `a whole number from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    decide(input) {
      if (typeof input !== 'number' || !Number.isSafeInteger(input))
        return { problem: 'is not a whole number' };
      if (input < min) return { problem: `is less than ${min}` };
      if (input > max) return { problem: `is more than ${max}` };
      return { value: input };
    },
    // Number('') is 0 and Number('0x10') is 16: only plain digits are a number here.
    fromText: (text) => (/^-?[0-9]+$/.test(text) ? Number(text) : text),
    show: (value) => value,
  });
}

export const text: Kind<string> = wholeKind<string>({
  name: 'text',
  allowed: 'text of at least one character',
  schema: { type: 'string', minLength: 1 },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text', hint: 'put it in quotes' };
    return input === '' ? { problem: 'is empty' } : { value: input };
  },
  show: (value) => value,
});
