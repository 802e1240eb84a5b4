// Decides the config: file below environment, defaults below both; or every fault that there is.
// Pure: the document, the environment and the reading of secret files are arguments.

import type { Environment } from './environment.ts';
import { givenVariable, isServiceVariable, PREFIX, variableName, variables } from './environment.ts';
import type { Fault, PathSegment } from './faults.ts';
import { describeValue, formatPath } from './faults.ts';
import type { ConfigOf, Entries, Key, Section } from './keys.ts';
import { fileName, placedKeys } from './keys.ts';
import { isMap } from './kinds/collection.ts';
import type { Kind, Parsed } from './kinds/kind.ts';
import { nearest } from './nearest.ts';

export interface Sources {
  /** The parsed config file; null or undefined when it is empty or absent. */
  readonly document: unknown;
  /** Where in the file a path stands, for messages. */
  readonly locate?: (path: readonly PathSegment[]) => string | undefined;
  readonly environment: Environment;
  readonly readFile: (path: string) => { readonly text: string } | { readonly problem: string };
}

export type Resolved<C> = { readonly config: C } | { readonly faults: readonly Fault[] };

export function resolve<E extends Entries>(entries: E, sources: Sources): Resolved<ConfigOf<E>> {
  const resolver: Resolver = { root: entries, sources, faults: [] };
  const config = resolveEntries(resolver, { entries, together: [] }, sources.document, []);
  reportUnknownVariables(resolver);
  return resolver.faults.length > 0
    ? { faults: resolver.faults }
    : { config: deepFreeze(config) as ConfigOf<E> };
}

interface Resolver {
  readonly root: Entries;
  readonly sources: Sources;
  readonly faults: Fault[];
}

type KeyPath = readonly string[];
type SectionMap = Readonly<Record<string, unknown>>;

/** What one source says about one key. */
interface Given {
  readonly path: KeyPath;
  readonly input: unknown;
  readonly parse: (kind: Kind<unknown>) => Parsed<unknown>;
  /** The input is the path of a file that holds the value. */
  readonly isFile: boolean;
  readonly locate: (path: readonly PathSegment[]) => string | undefined;
}

function resolveEntries(
  resolver: Resolver,
  { entries, together }: Pick<Section<Entries>, 'entries' | 'together'>,
  given: unknown,
  at: KeyPath,
): object {
  const map = asSectionMap(resolver, given, at);
  reportUnknownNames(resolver, entries, map, at);
  const resolved: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const path = [...at, entry.yamlName];
    resolved[name] =
      entry.entry === 'section'
        ? resolveEntries(resolver, entry, ownValue(map, entry.yamlName), path)
        : resolveKey(resolver, entry, path, findGiven(resolver, entry, map, path));
  }
  reportMissingPartners(resolver, entries, together, map, at);
  return resolved;
}

/** Asks what was given, not what became of it: a partner whose value was refused is not missing too. */
function reportMissingPartners(
  resolver: Resolver,
  entries: Entries,
  together: readonly string[],
  map: SectionMap,
  at: KeyPath,
): void {
  const partners = together.flatMap((name) => {
    const entry = entries[name];
    if (entry?.entry !== 'key') return [];
    const path = [...at, entry.yamlName];
    return [{ key: entry, path, given: findGiven(resolver, entry, map, path)[0] }];
  });
  const present = partners.find(({ given }) => given !== undefined);
  if (present?.given === undefined) return;
  const names = partners.map(
    ({ key, path }) => formatPath(path) + (key.isSecret ? ` (or ${fileName(key.yamlName)})` : ''),
  );
  for (const { path } of partners.filter(({ given }) => given === undefined)) {
    report(resolver, present.given.locate(present.given.path), {
      path: formatPath(path),
      problem: `is missing, and ${formatPath(present.given.path)} does nothing without it`,
      allowed: `${names.join(' and ')} together, or none of them`,
    });
  }
}

function asSectionMap(resolver: Resolver, given: unknown, at: KeyPath): SectionMap {
  // A section whose every line is commented out is null in YAML.
  if (given === undefined || given === null) return {};
  if (isMap(given)) return given;
  const isRoot = at.length === 0;
  report(resolver, resolver.sources.locate?.(at), {
    path: isRoot ? 'The config file' : formatPath(at),
    // What was given stays unsaid: it may be a secret that lost its key.
    problem: `is ${Array.isArray(given) ? 'a list' : 'a single value'}, not a map of keys`,
    allowed: isRoot ? 'lines of the form key: value' : 'keys, each on an indented line of its own',
  });
  return {};
}

function reportUnknownNames(resolver: Resolver, entries: Entries, map: SectionMap, at: KeyPath): void {
  const known = Object.values(entries).flatMap((entry) =>
    entry.entry === 'key' && entry.isSecret ? [entry.yamlName, fileName(entry.yamlName)] : [entry.yamlName],
  );
  for (const name of Object.keys(map).filter((given) => !known.includes(given))) {
    const path = [...at, name];
    // The value stays unsaid: a mistyped key may well hold a secret.
    report(resolver, resolver.sources.locate?.(path), {
      path: formatPath(path),
      problem: 'is not a known key',
      allowed: known.join(', '),
      ...hintAt(nearestKey(resolver.root, known, path)),
    });
  }
}

