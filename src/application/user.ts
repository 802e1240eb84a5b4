// What an application says of a user, as JSON members or claims, read with care: it comes from a server of somebody
// else, and is shown to other users. Pure.

import { printableName } from '../matrix/display-name.ts';
import { parseUserId } from '../matrix/ids.ts';
import type { ApplicationUser } from './application.ts';

export type JsonMap = Readonly<Record<string, unknown>>;

const AVATAR = /^[\x21-\x7e]{1,2048}$/;

/** Where the members stand. */
export interface MemberNames {
  readonly userId: string;
  readonly name: string;
  readonly avatar: string;
}

/**
 * Undefined when the Matrix user ID is none: whoever was meant, it would be somebody else. A name or an avatar that
 * cannot be shown is left out, for it only decorates.
 */
export function readUser(members: JsonMap, names: MemberNames): ApplicationUser | undefined {
  const given = memberOf(members, names.userId);
  const isGiven = given !== undefined && given !== null && given !== '';
  const userId = parseUserId(given);
  if (isGiven && userId === undefined) return undefined;
  const name = memberOf(members, names.name);
  const avatar = memberOf(members, names.avatar);
  return {
    userId,
    name: typeof name === 'string' ? printableName(name) : undefined,
    avatar: typeof avatar === 'string' && AVATAR.test(avatar) ? avatar : undefined,
    expiresAtMs: undefined,
  };
}

/** An inherited `constructor` is nothing that the application said. */
export function memberOf(members: JsonMap, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

export function isJsonMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
