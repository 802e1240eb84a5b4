// The catalogue of what pages of the profile dialect send. Data only; what is really taken is decided by the dialect
// (signaling/dialects/profile.ts), and a consistency test holds the two against each other.

import { optional, required, SAMPLE, type Member } from './catalogue-entry.ts';
import { member, PAGE_PING, PAGE_SAMPLE, pageEntry, PROFILES, type PageEntry } from './catalogue-page.ts';

type Person = keyof typeof PROFILES;

const CONVERSATION = optional(
  'conversation_id',
  'number or text',
  'Which call. It comes back with its type, 17 as a number. At most 128 characters.',
);
const SENDER: readonly Member[] = [
  optional('from_profile_id', 'number', 'Passed over: who it is from is known by the socket.'),
  optional('from_profile_type', 'text', 'Passed over likewise.'),
];
const FROM_NAME = optional(
  'from_name',
  'text',
  'What the page calls itself, at most 255 characters. Counts only where the application says no name.',
);
const FROM_AVATAR = optional(
  'from_avatar',
  'text or null',
  'Its picture likewise: a URL of at most 2048 printable ASCII characters.',
);
const CALL_TYPE_PASSED_OVER = optional('call_type', '`voice`, `audio` or `video`', 'Passed over.');
const CANDIDATE = required('candidate', 'object, text or null', 'As the browser made it; null ends them.');
const MODE = optional('mode', 'anything', 'One of those members that only pages know: all are passed on.');

function to(isRequired: boolean): readonly Member[] {
  const whom = isRequired ? 'For whom; see [addresses](#addresses).' : 'For whom, likewise.';
  return [
    member(isRequired, 'to_profile_id', 'number or text', whom),
    member(isRequired, 'to_profile_type', 'text', 'Its type, in any case.'),
  ];
}

function description(kind: 'offer' | 'answer', isRequired = true): Member {
  const begins = `Type \`${kind}\`${kind === 'answer' ? ' or `pranswer`' : ''}; the SDP has to begin \`v=0\`.`;
  return member(isRequired, kind, 'object {type, sdp} or text', begins);
}

/** The members by which a page says who it is, and whom the frame is for. */
function between(from: Person, target: Person): Readonly<Record<string, unknown>> {
  return {
    from_profile_id: PROFILES[from].profileId,
    from_profile_type: PROFILES[from].profileType,
    to_profile_id: PROFILES[target].profileId,
    to_profile_type: PROFILES[target].profileType,
  };
}

interface InCall {
  readonly meaning: string;
  readonly members?: readonly Member[];
  readonly example?: Readonly<Record<string, unknown>>;
  readonly from?: Person;
  readonly to?: Person;
}

function inCall(
  name: string,
  { meaning, members = [], example = {}, from = 'alice', to: target = 'bob' }: InCall,
): PageEntry {
  return pageEntry(name, {
    meaning,
    members: [CONVERSATION, ...SENDER, ...to(false), ...members],
    example: { conversation_id: PAGE_SAMPLE.conversationId, ...between(from, target), ...example },
  });
}

export const PROFILE_REQUESTS: readonly PageEntry[] = [
  PAGE_PING,
  pageEntry('get_online_users', { meaning: 'Asks who is online; `online_users_list` answers it.' }),
  pageEntry('call_invitation', {
    meaning:
      'Calls a profile or a Matrix user. Sent again while it rings, it is the same call with a newer offer. Without `conversation_id` the two who talk make the conversation.',
    members: [
      required('call_type', '`voice`, `audio` or `video`', '`audio` is `voice` by another word.'),
      CONVERSATION,
      ...SENDER,
      FROM_NAME,
      FROM_AVATAR,
      ...to(true),
      description('offer'),
    ],
    example: {
      call_type: 'video',
      conversation_id: PAGE_SAMPLE.conversationId,
      ...between('alice', 'bob'),
      from_name: PROFILES.alice.name,
      from_avatar: PROFILES.alice.avatar,
      offer: SAMPLE.offer,
    },
  }),
  inCall('call_answer', {
    meaning: 'Accepts the call that the page was shown.',
    from: 'bob',
    to: 'alice',
    members: [description('answer', false)],
    example: { answer: SAMPLE.answer },
  }),
  inCall('ice_candidate', {
    meaning:
      'Sends an ICE candidate. It may come before anybody has answered: it is kept until the `call_answer` of the other page.',
    members: [CANDIDATE],
    example: { candidate: SAMPLE.candidate },
  }),
  inCall('call_declined', { meaning: 'Declines; in a call that goes on, hangs up.' }),
  inCall('call_cancelled', {
    meaning:
      'Gives up a call that rings. Also taken for a hang-up in a call that was answered just then: it is the end that fits the call.',
    members: [CALL_TYPE_PASSED_OVER],
    example: { call_type: 'video' },
  }),
  inCall('call_ended', {
    meaning: 'Hangs up; while it rings, cancels or declines.',
    members: [CALL_TYPE_PASSED_OVER],
    example: { call_type: 'video' },
  }),
  inCall('call_mode_switched', {
    meaning:
      'Says something that only pages understand to those of the other profile that show the same call.',
    members: [MODE],
    example: { mode: 'audio' },
  }),
  inCall('webrtc_offer', {
    meaning: 'A new offer in a call.',
    members: [description('offer')],
    example: { offer: SAMPLE.offer },
  }),
  inCall('webrtc_answer', {
    meaning: 'Answers `webrtc_offer`.',
    from: 'bob',
    to: 'alice',
    members: [description('answer')],
    example: { answer: SAMPLE.answer },
  }),
  pageEntry('call_offer', {
    meaning:
      'Invites one more into the call that the page is in, with an offer. `conversation_id` may say which call, if that is not plain.',
    members: [...SENDER, ...to(true), description('offer')],
    example: { ...between('alice', 'carol'), offer: SAMPLE.offer },
  }),
  pageEntry('call_invite', {
    meaning: 'What pages send beside `call_offer`, after it; by itself it invites nobody.',
    members: [...SENDER, ...to(true), MODE],
    example: { ...between('alice', 'carol'), mode: 'audio' },
  }),
];
