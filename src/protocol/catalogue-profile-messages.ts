// The catalogue of what pages of the profile dialect are sent. Data only; a consistency test holds it against what the
// dialect writes (signaling/dialects/profile-frames.ts).

import { optional, required, SAMPLE, type Member } from './catalogue-entry.ts';
import { PAGE_PONG, PAGE_SAMPLE, pageEntry, PROFILES, TIMESTAMP, type PageEntry } from './catalogue-page.ts';

type Person = keyof typeof PROFILES;

const CONVERSATION = required(
  'conversation_id',
  'number or text',
  'The call, as its caller named it. A call that began in a Matrix room has its call id here.',
);
const FROM: readonly Member[] = [
  required(
    'from_profile_id',
    'number or text',
    'Who sent it; a Matrix user without a profile by the user id.',
  ),
  required('from_profile_type', 'text', 'Its type; `user` for a Matrix user without a profile.'),
];
const NAMED: readonly Member[] = [
  required('from_name', 'text', 'What the sender is called.'),
  required('from_avatar', 'text or null', 'Its picture.'),
];
const TO: readonly Member[] = [
  required('to_profile_id', 'number', 'The profile that gets it.'),
  required('to_profile_type', 'text', 'Its type.'),
];
const CALL_TYPE = required('call_type', '`voice`, `audio` or `video`', 'Voice is told in the caller’s word.');
const OFFER = required('offer', 'object {type, sdp} or text', 'As it was sent.');
const ANSWER = required('answer', 'object {type, sdp} or text', 'As it was sent.');
const MODE = optional('mode', 'anything', 'And whatever else the sender put beside.');

const IN_CALL = 'those pages of the profile that are in the call';
const RINGING = 'every page of the profile';
const CALLER = 'the page that called';
const OTHERS = 'the pages of all other profiles';

function origin(person: Person): Readonly<Record<string, unknown>> {
  return {
    from_profile_id: PROFILES[person].profileId,
    from_profile_type: PROFILES[person].profileType,
  };
}

function named(person: Person): Readonly<Record<string, unknown>> {
  const { name, avatar } = PROFILES[person];
  return { ...origin(person), from_name: name, from_avatar: avatar };
}

function addressed(person: Person): Readonly<Record<string, unknown>> {
  return {
    to_profile_id: PROFILES[person].profileId,
    to_profile_type: PROFILES[person].profileType,
  };
}

function passedOn(
  name: string,
  words: {
    readonly meaning: string;
    readonly receivers?: string;
    readonly from?: Person;
    readonly to?: Person;
    readonly members: readonly Member[];
    readonly example: Readonly<Record<string, unknown>>;
  },
): PageEntry {
  const { meaning, receivers = IN_CALL, from = 'alice', to = 'bob', members, example } = words;
  return pageEntry(name, {
    meaning,
    receivers,
    members: [CONVERSATION, ...FROM, ...NAMED, ...TO, ...members],
    example: {
      conversation_id: PAGE_SAMPLE.conversationId,
      ...named(from),
      ...addressed(to),
      ...example,
    },
  });
}

function presence(name: 'user_online' | 'user_offline', meaning: string): PageEntry {
  return pageEntry(name, {
    meaning,
    receivers: OTHERS,
    members: [
      required('profile_type', 'text', 'The type of the profile.'),
      required('tutor_profile_id', 'number', 'Its number. The name of the member begins with the type.'),
      TIMESTAMP,
    ],
    example: {
      profile_type: PROFILES.bob.profileType,
      tutor_profile_id: PROFILES.bob.profileId,
      timestamp: PAGE_SAMPLE.timestamp,
    },
  });
}

const CONVERSATION_SAMPLE = { conversation_id: PAGE_SAMPLE.conversationId } as const;

