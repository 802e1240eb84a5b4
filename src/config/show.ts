// A resolved config as one would write it in a file, with secrets masked: what `check` prints.

import { stringify } from 'yaml';

import type { ConfigOf, Entries, Key } from './keys.ts';
import type { JsonObject, JsonValue } from './kinds/kind.ts';
import { describeValue } from './faults.ts';

export function showConfig<E extends Entries>(entries: E, config: ConfigOf<E>): string {
  return stringify(toDocument(entries, config), { singleQuote: true, lineWidth: 0 });
}

/** Keys that have no value are left out, so that the document can be loaded again. */
export function toDocument(entries: Entries, config: Readonly<Record<string, unknown>>): JsonObject {
  const document: Record<string, JsonValue> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const value = config[name];
    if (entry.entry === 'section') {
      document[entry.yamlName] = toDocument(entry.entries, value as Readonly<Record<string, unknown>>);
    } else if (value !== undefined) {
      document[entry.yamlName] = showKey(entry, value);
    }
  }
  return document;
}

function showKey({ kind, isSecret }: Key<unknown>, value: unknown): JsonValue {
  return isSecret ? describeValue(value, { isSecret }) : kind.show(value);
}
