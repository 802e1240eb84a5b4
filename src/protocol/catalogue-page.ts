// What the catalogue says of one frame of a web page's dialect, and the values that its examples are made of: Alice, a
// student and the user 7 of a room, calls Bob, a tutor and the user 8. Data and types only.

import { FIRST_VERSION, optional, required, type Entry, type Member } from './catalogue-entry.ts';

/** One frame; its name is its `type`, and its example has no `type`. */
export interface PageEntry extends Omit<Entry, 'dialects' | 'capability'> {
  /** Of a frame of the server: which sockets get it. */
  readonly receivers?: string;
}

/** Everything that is said in the dialect of one kind of pages. */
export interface PageDialect {
  /** What pages send. */
  readonly requests: readonly PageEntry[];
  /** What they are sent. */
  readonly messages: readonly PageEntry[];
}

type Words = Omit<PageEntry, 'name' | 'since' | 'members' | 'example'> & Partial<PageEntry>;

export function pageEntry(name: string, words: Words): PageEntry {
  return { name, since: FIRST_VERSION, members: [], example: {}, ...words };
}

/** In place of what differs each time: a test that plays a sample takes any text of the same form. */
export const PAGE_SAMPLE = {
  timestamp: '2026-01-01T12:00:00.000Z',
  messageId: '9c1185a5c5e9fc54612808977ee8f548',
  callId: '8f3c1b5e9a7d4f60b2c8e1a5d9037f42',
  conversationId: 17,
  room: 'lobby',
  picture: 'https://example.org/bob.png',
} as const;

/** Who is in the examples of the profile dialect. */
export const PROFILES = {
  alice: { profileId: 2, profileType: 'student', name: 'Alice', avatar: 'https://example.org/alice.png' },
  bob: { profileId: 1, profileType: 'tutor', name: 'Bob', avatar: PAGE_SAMPLE.picture },
  carol: { profileId: 3, profileType: 'parent', name: 'Carol', avatar: null },
} as const;

/** Who is in the examples of the room dialect. */
export const ROOM_USERS = {
  alice: { user_id: '7', username: 'Alice' },
  bob: { user_id: '8', username: 'Bob' },
  carol: { user_id: '9', username: 'Carol' },
} as const;

export const TIMESTAMP: Member = required('timestamp', 'text', 'When: ISO 8601, in UTC.');

export const PAGE_PING: PageEntry = pageEntry('ping', {
  meaning: 'Asks whether the server is there. The heartbeat of the WebSocket does not need it.',
});

export const PAGE_PONG: PageEntry = pageEntry('pong', {
  meaning: 'Answers `ping`.',
  receivers: 'the socket that asked',
});

/** Of either kind of member. */
export function member(isRequired: boolean, name: string, type: string, meaning: string): Member {
  return isRequired ? required(name, type, meaning) : optional(name, type, meaning);
}
