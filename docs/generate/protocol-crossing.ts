// The tables of docs/protocol/README.md about one call in every dialect: by which words each client does what, and by
// which it is told of what the other side did. Consistency tests hold them against the catalogue and the calls that
// tests make between all dialects.

import { renderTable } from './table.ts';

/** One row. `matrix` stands for the native and the Socket.IO dialect, which have the same words. */
export interface CrossingRow {
  readonly what: string;
  readonly matrix: string;
  readonly profile: string;
  readonly room: string;
}

export interface EndRow extends CrossingRow {
  readonly end: 'hangup' | 'declined' | 'cancelled' | 'no_answer' | 'busy' | 'offline' | 'elsewhere';
  readonly role: 'caller' | 'callee';
}

const NOTHING = '';

/** What a client sends. Only types stand in backticks. */
export const SAYING: readonly CrossingRow[] = [
  {
    what: 'call',
    matrix: '`initiate`, then `webrtc-offer`',
    profile: '`call_invitation`, with the offer',
    room: '`webrtc-signal` with an offer',
  },
  {
    what: 'answer',
    matrix: '`answer`, then `webrtc-answer`',
    profile: '`call_answer`, with the answer',
    room: '`webrtc-signal` with an answer',
  },
  {
    what: 'tell a candidate',
    matrix: '`ice-candidate`',
    profile: '`ice_candidate`',
    room: '`webrtc-signal` with a candidate',
  },
  { what: 'decline', matrix: '`reject`', profile: '`call_declined`', room: '`webrtc-signal` with bye' },
  { what: 'cancel', matrix: '`end`', profile: '`call_cancelled`', room: '`webrtc-signal` with bye' },
  {
    what: 'hang up',
    matrix: '`end`',
    profile: '`call_ended`',
    room: '`webrtc-signal` with bye, or `broadcast-stopped`',
  },
  {
    what: 'offer anew in a call',
    matrix: '`webrtc-offer`, `webrtc-answer`',
    profile: '`webrtc_offer`, `webrtc_answer`',
    room: '`webrtc-signal`',
  },
  {
    what: 'ask a third one in',
    matrix: NOTHING,
    profile: '`call_offer`, then `call_invite`',
    room: NOTHING,
  },
];

/** What a client is told of what the other side did. */
export const TOLD: readonly CrossingRow[] = [
  {
    what: 'is called',
    matrix: '`incoming-call`; `webrtc-offer` when it has answered',
    profile: '`call_invitation`, with the offer',
    room: '`webrtc-signal` with an offer',
  },
  { what: 'its callee rings', matrix: '`call-ringing` (a capability)', profile: NOTHING, room: NOTHING },
  {
    what: 'is answered',
    matrix: '`call-answered`, `user-joined`, `webrtc-answer`',
    profile: '`call_answer`',
    room: '`webrtc-signal` with an answer',
  },
  {
    what: 'candidates, once it has answered or was answered',
    matrix: '`ice-candidate`',
    profile: '`ice_candidate`',
    room: '`webrtc-signal` with a candidate',
  },
  {
    what: 'a new offer, and its answer',
    matrix: '`webrtc-offer`, `webrtc-answer`',
    profile: '`webrtc_offer`, `webrtc_answer`',
    room: '`webrtc-signal`',
  },
  {
    what: 'a microphone or camera is turned off',
    matrix: '`audio-toggled`, `video-toggled`',
    profile: NOTHING,
    room: NOTHING,
  },
  {
    what: 'is asked into a call as the third',
    matrix: '`incoming-call`',
    profile: '`call_offer` (of a page only), `call_invitation`, `call_invite`',
    room: '`webrtc-signal` with an offer',
  },
  {
    what: 'one of several leaves',
    matrix: '`user-left`',
    profile: NOTHING,
    room: '`broadcast-stopped`',
  },
];

const RINGS_NO_LONGER = 'call_cancelled, call_ended';
const GONE = 'broadcast-stopped';

