// What pages ask of the room registry, read into types; and the texts for what is wrong, which pages show. Pure: `unknown`
// in, a value or a described fault out. Whether what is named exists is not asked here.

import { printableName } from '../matrix/display-name.ts';

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/** Of a user or a room: it has to fit into one line of a page. */
export const MAX_NAME_CHARACTERS = 64;
export const DEFAULT_MESSAGES = 50;
export const MAX_MESSAGES = 200;

/** `username` or `name` of a body, as it will be shown: controls and line breaks are taken out. */
export function readName(member: 'username' | 'name', body: unknown): Parsed<string> {
  const given = memberOf(body, member);
  const name = typeof given === 'string' ? printableName(given) : undefined;
  return name === undefined || Array.from(name).length > MAX_NAME_CHARACTERS
    ? { fault: `${member} must be a text of 1 to ${MAX_NAME_CHARACTERS} printable characters` }
    : { value: name };
}

/** What is no id of ours is unknown later, as every other id. */
export function readUserId(body: unknown): Parsed<string> {
  const given = memberOf(body, 'user_id');
  return typeof given === 'string' && given !== ''
    ? { value: given }
    : { fault: 'user_id must be the id of a user' };
}

export function readLimit(query: unknown): Parsed<number> {
  const given = memberOf(query, 'limit');
  if (given === undefined) return { value: DEFAULT_MESSAGES };
  const limit = typeof given === 'string' && /^[0-9]{1,9}$/.test(given) ? Number(given) : 0;
  return limit >= 1 && limit <= MAX_MESSAGES
    ? { value: limit }
    : { fault: `limit must be a whole number from 1 to ${MAX_MESSAGES}` };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
