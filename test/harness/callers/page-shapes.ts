// What pages are sent: the tables of the profile and room dialects.

import {
  boolean,
  candidate,
  description,
  either,
  exactly,
  listOf,
  number,
  object,
  optional,
  text,
  textOrNull,
  time,
  type Member,
  type Shape,
} from './shapes.ts';

const PROFILE_TYPES = ['tutor', 'student', 'parent', 'advertiser', 'user'];
/** A number; a Matrix user who has no profile is shown by the user id. */
const profileId = either(number, text);
const profileType = exactly(...PROFILE_TYPES);
const callType = exactly('voice', 'audio', 'video');
const conversation = either(number, text);
const from = { from_profile_id: profileId, from_profile_type: profileType };
const ANYTHING: Member = { judge: (value) => value !== undefined, isOptional: true };

/** Forwarded whole: what its sender put into it, and who that is. */
const whole: Shape = {
  conversation_id: conversation,
  call_type: optional(callType),
  from_profile_id: profileId,
  from_profile_type: profileType,
  from_name: optional(textOrNull),
  from_avatar: optional(textOrNull),
  to_profile_id: optional(profileId),
  to_profile_type: optional(text),
  to_user_id: optional(text),
  mode: ANYTHING,
};

const online: Shape = {
  profile_type: profileType,
  timestamp: time,
  ...Object.fromEntries(PROFILE_TYPES.map((type) => [`${type}_profile_id`, optional(number)])),
};

const missedCall = object({
  id: either(number, text),
  caller_profile_id: profileId,
  caller_profile_type: profileType,
  caller_name: textOrNull,
  caller_avatar: textOrNull,
  status: exactly('missed'),
  initiated_at: time,
});

const user = object({
  profile_type: profileType,
  profile_id: number,
  name: textOrNull,
  avatar: textOrNull,
  is_online: boolean,
});

export const PROFILE_SHAPES = typed({
  connection: { status: exactly('connected'), connection_key: text },
  missed_calls_notification: { count: number, calls: listOf(missedCall) },
  user_online: online,
  user_offline: online,
  pong: {},
  online_users_list: { users: listOf(user), count: number, timestamp: time },
  error: { code: text, message: text },
  call_invitation: {
    call_type: callType,
    conversation_id: conversation,
    ...from,
    from_name: text,
    from_avatar: textOrNull,
    offer: description('offer'),
    timestamp: time,
    group_call: optional(exactly(true)),
  },
  call_answer: { conversation_id: conversation, ...from, answer: description('answer') },
  ice_candidate: { candidate, conversation_id: conversation, ...from },
  call_declined: {
    conversation_id: conversation,
    reason: optional(text),
  },
  call_cancelled: { conversation_id: conversation, call_type: callType },
  call_ended: { conversation_id: conversation },
  call_mode_switched: whole,
  webrtc_offer: { ...whole, offer: description('offer') },
  webrtc_answer: { ...whole, answer: description('answer') },
  call_invite: whole,
  call_offer: { ...whole, offer: description('offer') },
});

const named = object({ user_id: text, username: text });
const sdp: Member = either(
  { judge: (value) => typeof value === 'string' && value.startsWith('v=0'), isOptional: false },
  either(description('offer'), description('answer')),
);
const signal = either(
  object({ type: exactly('offer', 'answer'), sdp }),
  either(object({ type: exactly('ice-candidate'), candidate }), object({ type: exactly('bye') })),
);
const whose = { user_id: text, username: text, room_id: optional(text) };
const arrival: Shape = { message: text, user_id: text, timestamp: time };

export const ROOM_SHAPES = typed({
  user_joined: arrival,
  user_left: arrival,
  message: {
    id: either(number, text),
    ...whose,
    content: text,
    timestamp: time,
    room_id: text,
    avatar: optional(text),
  },
  room_state: { users: listOf(named) },
  'active-broadcasts': { broadcasters: listOf(named) },
  'broadcast-started': whose,
  'broadcast-stopped': whose,
  typing_start: whose,
  typing_stop: whose,
  'webrtc-signal': { from_user_id: text, from_username: text, signal },
  pong: {},
  error: { message: text },
});

function typed(shapes: Readonly<Record<string, Shape>>): Readonly<Record<string, Shape>> {
  return Object.fromEntries(
    Object.entries(shapes).map(([type, shape]) => [type, { type: exactly(type), ...shape }]),
  );
}
