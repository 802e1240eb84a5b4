// In which words each dialect is told that a call is over, by the tables of the contract: what an adapter's ended()
// comes to. Where a dialect has no word for the reason, it is told by the one that it has for an end.

import type { DialectName } from './caller.ts';

export type End = 'hangup' | 'declined' | 'cancelled' | 'no_answer' | 'busy' | 'offline' | 'elsewhere';

type Words = Readonly<Partial<Record<End, string>>>;

const MATRIX: Readonly<Record<'caller' | 'callee', Words>> = {
  caller: {
    hangup: 'call-ended hangup',
    declined: 'call-rejected, call-ended rejected',
    no_answer: 'call-ended no_answer',
    busy: 'call-rejected busy, call-ended busy',
    // It rings on: a device may come.
    offline: 'call-ended no_answer',
  },
  callee: {
    hangup: 'call-ended hangup',
    cancelled: 'call-ended cancelled',
    no_answer: 'call-ended no_answer',
    elsewhere: 'call-ended answered_elsewhere',
  },
};

/** Older pages know only the last. */
const STOPS_RINGING = 'call_cancelled, call_ended';
const GONE = 'broadcast-stopped';

const WORDS: Readonly<Record<DialectName, Readonly<Record<'caller' | 'callee', Words>>>> = {
  native: MATRIX,
  socketio: MATRIX,
  profile: {
    caller: {
      hangup: 'call_ended',
      declined: 'call_declined',
      no_answer: 'call_declined no_answer',
      busy: 'call_declined busy',
      offline: 'call_declined offline',
    },
    callee: {
      hangup: 'call_ended',
      cancelled: STOPS_RINGING,
      no_answer: STOPS_RINGING,
      elsewhere: STOPS_RINGING,
    },
  },
  room: {
    caller: {
      hangup: GONE,
      declined: `error bob declined the call, ${GONE}`,
      no_answer: `error bob did not answer, ${GONE}`,
      busy: `error bob is busy, ${GONE}`,
      offline: `error bob is offline, ${GONE}`,
    },
    callee: { hangup: GONE, cancelled: GONE, no_answer: GONE, elsewhere: GONE },
  },
};

/** What the side of a call that did not end it is told. */
export function wordsFor(dialect: DialectName, role: 'caller' | 'callee', end: End): string {
  const words = WORDS[dialect][role][end];
  if (words === undefined) throw new Error(`${role} by ${dialect} cannot see ${end}`);
  return words;
}

/** What it is told of a call that it made or was in, and has ended itself: pages hear nothing of what they did. */
export function ownWords(dialect: DialectName, reason: 'hangup' | 'cancelled'): string {
  return dialect === 'native' || dialect === 'socketio' ? `call-ended ${reason}` : '';
}
