// YAML text to plain data, with the place of every key. Owns which YAML is refused as such.
// Knows no key: what the data means is decided in resolve.ts.

import type { Node, YAMLError } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

import type { Fault, PathSegment } from './faults.ts';
import { describeValue } from './faults.ts';

/** Enough for a list that is used twice; the library multiplies nested aliases, which defuses the billion laughs. */
const MAX_ALIASES = 100;

const TOO_DEEP = 'is nested too deeply';

export interface ParsedDocument {
  readonly data: unknown;
  readonly locate: (path: readonly PathSegment[]) => string;
}

export function parseYaml(
  text: string,
  file: string,
): ParsedDocument | { readonly faults: readonly Fault[] } {
  const lines = new LineCounter();
  const place = (offset: number | undefined): string => {
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const refuse = (problem: string): { readonly faults: readonly Fault[] } => ({
    faults: [{ path: file, problem }],
  });

  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      // Its own texts quote the line, which may hold a secret.
      prettyErrors: false,
      // Without it, a list or a map may be a key, and becomes text that nobody wrote.
      stringKeys: true,
      // Tags such as !!binary make objects that are no config value.
      resolveKnownTags: false,
      // A lower level would let a second document pass unseen.
      logLevel: 'error',
    });
    const errors = significantErrors([...document.errors, ...document.warnings]);
    // Where the stack ends is chance: the place would be another one at the next start.
    if (errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return refuse(TOO_DEEP);
    if (errors.length > 0) {
      return {
        faults: errors.map((error) => ({
          path: place(error.pos[0]),
          problem: describeError(error, text),
        })),
      };
    }
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (hasCycle(data, new Set())) return refuse('refers to itself: an anchor holds its own alias');
    return { data, locate: (path) => place(findOffset(document.contents, path)) };
  } catch (error) {
    if (error instanceof ReferenceError) {
      const isUnresolved = error.message.startsWith('Unresolved');
      return refuse(
        isUnresolved ? 'uses an alias that no anchor names' : `uses more than ${MAX_ALIASES} aliases`,
      );
    }
    if (error instanceof RangeError) return refuse(TOO_DEEP);
    throw error;
  }
}

/** After the first syntax error the parser guesses, and its later errors mislead. A duplicate key stands for itself. */
function significantErrors(errors: readonly YAMLError[]): readonly YAMLError[] {
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  return errors.filter((error) => error.code === 'DUPLICATE_KEY' || error === first);
}

function describeError({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'DUPLICATE_KEY') {
    const name = /^["']?([\w.-]{1,64})/.exec(text.slice(pos[0], pos[0] + 70))?.[1];
    return name === undefined ? 'gives a key a second time' : `gives the key ${name} a second time`;
  }
  if (code === 'MULTIPLE_DOCS') return 'holds more than one YAML document';
  // Some texts end in a quotation of the source, which may hold a secret.
  const unquoted = message.replace(/:? ".*$/s, '');
  return `is not valid YAML: ${describeValue(unquoted, { maxCharacters: 200 }).slice(1, -1)}`;
}

/** Aliases may share a value, which is no cycle: only an ancestor met again is one. */
function hasCycle(value: unknown, ancestors: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (ancestors.has(value)) return true;
  ancestors.add(value);
  const found = Object.values(value).some((part) => hasCycle(part, ancestors));
  ancestors.delete(value);
  return found;
}

/** Where the last part of the path stands that can be found. */
function findOffset(contents: Node | null, path: readonly PathSegment[]): number | undefined {
  let node: unknown = contents;
  let offset: number | undefined;
  for (const segment of path) {
    if (isAlias(node)) return offset;
    let place: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
      [place, node] = [pair?.key, pair?.value];
    } else if (isSeq(node) && typeof segment === 'number') {
      [place, node] = [node.items[segment], node.items[segment]];
    }
    const start =
      isScalar(place) || isMap(place) || isSeq(place) || isAlias(place) ? place.range?.[0] : undefined;
    if (start === undefined) return offset;
    offset = start;
  }
  return offset;
}
