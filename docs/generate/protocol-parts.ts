// What the pages of docs/protocol/ have in common: tables of members, numbers as people read them, the list of limits.

import { renderJson } from '../../src/config/generate/schema.ts';
import type { JsonValue } from '../../src/config/kinds/kind.ts';
import type { DialectName, Entry, Member } from '../../src/protocol/catalogue-entry.ts';
import * as limits from '../../src/protocol/limits.ts';
import { renderTable } from './table.ts';

/** Who asks, on a socket that did not register: the same in every request, and told once. */
export const CLAIM_MEMBERS: readonly string[] = ['userId', 'accessToken', 'deviceId'];

export function isOf({ dialects }: Pick<Member, 'dialects'>, dialect: DialectName): boolean {
  return dialects?.includes(dialect) ?? true;
}

/** The members that a page shows of a request or message. */
export function shownMembers({ name, members }: Entry, dialect: DialectName): readonly Member[] {
  const isShared = (member: Member): boolean =>
    name !== 'register-user' && !member.isRequired && CLAIM_MEMBERS.includes(member.name);
  return members.filter((member) => isOf(member, dialect) && !isShared(member));
}

export function renderMembers(members: readonly Member[]): string {
  const rows = members.map(({ name, type, isRequired, meaning }) => [
    `\`${name}\``,
    type,
    isRequired ? 'always' : 'optional',
    meaning,
  ]);
  return `${renderTable([['Member', 'Type', 'Present', 'Meaning'], ...rows])}\n`;
}

export function exampleOf(entry: Entry, dialect: DialectName): Readonly<Record<string, unknown>> {
  const shown = new Set(shownMembers(entry, dialect).map(({ name }) => name));
  return Object.fromEntries(Object.entries(entry.example).filter(([name]) => shown.has(name)));
}

export function json(value: unknown): string {
  const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
  return `\`\`\`json\n${renderJson(plain, '', 0)}\n\`\`\`\n`;
}

export function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

function kibibytes(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_024} KiB`;
}

type LimitName = keyof typeof limits;

const LIMITS: Readonly<Record<LimitName, readonly [value: string, meaning: string]>> = {
  MAX_FRAME_BYTES: [
    kibibytes(limits.MAX_FRAME_BYTES),
    'The largest frame or packet of a client. A larger one ends the connection: a WebSocket with 1009.',
  ],
  REGISTER_WITHIN_MS: [
    seconds(limits.REGISTER_WITHIN_MS),
    'Within this time a native socket has to say who it is, else it is closed with 4001.',
  ],
  BIND_WITHIN_MS: [
    seconds(limits.BIND_WITHIN_MS),
    'The same for a Socket.IO socket, which has to register or to ask something about a call.',
  ],
  PING_EVERY_MS: [
    seconds(limits.PING_EVERY_MS),
    'How often the server pings, by the means of the transport. Client libraries answer by themselves.',
  ],
  DEAD_AFTER_MS: [
    seconds(limits.DEAD_AFTER_MS),
    'A WebSocket on which nothing was heard for so long, not even a pong, is cut.',
  ],
  MAX_PENDING_FRAMES: [
    String(limits.MAX_PENDING_FRAMES),
    'As many messages are kept for a client that has lost its connection; the oldest go first.',
  ],
  MAX_PENDING_BYTES: [
    kibibytes(limits.MAX_PENDING_BYTES),
    'So much may wait for a client that does not read before it is cut; so much is kept for one that has lost its connection.',
  ],
  MAX_KEPT_CANDIDATES: [
    String(limits.MAX_KEPT_CANDIDATES),
    'As many candidates of one sender wait for a participant who is not there yet; more are refused with `CALL_NEGOTIATION_EXCEEDED`.',
  ],
  MAX_KEPT_BYTES: [
    kibibytes(limits.MAX_KEPT_BYTES),
    'So much of one sender waits, descriptions and candidates together.',
  ],
  MAX_SOCKETS_PER_USER: [
    String(limits.MAX_SOCKETS_PER_USER),
    'Sockets of one user, all devices together. One more closes the oldest with 4009.',
  ],
};

/** @param names those that concern the clients of a page; all if not said */
export function renderLimits(names: readonly LimitName[] = Object.keys(LIMITS) as LimitName[]): string {
  return `${renderTable([['Limit', 'What it is'], ...names.map((name) => LIMITS[name])])}\n`;
}
