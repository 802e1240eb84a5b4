// What a kind of config value is. Owns the shape that every kind has, and the faults it can report.
// Knows nothing of keys, files or the environment: who gave the value is the resolver's business.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** One thing wrong with a value; `at` leads from the value to the part that is wrong. */
export interface KindFault {
  readonly at: readonly (string | number)[];
  readonly input: unknown;
  /** Never quotes the input: it is printed for secrets too. */
  readonly problem: string;
  readonly allowed: string;
  /** May quote the input; the resolver drops it for secrets. */
  readonly hint?: string;
}

export type Parsed<T> = { readonly value: T } | { readonly faults: readonly KindFault[] };

export interface Kind<T> {
  /** With its article, so that "is not a duration" can be said. */
  readonly name: string;
  readonly allowed: string;
  readonly schema: JsonObject;
  /** From a YAML or JSON value. */
  parse(input: unknown): Parsed<T>;
  /** From the text of an environment variable or of a secret's file. */
  parseText(text: string): Parsed<T>;
  /** The value as one would write it in the file; parsing it again gives the same value. */
  show(value: T): JsonValue;
}

export type Verdict<T> = { readonly value: T } | { readonly problem: string; readonly hint?: string };

/** A kind whose value is good or bad as a whole. */
export function wholeKind<T>(definition: {
  readonly name: string;
  readonly allowed: string;
  readonly schema: JsonObject;
  readonly decide: (input: unknown) => Verdict<T>;
  /** What the text of an environment variable stands for; the text itself when left out. */
  readonly fromText?: (text: string) => unknown;
  readonly show: (value: T) => JsonValue;
}): Kind<T> {
  const { name, allowed, schema, decide, fromText, show } = definition;
  const parse = (input: unknown): Parsed<T> => {
    const verdict = decide(input);
    return 'value' in verdict ? verdict : { faults: [{ at: [], input, allowed, ...verdict }] };
  };
  return { name, allowed, schema, parse, parseText: (text) => parse(fromText ? fromText(text) : text), show };
}
