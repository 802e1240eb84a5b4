// Values made of values: lists of one kind, and free JSON objects.
// Does not own what a list's entries mean; each entry is judged by its own kind, and every bad one is named.

import type { JsonObject, JsonValue, Kind, KindFault, Parsed } from './kind.ts';
import { wholeKind } from './kind.ts';

export function listOf<T>(
  entry: Kind<T>,
  { isNonEmpty = false }: { readonly isNonEmpty?: boolean } = {},
): Kind<readonly T[]> {
  const allowed = `a list${isNonEmpty ? ' of one or more' : ''}; each entry: ${entry.allowed}`;

  const wrong = (input: unknown, problem: string, hint?: string): Parsed<readonly T[]> => ({
    faults: [{ at: [], input, problem, allowed, ...(hint === undefined ? {} : { hint }) }],
  });

  const collect = (input: unknown, parsedEntries: readonly Parsed<T>[]): Parsed<readonly T[]> => {
    const values: T[] = [];
    const faults: KindFault[] = [];
    for (const [index, parsed] of parsedEntries.entries()) {
      if ('value' in parsed) values.push(parsed.value);
      else faults.push(...parsed.faults.map((fault) => ({ ...fault, at: [index, ...fault.at] })));
    }
    if (faults.length > 0) return { faults };
    if (isNonEmpty && values.length === 0) return wrong(input, 'is an empty list');
    return { value: values };
  };

  const parse = (input: unknown): Parsed<readonly T[]> => {
    if (Array.isArray(input))
      return collect(
        input,
        input.map((given) => entry.parse(given)),
      );
    const isScalar = typeof input === 'string' || typeof input === 'number';
    return wrong(
      input,
      'is not a list',
      isScalar ? `write it in brackets: [${JSON.stringify(input)}]` : undefined,
    );
  };

  return {
    name: 'a list',
    allowed,
    schema: { type: 'array', items: entry.schema, ...(isNonEmpty ? { minItems: 1 } : {}) },
    parse,
    parseText(text) {
      // `[::1]:8080` opens with a bracket too, so that only a closing one makes it JSON.
      if (/^\s*\[.*\]\s*$/s.test(text)) {
        const json = parseJson(text);
        return json === undefined ? wrong(text, NOT_JSON) : parse(json);
      }
      return collect(
        text,
        text.split(',').map((word) => entry.parseText(word.trim())),
      );
    },
    show: (value) => value.map((given) => entry.show(given)),
  };
}

const NOT_JSON = 'is not valid JSON';

/** Deeper than any document of the specification; a bound for every recursion over the value. */
const MAX_DEPTH = 32;

const mapKind = wholeKind<JsonObject>({
  name: 'a map',
  allowed: 'a map of names to JSON values',
  schema: { type: 'object' },
  decide(input) {
    if (!isMap(input)) return { problem: 'is not a map' };
    const problem = findNonJson(input, MAX_DEPTH);
    return problem === undefined ? { value: structuredClone(input) as JsonObject } : { problem };
  },
  show: (value) => value,
});

export const jsonObject: Kind<JsonObject> = {
  ...mapKind,
  parseText(text) {
    const json = parseJson(text);
    if (json !== undefined) return mapKind.parse(json);
    return {
      faults: [{ at: [], input: text, problem: NOT_JSON, allowed: 'a map as JSON, such as {"a": 1}' }],
    };
  },
};

/** A map as YAML and JSON make it. A Date, a Set or an array is none. */
export function isMap(input: unknown): input is Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null;
}

function findNonJson(input: unknown, depthLeft: number): string | undefined {
  if (depthLeft === 0) return `is nested deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(input)) return firstFound(input, (value) => findNonJson(value, depthLeft - 1));
  if (isMap(input)) {
    // Copied with Object.assign, this key would replace the prototype of the document it is merged into.
    if (Object.hasOwn(input, '__proto__')) return 'holds the key __proto__';
    return firstFound(Object.values(input), (value) => findNonJson(value, depthLeft - 1));
  }
  if (input === null || typeof input === 'string' || typeof input === 'boolean') return undefined;
  return typeof input === 'number' && Number.isFinite(input)
    ? undefined
    : 'holds a value that JSON cannot carry';
}

function firstFound(
  values: readonly unknown[],
  find: (value: unknown) => string | undefined,
): string | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `undefined` when the text is no JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
