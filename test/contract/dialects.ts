// The four dialects as the contract of all is put to them: what each takes for nonsense and answers with, how one comes
// to answer a call, and by what acts a stranger may try to change one. Texts as they go over the wire.

import type { DialectName } from '../harness/callers/caller.ts';
import { eventText } from '../harness/callers/raw.ts';
import type { Frame } from '../harness/callers/shapes.ts';

export interface DialectUnderTest {
  readonly name: DialectName;
  /** Each is answered with exactly these members, and nothing else happens. */
  readonly nonsense: readonly (readonly [what: string, text: string, answer: Frame])[];
  /** Each closes the socket at once: whoever sends it speaks something else. */
  readonly fatal: readonly string[];
  /** An allowed frame of exactly so many bytes, to which `pong` is the answer. */
  readonly padded: (bytes: number) => string;
  /** What rings, and the text that answers it. */
  readonly ring: string;
  readonly answer: (ring: Frame, sdp: string) => readonly string[];
  /** In what a candidate comes then. */
  readonly candidate: string;
  /** All that somebody who is not in a call can say about it. Pages know one that began elsewhere by its id. */
  readonly acts: (call: ForeignCall) => readonly string[];
  /** Undefined where its clients are told in another way. */
  readonly closes: Readonly<Record<'badFrames' | 'rate' | 'binary', number>> | undefined;
}

export interface ForeignCall {
  readonly callId: string;
  readonly userIds: readonly string[];
  readonly profiles: readonly { readonly id: number; readonly type: string }[];
}

type Members = Readonly<Record<string, unknown>>;

const text = (type: string, members: Members = {}): string => JSON.stringify({ type, ...members });
const padded = (bytes: number): string => {
  const bare = text('ping', { pad: '' });
  return text('ping', { pad: 'x'.repeat(bytes - bare.length) });
};
const CLOSES = { badFrames: 4002, rate: 4008, binary: 4002 };
const UNKNOWN_CALL = '0'.repeat(32);
const DEPTH = 40;
const DEEP: unknown = JSON.parse('{"x":'.repeat(DEPTH) + '1' + '}'.repeat(DEPTH));
const offer = { type: 'offer', sdp: 'v=0\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\n' };
const candidate = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };
const JSON_NONSENSE = ['{', '[]', '7', 'null', '"text"', ''];

/** The requests about a call, which both Matrix dialects know. */
function requestsAbout(callId: string, to: string): readonly (readonly [string, Members])[] {
  return [
    ['join-call', { callId }],
    ['answer', { callId }],
    ['reject', { callId }],
    ['end', { callId }],
    ['leave-call', { callId }],
    ['call-ended', { callId }],
    ['toggle-audio', { callId, enabled: false }],
    ['webrtc-offer', { callId, offer, targetUserId: 'all' }],
    ['webrtc-answer', { callId, answer, targetUserId: to }],
    ['ice-candidate', { callId, candidate, targetUserId: to }],
  ];
}

const native: DialectUnderTest = {
  name: 'native',
  nonsense: [
    ['an unknown type', text('dance'), nativeError('FRAME_MALFORMED')],
    ['a type that is no text', '{"type":7}', nativeError('FRAME_MALFORMED')],
    ['no type', '{}', nativeError('FRAME_MALFORMED')],
    ['a request without its members', text('webrtc-offer'), nativeError('FRAME_MALFORMED')],
    [
      'deep nesting',
      text('ice-candidate', { callId: UNKNOWN_CALL, candidate: DEEP }),
      nativeError('FRAME_MALFORMED'),
    ],
    ['a call that is none', text('join-call', { callId: UNKNOWN_CALL }), nativeError('CALL_NOT_FOUND')],
  ],
  fatal: JSON_NONSENSE,
  padded,
  ring: 'incoming-call',
  answer: ({ callId }) => [text('answer', { callId })],
  candidate: 'ice-candidate',
  acts: ({ callId, userIds }) =>
    userIds.flatMap((to) => requestsAbout(callId, to).map(([type, members]) => text(type, members))),
  closes: CLOSES,
};

const socketio: DialectUnderTest = {
  name: 'socketio',
  nonsense: [
    ['an unknown event', eventText('dance'), ioError('FRAME_MALFORMED')],
    ['a payload that is no object', '42["join-call",7]', ioError('FRAME_MALFORMED')],
    ['no payload', '42["webrtc-offer"]', ioError('FRAME_MALFORMED')],
    [
      'deep nesting',
      eventText('ice-candidate', { callId: UNKNOWN_CALL, candidate: DEEP }),
      ioError('FRAME_MALFORMED'),
    ],
    ['a call that is none', eventText('join-call', { callId: UNKNOWN_CALL }), ioError('CALL_NOT_FOUND')],
  ],
  fatal: ['42{', '4', '42["x"', '9'],
  padded: (bytes) => eventText('ping', { pad: 'x'.repeat(bytes - eventText('ping', { pad: '' }).length) }),
  ring: 'incoming-call',
  answer: ({ callId }) => [eventText('answer', { callId })],
  candidate: 'ice-candidate',
  acts: ({ callId, userIds }) =>
    userIds.flatMap((to) => requestsAbout(callId, to).map(([type, members]) => eventText(type, members))),
  closes: undefined,
};