/** A sibling of nearly the same name, else every key of exactly this name in another section. */
function nearestKey(root: Entries, siblings: readonly string[], path: KeyPath): string | undefined {
  const name = path.at(-1) ?? '';
  const sibling = nearest(name, siblings);
  if (sibling !== undefined) return formatPath([...path.slice(0, -1), sibling]);
  const namesakes = placedKeys(root).filter((placed) => placed.path.at(-1) === name);
  return namesakes.length === 0 ? undefined : namesakes.map((placed) => formatPath(placed.path)).join(' or ');
}

function reportUnknownVariables(resolver: Resolver): void {
  const { environment } = resolver.sources;
  const known = variables(resolver.root).map(({ name }) => name);
  const endings = known.map((name) => name.slice(PREFIX.length));
  for (const name of Object.keys(environment).toSorted()) {
    if (!name.startsWith(PREFIX) || known.includes(name) || isServiceVariable(name, environment[name]))
      continue;
    const near = nearest(name.slice(PREFIX.length), endings);
    report(resolver, undefined, {
      path: formatPath([name]),
      problem: 'is an environment variable that sets no known key',
      allowed: `${PREFIX} and the path of a key in upper case, such as ${known[0]}`,
      ...hintAt(near === undefined ? undefined : PREFIX + near),
    });
  }
}

/** The environment outweighs the document; two of one source are a contradiction. */
function findGiven(resolver: Resolver, key: Key<unknown>, map: SectionMap, path: KeyPath): readonly Given[] {
  const fromEnvironment = givenByEnvironment(resolver, key, path);
  return fromEnvironment.length > 0 ? fromEnvironment : givenByDocument(resolver, key, map, path);
}

function resolveKey(
  resolver: Resolver,
  key: Key<unknown>,
  path: KeyPath,
  [first, second]: readonly Given[],
): unknown {
  if (first === undefined) return key.defaultValue;
  if (second === undefined) return readGiven(resolver, key, first);
  report(resolver, first.locate(first.path), {
    path: formatPath(path),
    problem: `is given twice, as ${key.yamlName} and as ${fileName(key.yamlName)}`,
    allowed: 'one of the two',
  });
  return undefined;
}

function givenByEnvironment({ sources }: Resolver, key: Key<unknown>, path: KeyPath): readonly Given[] {
  return formsOf(key, path).flatMap((form) => {
    const name = variableName(form.path);
    const input = givenVariable(sources.environment, name);
    return input === undefined
      ? []
      : [{ ...form, input, parse: (kind) => kind.parseText(input), locate: () => name }];
  });
}

function givenByDocument(
  { sources }: Resolver,
  key: Key<unknown>,
  map: SectionMap,
  path: KeyPath,
): readonly Given[] {
  return formsOf(key, path).flatMap((form) => {
    const input = ownValue(map, form.path.at(-1) ?? '');
    const locate = sources.locate ?? (() => undefined);
    return input === undefined ? [] : [{ ...form, input, parse: (kind) => kind.parse(input), locate }];
  });
}

/** The paths under which a key may be given: its own, and for a secret that of its file. */
function formsOf(key: Key<unknown>, path: KeyPath): readonly Pick<Given, 'path' | 'isFile'>[] {
  const plain = { path, isFile: false };
  return key.isSecret
    ? [plain, { path: [...path.slice(0, -1), fileName(key.yamlName)], isFile: true }]
    : [plain];
}

function readGiven(resolver: Resolver, key: Key<unknown>, given: Given): unknown {
  const { path, input, locate } = given;
  const allowed = given.isFile ? 'the path of a readable file' : key.kind.allowed;
  const refuse = (problem: string, more: { value?: string; hint?: string }): undefined =>
    report(resolver, locate(path), { path: formatPath(path), problem, allowed, ...more });

  if (input === null) return refuse('has no value', { hint: 'without the line, the default holds' });
  if (!given.isFile) return unwrap(resolver, key, given, given.parse(key.kind));
  if (typeof input !== 'string') return refuse('is not a path', { value: describeValue(input) });
  const file = resolver.sources.readFile(input);
  if ('problem' in file) return refuse(`names a file that ${file.problem}`, { value: describeValue(input) });
  // `echo` and editors end a file with a newline that is no part of the secret; a second one may be.
  return unwrap(resolver, key, given, key.kind.parseText(file.text.replace(/\r?\n$/, '')));
}

function unwrap(
  resolver: Resolver,
  { isSecret }: Key<unknown>,
  given: Given,
  parsed: Parsed<unknown>,
): unknown {
  if ('value' in parsed) return parsed.value;
  for (const { at, input, problem, allowed, hint } of parsed.faults) {
    const path = [...given.path, ...at];
    const value = describeValue(input, { isSecret });
    report(resolver, given.locate(path), {
      path: formatPath(path),
      problem,
      value,
      allowed,
      ...(hint === undefined || isSecret ? {} : { hint }),
    });
  }
  return undefined;
}

function report(resolver: Resolver, source: string | undefined, fault: Fault): undefined {
  resolver.faults.push(source === undefined ? fault : { ...fault, source });
}

function hintAt(near: string | undefined): { hint?: string } {
  return near === undefined ? {} : { hint: `did you mean ${near}?` };
}

/** An inherited `constructor` is not a value that somebody gave. */
function ownValue(map: SectionMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
