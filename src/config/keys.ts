// How keys and sections are declared, and the type of the config that a declaration gives.
// Owns the shape of the tree. Reads no value: that is resolve.ts.

import type { JsonValue, Kind } from './kinds/kind.ts';

export interface Key<T> {
  readonly entry: 'key';
  /** snake_case, as written in the file; the TypeScript name carries the unit instead. */
  readonly yamlName: string;
  readonly kind: Kind<T>;
  readonly doc: string;
  /** As the sample shows it: the default, or an example where there is no default. */
  readonly written: JsonValue;
  readonly hasDefault: boolean;
  readonly defaultValue: T;
  /** Masked wherever values are shown, and may be given as `x_file` instead. */
  readonly isSecret: boolean;
}

export interface Section<E> {
  readonly entry: 'section';
  readonly yamlName: string;
  readonly doc: string;
  readonly entries: E;
  /** Names of entries that mean nothing without each other: all of them are given, or none. */
  readonly together: readonly string[];
}

export interface Entries {
  readonly [name: string]: Key<unknown> | Section<Entries>;
}

/** What a tree of declarations holds once it is resolved. */
export type ConfigOf<E> = {
  readonly [N in keyof E]: E[N] extends Key<infer T>
    ? T
    : E[N] extends Section<infer S>
      ? ConfigOf<S>
      : never;
};

interface KeyOptions {
  readonly isSecret?: boolean;
}

/** A key with a default, given as one would write it in the file. */
export function key<T>(
  yamlName: string,
  kind: Kind<T>,
  written: JsonValue,
  doc: string,
  { isSecret = false }: KeyOptions = {},
): Key<T> {
  const parsed = kind.parse(written);
  if (!('value' in parsed)) throw new Error(`The default of the config key ${yamlName} is not ${kind.name}`);
  return {
    entry: 'key',
    yamlName,
    kind,
    doc,
    written,
    hasDefault: true,
    defaultValue: parsed.value,
    isSecret,
  };
}

/** A key without a default; the example is what the sample shows, commented out. */
export function optionalKey<T>(
  yamlName: string,
  kind: Kind<T>,
  example: JsonValue,
  doc: string,
  { isSecret = false }: KeyOptions = {},
): Key<T | undefined> {
  if ('faults' in kind.parse(example)) throw new Error(`The example of ${yamlName} is not ${kind.name}`);
  return {
    entry: 'key',
    yamlName,
    kind,
    doc,
    written: example,
    hasDefault: false,
    defaultValue: undefined,
    isSecret,
  };
}

export function section<E extends Entries>(
  yamlName: string,
  doc: string,
  entries: E,
  { together = [] }: { readonly together?: readonly (keyof E & string)[] } = {},
): Section<E> {
  return { entry: 'section', yamlName, doc, entries, together };
}

export interface PlacedKey {
  readonly path: readonly string[];
  readonly key: Key<unknown>;
}

/** Every key of a tree with its path, in the order of declaration. */
export function placedKeys(entries: Entries, at: readonly string[] = []): readonly PlacedKey[] {
  return Object.values(entries).flatMap((entry) => {
    const path = [...at, entry.yamlName];
    return entry.entry === 'section' ? placedKeys(entry.entries, path) : [{ path, key: entry }];
  });
}

/** The sibling under which the file of a secret is named. */
export function fileName(yamlName: string): string {
  return `${yamlName}_file`;
}
