// A map with known members, each of a kind of its own: what a list of things is made of (`tunnels`).
// Sections of the tree are keys.ts and resolve.ts; a record stands inside one value, and has no variables of its own.

import { nearest } from '../nearest.ts';
import { isMap, parseJson } from './collection.ts';
import type { JsonObject, JsonValue, Kind, KindFault, Parsed } from './kind.ts';

export interface Member<T> {
  /** snake_case, as written in the file. */
  readonly yamlName: string;
  readonly kind: Kind<T>;
  readonly doc: string;
  readonly isRequired: boolean;
  /** What a member that is left out stands for, as one would write it. */
  readonly written: JsonValue | undefined;
  readonly defaultValue: T;
}

export interface Members {
  readonly [name: string]: Member<unknown>;
}

export type RecordOf<M> = { readonly [N in keyof M]: M[N] extends Member<infer T> ? T : never };

/** A member that has to be given. */
export function required<T>(yamlName: string, kind: Kind<T>, example: JsonValue, doc: string): Member<T> {
  return { yamlName, kind, doc, isRequired: true, written: undefined, defaultValue: valueOf(kind, example) };
}

/** A member that may be left out, and then is undefined. */
export function optional<T>(yamlName: string, kind: Kind<T>, doc: string): Member<T | undefined> {
  return { yamlName, kind, doc, isRequired: false, written: undefined, defaultValue: undefined };
}

/** A member that has a default, given as one would write it in the file. */
export function defaulted<T>(yamlName: string, kind: Kind<T>, written: JsonValue, doc: string): Member<T> {
  return { yamlName, kind, doc, isRequired: false, written, defaultValue: valueOf(kind, written) };
}

function valueOf<T>(kind: Kind<T>, written: JsonValue): T {
  const parsed = kind.parse(written);
  if (!('value' in parsed)) throw new Error(`${JSON.stringify(written)} is not ${kind.name}`);
  return parsed.value;
}

export function recordOf<M extends Members>(members: M): Kind<RecordOf<M>> {
  const entries: readonly (readonly [string, Member<unknown>])[] = Object.entries(members);
  const names = entries.map(([, { yamlName }]) => yamlName);
  const allowed = `a map of ${entries.map(([, member]) => describe(member)).join('; ')}`;

  const parse = (input: unknown): Parsed<RecordOf<M>> => {
    if (!isMap(input)) return { faults: [{ at: [], input, problem: 'is not a map', allowed }] };
    const faults: KindFault[] = Object.keys(input)
      .filter((given) => !names.includes(given))
      .map((given) => unknownMember(given, input[given], names));
    const record: Record<string, unknown> = {};
    for (const [name, { yamlName, kind, isRequired, defaultValue }] of entries) {
      const given = Object.hasOwn(input, yamlName) ? input[yamlName] : undefined;
      if (given === undefined || given === null) {
        if (isRequired) faults.push({ at: [], input, problem: `has no ${yamlName}`, allowed });
        else record[name] = defaultValue;
        continue;
      }
      const parsed = kind.parse(given);
      if ('value' in parsed) record[name] = parsed.value;
      else faults.push(...parsed.faults.map((fault) => ({ ...fault, at: [yamlName, ...fault.at] })));
    }
    return faults.length > 0 ? { faults } : { value: record as RecordOf<M> };
  };

  return {
    name: 'a map',
    allowed,
    schema: {
      type: 'object',
      additionalProperties: false,
      required: entries.flatMap(([, { isRequired, yamlName }]) => (isRequired ? [yamlName] : [])),
      properties: Object.fromEntries(entries.map(([, member]) => [member.yamlName, memberSchema(member)])),
    },
    parse,
    parseText(text) {
      const json = parseJson(text);
      if (json !== undefined) return parse(json);
      return { faults: [{ at: [], input: text, problem: 'is not valid JSON', allowed }] };
    },
    show(value) {
      const shown: Record<string, JsonValue> = {};
      for (const [name, { yamlName, kind }] of entries) {
        const member: unknown = value[name];
        if (member !== undefined) shown[yamlName] = kind.show(member);
      }
      return shown;
    },
  };
}

function describe({ yamlName, kind, isRequired, written, doc }: Member<unknown>): string {
  const need = isRequired ? '' : written === undefined ? ' (may be left out)' : ` (${show(written)})`;
  const meaning = `${doc.charAt(0).toLowerCase()}${doc.slice(1).replace(/\.$/, '')}`;
  return `${yamlName}${need}: ${meaning}, ${kind.allowed}`;
}

function show(written: JsonValue): string {
  return typeof written === 'string' ? written : JSON.stringify(written);
}

function memberSchema({ kind, doc, written }: Member<unknown>): JsonObject {
  const described = { description: `${doc} Allowed: ${kind.allowed}.`, ...kind.schema };
  return written === undefined ? described : { ...described, default: written };
}

function unknownMember(name: string, input: unknown, names: readonly string[]): KindFault {
  const near = nearest(name, names);
  return {
    at: [name],
    input,
    problem: 'is not a known key',
    allowed: names.join(', '),
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  };
}