const profile: DialectUnderTest = {
  name: 'profile',
  nonsense: [
    ...JSON_NONSENSE.map((sent) => [`the text ${sent}`, sent, pageError('frame_malformed')] as const),
    [
      'an unknown type',
      text('dance', { to_profile_id: 1, to_profile_type: 'tutor' }),
      pageError('unknown_type'),
    ],
    ['a type that is no text', '{"type":7}', pageError('frame_malformed')],
    [
      'an invitation to nobody',
      text('call_invitation', { call_type: 'video', offer }),
      pageError('frame_malformed'),
    ],
    [
      'an invitation without an offer',
      text('call_invitation', { call_type: 'video', to_profile_id: 1, to_profile_type: 'tutor' }),
      pageError('frame_malformed'),
    ],
    [
      'deep nesting',
      text('ice_candidate', { to_profile_id: 1, to_profile_type: 'tutor', candidate: DEEP }),
      pageError('frame_malformed'),
    ],
  ],
  fatal: [],
  padded,
  ring: 'call_invitation',
  answer: ({ conversation_id, from_profile_id, from_profile_type }, sdp) => [
    text('call_answer', {
      conversation_id,
      to_profile_id: from_profile_id,
      to_profile_type: from_profile_type,
      answer: { type: 'answer', sdp },
    }),
  ],
  candidate: 'ice_candidate',
  acts: ({ callId, userIds, profiles }) =>
    [undefined, callId]
      .flatMap((conversation_id) => [
        ...userIds.map((to_user_id) => ({ conversation_id, to_user_id })),
        ...profiles.map(({ id, type }) => ({ conversation_id, to_profile_id: id, to_profile_type: type })),
        { conversation_id },
      ])
      .flatMap((to) => [
        text('call_answer', { ...to, answer }),
        text('ice_candidate', { ...to, candidate }),
        text('call_mode_switched', { ...to, call_type: 'audio' }),
        text('webrtc_offer', { ...to, offer }),
        text('webrtc_answer', { ...to, answer }),
        text('call_offer', { ...to, offer }),
        text('call_invite', { ...to }),
        text('call_declined', { ...to }),
        text('call_cancelled', { ...to, call_type: 'video' }),
        text('call_ended', { ...to, call_type: 'video' }),
      ]),
  closes: CLOSES,
};

const room: DialectUnderTest = {
  name: 'room',
  nonsense: [
    ...JSON_NONSENSE.map((sent) => [`the text ${sent}`, sent, invalid()] as const),
    ['an unknown type', text('dance'), invalid()],
    ['no content', text('message'), invalid()],
    ['content that is no text', '{"content":{}}', invalid()],
    ['a signal without its members', text('webrtc-signal'), { type: 'error' }],
    [
      'deep nesting',
      text('webrtc-signal', {
        target_user_id: '@bob:localhost',
        signal: { type: 'ice-candidate', candidate: DEEP },
      }),
      { type: 'error' },
    ],
    [
      'a signal to nobody',
      text('webrtc-signal', { target_user_id: '@nobody:localhost', signal: { type: 'offer', sdp: 'v=0' } }),
      { type: 'error', message: 'User not found' },
    ],
  ],
  fatal: [],
  padded,
  ring: 'webrtc-signal',
  answer: ({ from_user_id }, sdp) => [
    text('webrtc-signal', { target_user_id: from_user_id, signal: { type: 'answer', sdp } }),
  ],
  candidate: 'webrtc-signal',
  acts: ({ userIds }) => [
    ...userIds.flatMap((target_user_id) =>
      [{ type: 'answer', sdp: answer }, { type: 'ice-candidate', candidate }, { type: 'bye' }].map((signal) =>
        text('webrtc-signal', { target_user_id, signal }),
      ),
    ),
    text('broadcast-stopped'),
  ],
  closes: CLOSES,
};

function nativeError(code: string): Frame {
  return { type: 'error', eventType: 'error', code };
}

function ioError(code: string): Frame {
  return { type: 'error', code };
}

function pageError(code: string): Frame {
  return { type: 'error', code };
}

function invalid(): Frame {
  return { type: 'error', message: 'Invalid message format' };
}

export const DIALECTS_UNDER_TEST = [native, socketio, profile, room];
