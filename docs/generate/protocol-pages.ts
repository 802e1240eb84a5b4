// What the pages of docs/protocol/ about web pages' dialects have in common: how a frame of the catalogue stands there,
// with which codes such sockets are closed, and which limits concern them.

import type { PageDialect, PageEntry } from '../../src/protocol/catalogue-page.ts';
import { CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import { json, renderLimits, renderMembers } from './protocol-parts.ts';
import { renderTable } from './table.ts';

export type PageDialectName = 'profile' | 'room';

/** Why each code comes; undefined: it does not come to such a page. */
const CLOSES: Readonly<
  Record<keyof typeof CLOSE_CODES, Readonly<Record<PageDialectName, string | undefined>>>
> = {
  tooBig: {
    profile: 'A frame was larger than 64 KiB.',
    room: 'A frame was larger than 64 KiB.',
  },
  comeBack: {
    profile: 'The server restarts. Calls go on.',
    room: 'The server restarts. Calls go on.',
  },
  tryLater: {
    profile: 'The application or the store cannot answer now.',
    room: 'The application, the homeserver or the store cannot answer now, or there is no place left.',
  },
  notRegistered: { profile: undefined, room: undefined },
  badFrame: {
    profile: 'A binary frame, or more than 20 frames in a row that could not be read.',
    room: 'A binary frame, or more than 20 frames in a row that could not be read.',
  },
  identityRefused: {
    profile: 'The application refuses the page, or its token is out of date.',
    room: 'The application or the homeserver refuses the page, or its token is out of date.',
  },
  notFound: {
    profile: '`User not found`: there is no such profile.',
    room: '`Room not found` or `User not found`; also when the user has left the Matrix room.',
  },
  rateExceeded: {
    profile: 'Too many frames in a short time.',
    room: 'Too many frames in a short time.',
  },
  replaced: {
    profile: 'The profile has opened too many sockets: the oldest gives way.',
    room: 'The user has opened too many sockets: the oldest gives way.',
  },
  tooSlow: {
    profile: 'The page does not read what it is sent.',
    room: 'The page does not read what it is sent.',
  },
};

export function renderPageCloses(dialect: PageDialectName): string {
  const rows = (Object.keys(CLOSES) as (keyof typeof CLOSE_CODES)[]).flatMap((name) => {
    const why = CLOSES[name][dialect];
    return why === undefined ? [] : [[String(CLOSE_CODES[name]), why]];
  });
  return `${renderTable([['Code', 'Why'], ...rows])}\n`;
}

export function renderPageLimits(): string {
  return renderLimits([
    'MAX_FRAME_BYTES',
    'PING_EVERY_MS',
    'DEAD_AFTER_MS',
    'MAX_PENDING_BYTES',
    'MAX_KEPT_CANDIDATES',
    'MAX_KEPT_BYTES',
    'MAX_SOCKETS_PER_USER',
  ]);
}

/** What pages send, then what they are sent. */
export function renderPageFrames({ requests, messages }: PageDialect): string {
  return [
    '## What a page sends\n',
    ...requests.map((entry) => renderEntry(`### ${entry.name}`, entry)),
    '## What a page is sent\n',
    ...messages.map((entry) => renderEntry(`### The message ${entry.name}`, entry)),
  ].join('\n');
}

function renderEntry(
  heading: string,
  { name, meaning, receivers, members, example, since }: PageEntry,
): string {
  const to = receivers === undefined ? '' : ` To ${receivers}.`;
  const table = members.length === 0 ? [] : [renderMembers(members)];
  return [
    `${heading}\n`,
    `${meaning}${to} Since ${since}.\n`,
    ...table,
    json({ type: name, ...example }),
  ].join('\n');
}
