// The sample sessions of docs/protocol/profile.md. Between them they have every frame of the catalogue, as it stands
// there: what is proved of the sessions is proved of the tables.

import { PROFILES } from '../../src/protocol/catalogue-page.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import {
  closes,
  connects,
  isTold,
  sampleFrame,
  sends,
  without,
  type PageFrame,
  type PageStep,
  type PageStory,
  type Who,
} from './protocol-page-story.ts';

const { requests, messages } = CATALOGUE.profile;

function asked(name: string, more?: PageFrame): PageFrame {
  return sampleFrame(requests, name, more);
}

function told(name: string, more?: PageFrame): PageFrame {
  return sampleFrame(messages, name, more);
}

function keyOf(who: Who): string {
  return `${PROFILES[who].profileType}_${PROFILES[who].profileId}`;
}

/** With what is said to those who are there already. */
function comes(who: Who, ...others: readonly Who[]): readonly PageStep[] {
  const { profileId, profileType } = PROFILES[who];
  return [
    connects(who, `/ws/${profileId}/${profileType}`),
    isTold(who, told('connection', { connection_key: keyOf(who) })),
    ...others.map((other) =>
      isTold(other, {
        ...without(told('user_online'), 'tutor_profile_id'),
        profile_type: profileType,
        [`${profileType}_profile_id`]: profileId,
      }),
    ),
  ];
}

function from(who: Who): PageFrame {
  const { profileId, profileType, name, avatar } = PROFILES[who];
  return {
    from_profile_id: profileId,
    from_profile_type: profileType,
    from_name: name,
    from_avatar: avatar,
  };
}

function origin(who: Who): PageFrame {
  return without(from(who), 'from_name', 'from_avatar');
}

function to(who: Who): PageFrame {
  return { to_profile_id: PROFILES[who].profileId, to_profile_type: PROFILES[who].profileType };
}

const TO = ['to_profile_id', 'to_profile_type'] as const;

const RINGS = [
  sends('alice', asked('call_invitation')),
  isTold('bob', without(told('call_invitation'), 'group_call')),
] as const;

const TALKS = [...RINGS, sends('bob', asked('call_answer')), isTold('alice', told('call_answer'))] as const;

const WHITEBOARD = { type: 'whiteboard', ...to('bob'), stroke: [1, 2] };

export const PROFILE_STORIES: readonly PageStory[] = [
  {
    title: 'Alice calls Bob',
    words: 'He answers, and she hangs up.',
    steps: [
      ...comes('bob'),
      ...comes('alice', 'bob'),
      sends('alice', asked('get_online_users')),
      isTold('alice', told('online_users_list')),
      ...RINGS,
      sends('alice', asked('ice_candidate')),
      sends('bob', asked('call_answer')),
      isTold('alice', told('call_answer')),
      isTold('bob', told('ice_candidate')),
      sends('bob', asked('ice_candidate', { ...origin('bob'), ...to('alice') })),
      isTold('alice', told('ice_candidate', origin('bob'))),
      sends('alice', asked('call_ended')),
      isTold('bob', told('call_ended')),
      sends('alice', asked('ping')),
      isTold('alice', told('pong')),
    ],
  },
  {
    title: 'Declined, given up, answered',
    words: 'Bob calls Alice, who declines; she calls him, and gives up; then they talk.',
    steps: [
      ...comes('bob'),
      ...comes('alice', 'bob'),
      sends('bob', asked('call_invitation', { ...from('bob'), ...to('alice') })),
      isTold('alice', without(told('call_invitation', from('bob')), 'group_call')),
      sends('alice', asked('call_declined')),
      isTold('bob', without(told('call_declined'), 'reason')),
      ...RINGS,
      sends('alice', asked('call_cancelled')),
      isTold('bob', told('call_cancelled')),
      isTold('bob', told('call_ended')),
      ...TALKS,
      sends('alice', asked('call_mode_switched')),
      isTold('bob', told('call_mode_switched')),
      sends('alice', asked('webrtc_offer')),
      isTold('bob', told('webrtc_offer')),
      sends('bob', asked('webrtc_answer')),
      isTold('alice', told('webrtc_answer')),
      sends('alice', asked('call_ended')),
      isTold('bob', told('call_ended')),
    ],
  },
  {
    title: 'Bob is away',
    words: 'Alice is told at once, and he when he comes.',
    steps: [
      ...comes('alice'),
      sends('alice', asked('call_invitation')),
      isTold('alice', told('call_declined')),
      ...comes('bob', 'alice'),
      isTold('bob', told('missed_calls_notification')),
      sends('alice', WHITEBOARD),
      isTold('alice', told('error')),
      closes('bob'),
      isTold('alice', told('user_offline')),
    ],
  },
  {
    title: 'A third person',
    words: 'Alice asks Carol into her call with Bob. She began it: when she hangs up, it is over for all.',
    steps: [
      ...comes('alice'),
      ...comes('bob', 'alice'),
      ...comes('carol', 'alice', 'bob'),
      ...TALKS,
      sends('alice', asked('call_offer')),
      isTold('carol', told('call_offer')),
      isTold('carol', told('call_invitation')),
      sends('alice', asked('call_invite')),
      isTold('carol', told('call_invite')),
      sends('carol', asked('call_answer', { ...origin('carol'), ...to('alice') })),
      isTold('alice', told('call_answer', origin('carol'))),
      sends('alice', asked('call_ended')),
      isTold('bob', told('call_ended')),
      isTold('carol', told('call_ended')),
    ],
  },
  {
    title: 'An older page',
    words:
      'It names whom it means by other members, and knows no more types than these and `ice_candidate`, `call_declined`.',
    steps: [
      ...comes('bob'),
      ...comes('alice', 'bob'),
      sends('alice', { ...without(asked('call_invitation'), ...TO), to_tutor_profile_id: 1 }),
      isTold('bob', without(told('call_invitation'), 'group_call')),
      sends('bob', { ...without(asked('call_answer'), ...TO), to_student_profile_id: '2' }),
      isTold('alice', told('call_answer')),
      sends('bob', { type: 'call_ended', to_student_profile_id: '2' }),
      isTold('alice', told('call_ended')),
    ],
  },
  {
    title: 'A type of the application',
    words: 'Where `signaling.profile.relay_unknown` is on.',
    relaysUnknown: true,
    steps: [
      ...comes('bob'),
      ...comes('alice', 'bob'),
      sends('alice', WHITEBOARD),
      isTold('bob', { ...WHITEBOARD, ...from('alice'), from_name: null, from_avatar: null }),
    ],
  },
];