/** How the side that did not end the call is told, in order: the type, and what it says. */
export const ENDINGS: readonly EndRow[] = [
  {
    what: 'caller: declined',
    end: 'declined',
    role: 'caller',
    matrix: 'call-rejected, call-ended rejected',
    profile: 'call_declined',
    room: `error Bob declined the call, ${GONE}`,
  },
  {
    what: 'caller: busy',
    end: 'busy',
    role: 'caller',
    matrix: 'call-rejected busy, call-ended busy',
    profile: 'call_declined busy',
    room: `error Bob is busy, ${GONE}`,
  },
  {
    what: 'caller: nobody is there',
    end: 'offline',
    role: 'caller',
    matrix: 'call-ended no_answer',
    profile: 'call_declined offline',
    room: `error Bob is offline, ${GONE}`,
  },
  {
    what: 'caller: nobody answered',
    end: 'no_answer',
    role: 'caller',
    matrix: 'call-ended no_answer',
    profile: 'call_declined no_answer',
    room: `error Bob did not answer, ${GONE}`,
  },
  {
    what: 'caller: the other side hung up',
    end: 'hangup',
    role: 'caller',
    matrix: 'call-ended hangup',
    profile: 'call_ended',
    room: GONE,
  },
  {
    what: 'callee: the caller gave up',
    end: 'cancelled',
    role: 'callee',
    matrix: 'call-ended cancelled',
    profile: RINGS_NO_LONGER,
    room: GONE,
  },
  {
    what: 'callee: did not answer',
    end: 'no_answer',
    role: 'callee',
    matrix: 'call-ended no_answer',
    profile: RINGS_NO_LONGER,
    room: GONE,
  },
  {
    what: 'callee: answered elsewhere',
    end: 'elsewhere',
    role: 'callee',
    matrix: 'call-ended answered_elsewhere',
    profile: RINGS_NO_LONGER,
    room: GONE,
  },
  {
    what: 'callee: the caller hung up',
    end: 'hangup',
    role: 'callee',
    matrix: 'call-ended hangup',
    profile: 'call_ended',
    room: GONE,
  },
];

const HEAD = ['native and Socket.IO', 'profile', 'room'] as const;

const INTRODUCTION = `## One call in every dialect

Whoever can call each other can do so whatever each of them speaks; each side hears the words of its own dialect only. Who
that is: Matrix users by user id, and the profiles and room users whom their application has mapped to one; pages without
a Matrix user call pages of their own kind.

To do something, a client sends:
`;

const AFTER_SAYING = `A native or Socket.IO client is called by its Matrix user id, or by a room in which it is. It knows a page by its Matrix
user id, or by an address such as \`profile:tutor_1\`, which it only has to send back as \`targetUserId\`. Of what the other
side did, a client is told:
`;

const AFTER_TOLD = `A page that is called by a client of another dialect waits for its offer for at most 2 s; then a profile rings without one,
and is told again when it has come, while a room page, which has no ringing, hears of the call only then.

The end is told once, in these words:
`;

const AFTER_ENDINGS = `A native or Socket.IO caller of somebody who is not there goes on ringing: a device may come. Pages are told at once, for
their callers do not wait.
`;

export function renderCrossing(): string {
  const endings = ENDINGS.map(({ what, matrix, profile, room }) => [
    what,
    ...[matrix, profile, room].map(renderWords),
  ]);
  return [
    INTRODUCTION,
    `${renderTable([['To …', ...HEAD], ...SAYING.map(cellsOf)])}\n`,
    AFTER_SAYING,
    `${renderTable([['Who …', ...HEAD], ...TOLD.map(cellsOf)])}\n`,
    AFTER_TOLD,
    `${renderTable([['Who …', ...HEAD], ...endings])}\n`,
    AFTER_ENDINGS,
  ].join('\n');
}

function cellsOf({ what, matrix, profile, room }: CrossingRow): readonly string[] {
  return [what, ...[matrix, profile, room].map((cell) => (cell === NOTHING ? '–' : cell))];
}

/** `call-ended hangup` as the type and what it says. */
function renderWords(words: string): string {
  const parts = words.split(', ').map((part) => {
    const [type = '', ...said] = part.split(' ');
    return said.length === 0 ? `\`${type}\`` : `\`${type}\` (${said.join(' ')})`;
  });
  return parts.join(', ');
}