export const PROFILE_MESSAGES: readonly PageEntry[] = [
  pageEntry('connection', {
    meaning: 'The first frame: the page is let in, and can be called from now on.',
    receivers: 'the socket that connected',
    members: [
      required('status', '`connected`', 'Always this.'),
      required('connection_key', 'text', 'Type and number: which profile it is.'),
    ],
    example: { status: 'connected', connection_key: 'tutor_1' },
  }),
  pageEntry('missed_calls_notification', {
    meaning: 'Which calls the profile missed while it was away; said once, at most 50 at a time.',
    receivers: 'the socket that connected',
    members: [
      required('count', 'number', 'How many.'),
      required(
        'calls',
        'list of objects',
        'Each with `id`, `caller_profile_id`, `caller_profile_type`, `caller_name`, `caller_avatar` (or null), `status` (`missed`) and `initiated_at` (ISO 8601).',
      ),
    ],
    example: {
      count: 1,
      calls: [
        {
          id: PAGE_SAMPLE.callId,
          caller_profile_id: PROFILES.alice.profileId,
          caller_profile_type: PROFILES.alice.profileType,
          caller_name: PROFILES.alice.name,
          caller_avatar: PROFILES.alice.avatar,
          status: 'missed',
          initiated_at: PAGE_SAMPLE.timestamp,
        },
      ],
    },
  }),
  presence('user_online', 'A profile has come: its first page is open.'),
  presence('user_offline', 'A profile has gone: its last page is closed.'),
  pageEntry('online_users_list', {
    meaning: 'Answers `get_online_users`.',
    receivers: 'the socket that asked',
    members: [
      required(
        'users',
        'list of objects',
        'Each profile once, the own among them: `profile_type`, `profile_id`, `name` (or null), `avatar` (or null), `is_online` (true).',
      ),
      required('count', 'number', 'How many.'),
      TIMESTAMP,
    ],
    example: {
      users: [
        { profile_type: 'tutor', profile_id: 1, name: null, avatar: null, is_online: true },
        { profile_type: 'student', profile_id: 2, name: null, avatar: null, is_online: true },
      ],
      count: 2,
      timestamp: PAGE_SAMPLE.timestamp,
    },
  }),
  PAGE_PONG,
  pageEntry('call_invitation', {
    meaning:
      'Somebody calls. It comes again with each newer offer of the same call. Where a caller of another dialect makes no offer within 2 s, `offer` is null, and it comes again with the offer.',
    receivers: RINGING,
    members: [
      CALL_TYPE,
      CONVERSATION,
      ...FROM,
      ...NAMED,
      required('offer', 'object {type, sdp}, text or null', 'What `call_answer` has to answer.'),
      TIMESTAMP,
      optional('group_call', 'true', 'Only if more than two meet.'),
    ],
    example: {
      call_type: 'video',
      ...CONVERSATION_SAMPLE,
      ...named('alice'),
      offer: SAMPLE.offer,
      timestamp: PAGE_SAMPLE.timestamp,
      group_call: true,
    },
  }),
  pageEntry('call_answer', {
    meaning: 'Somebody has answered: the answer to the offer of the invitation.',
    receivers: CALLER,
    members: [CONVERSATION, ...FROM, ANSWER],
    example: { ...CONVERSATION_SAMPLE, ...origin('bob'), answer: SAMPLE.answer },
  }),
  pageEntry('ice_candidate', {
    meaning: 'An ICE candidate of the other side, never before the page has answered.',
    receivers: IN_CALL,
    members: [
      required('candidate', 'object, text or null', 'As it was sent; null ends them.'),
      CONVERSATION,
      ...FROM,
    ],
    example: { candidate: SAMPLE.candidate, ...CONVERSATION_SAMPLE, ...origin('alice') },
  }),
  pageEntry('call_declined', {
    meaning: 'The call came to nothing.',
    receivers: CALLER,
    members: [
      CONVERSATION,
      optional('reason', 'text', 'Why; see [how a call ends](#how-a-call-ends). Missing if it was declined.'),
    ],
    example: { ...CONVERSATION_SAMPLE, reason: 'offline' },
  }),
  pageEntry('call_cancelled', {
    meaning:
      'It rings no longer, whatever the reason. `call_ended` follows it, for pages that do not know this word.',
    receivers: 'every page that rings',
    members: [CONVERSATION, CALL_TYPE],
    example: { ...CONVERSATION_SAMPLE, call_type: 'video' },
  }),
  pageEntry('call_ended', {
    meaning: 'The call is over. Nothing else about it follows.',
    receivers: 'the pages that are in the call, or were rung for it',
    members: [CONVERSATION],
    example: CONVERSATION_SAMPLE,
  }),
  passedOn('call_mode_switched', {
    meaning: 'As it was sent by another page.',
    members: [MODE],
    example: { mode: 'audio' },
  }),
  passedOn('webrtc_offer', {
    meaning: 'A new offer in the call.',
    members: [OFFER],
    example: { offer: SAMPLE.offer },
  }),
  passedOn('webrtc_answer', {
    meaning: 'The answer to `webrtc_offer`.',
    from: 'bob',
    to: 'alice',
    members: [ANSWER],
    example: { answer: SAMPLE.answer },
  }),
  passedOn('call_offer', {
    meaning:
      'A page that is in a call invites this one as well; `call_invitation` with `group_call` follows it.',
    receivers: RINGING,
    to: 'carol',
    members: [OFFER],
    example: { offer: SAMPLE.offer },
  }),
  passedOn('call_invite', {
    meaning: 'What the page sent beside its `call_offer`, after the invitation.',
    receivers: 'every page that rings',
    to: 'carol',
    members: [MODE],
    example: { mode: 'audio' },
  }),
  pageEntry('error', {
    meaning: 'A frame was refused, and nothing of it was done; a call goes on.',
    receivers: 'the socket that sent it',
    members: [
      required(
        'code',
        'text',
        'A code of [the errors](../errors.md) in lower case, or `unknown_type`, `forbidden` or `self`.',
      ),
      required('message', 'text', 'What is wrong, in words.'),
    ],
    example: {
      code: 'unknown_type',
      message: '"whiteboard" is no type that is known, or it is for nobody',
    },
  }),
];
