// The catalogue of what clients ask of signaling, and of what each request is answered with. Data only; what is really
// taken is decided by requests.ts, and a consistency test holds the two against each other.

import { MAX_INVITEES } from '../call/model/create.ts';
import {
  BOTH,
  FIRST_VERSION,
  NATIVE,
  optional,
  required,
  SAMPLE,
  type Entry,
  type Member,
} from './catalogue-entry.ts';
import { CAPABILITIES } from './messages.ts';

/** A request, and what comes of it when it is done. */
export interface RequestEntry extends Entry {
  /** What the answer says beside that it is done; absent where the answer is a message of its own (`registered`, `pong`). */
  readonly answer?: readonly Member[];
}

const CALL_ID = required('callId', 'text', 'The call: 32 lower-case hex digits.');
const USER_ID = optional(
  'userId',
  'Matrix user id',
  'Who asks, on a socket that did not register. It has to be proved like that of `register-user`.',
);
const ACCESS_TOKEN = optional(
  'accessToken',
  'text',
  'The Matrix access token of `userId`, on a socket that did not register.',
);
const DEVICE_ID = optional(
  'deviceId',
  'text',
  'The Matrix device, on a socket that did not register; 1 to 255 printable ASCII characters.',
);
const CLAIM = [USER_ID, ACCESS_TOKEN, DEVICE_ID] as const;
const CLAIMED = {
  userId: SAMPLE.bob,
  accessToken: SAMPLE.accessToken,
  deviceId: SAMPLE.deviceId,
} as const;

const STATUS = required(
  'status',
  'text',
  'The call as it is now: `ringing`, `active`, `ended`, `rejected` or `missed`.',
);
const ICE_SERVERS = required('iceServers', 'list of RTCIceServer', 'Relays, with credentials for this user.');
const ROOM_AND_TYPE = [
  required('roomId', 'Matrix room id', 'The room of the call.'),
  required('callType', '`voice` or `video`', 'The type of the call.'),
] as const;

type Words = Pick<Entry, 'meaning'> & Partial<Pick<RequestEntry, 'answer'>>;

function request(name: string, entry: Omit<RequestEntry, 'name' | 'since' | 'dialects'>): RequestEntry {
  return { name, since: FIRST_VERSION, dialects: BOTH, ...entry };
}

/** A request that needs no more than to name its call. */
function callRequest(name: string, words: Words): RequestEntry {
  const answer = words.answer ?? [CALL_ID, STATUS];
  const example = { callId: SAMPLE.callId, ...CLAIMED };
  return request(name, { ...words, answer, members: [CALL_ID, ...CLAIM], example });
}

function toggleRequest(medium: 'audio' | 'video', device: string): RequestEntry {
  return request(`toggle-${medium}`, {
    meaning: `Tells the others in the call that this user's ${device} is on or off.`,
    members: [CALL_ID, required('enabled', 'true or false', `Whether the ${device} is on now.`), ...CLAIM],
    answer: [CALL_ID, required(`${medium}Enabled`, 'true or false', 'As it was said.')],
    example: { callId: SAMPLE.callId, enabled: false, ...CLAIMED },
  });
}

function negotiationRequest(
  name: string,
  member: 'offer' | 'answer' | 'candidate',
  { meaning, type, body }: { readonly meaning: string; readonly type: string; readonly body: string },
): RequestEntry {
  const target = optional(
    'targetUserId',
    'Matrix user id or `all`',
    'For whom: one participant, or all others in the call; `all` if it is missing.',
  );
  return request(name, {
    meaning,
    members: [CALL_ID, required(member, type, body), target, ...CLAIM],
    answer: [CALL_ID],
    example: { callId: SAMPLE.callId, [member]: SAMPLE[member], targetUserId: SAMPLE.alice, ...CLAIMED },
  });
}

export const REQUESTS: readonly RequestEntry[] = [
  request('register-user', {
    meaning:
      'Says who the client is; from then on it is rung. It may be repeated: with a new access token, or with other capabilities.',
    members: [
      optional(
        'userId',
        'Matrix user id',
        'Who the client says it is. Needed unless a token is shown; with one, it has to be that of the same user.',
      ),
      optional(
        'accessToken',
        'text',
        'A Matrix access token of the user, unless the handshake has shown one.',
      ),
      optional(
        'deviceId',
        'text',
        'The Matrix device, where the homeserver does not say it; 1 to 255 printable ASCII characters.',
      ),
      optional(
        'caps',
        'list of texts',
        `What the client understands beyond the original protocol: ${CAPABILITIES.map((name) => `\`${name}\``).join(', ')}. Others are passed over; \`recovery\` is of use with Socket.IO only.`,
      ),
      optional(
        'resume',
        'object {token, seq}',
        'Goes on with an earlier session: its `resumeToken`, and the highest `seq` that the client has got (0 for none).',
        NATIVE,
      ),
    ],
    example: {
      userId: SAMPLE.bob,
      accessToken: SAMPLE.accessToken,
      deviceId: SAMPLE.deviceId,
      caps: ['call-ringing', 'peer-reconnecting'],
      resume: { token: SAMPLE.resumeToken, seq: 4 },
    },
  }),
  request('initiate', {
    meaning: 'Calls the joined members of a room. Needs an access token, here or shown before.',
    members: [
      ...ROOM_AND_TYPE,
      optional(
        'invitees',
        'list of Matrix user ids',
        `Only these members of the room are called; at most ${MAX_INVITEES}.`,
      ),
      optional(
        'idempotencyKey',
        'text',
        'A repeated request with the same key gets the same call; 1 to 255 characters.',
      ),
      ...CLAIM,
    ],
    answer: [CALL_ID, ...ROOM_AND_TYPE, STATUS, ICE_SERVERS],
    example: {
      roomId: SAMPLE.roomId,
      callType: 'video',
      invitees: [SAMPLE.alice],
      idempotencyKey: '3f1c2a',
      ...CLAIMED,
    },
  }),
  callRequest('answer', {
    meaning:
      'Accepts the call on this device. The first of the user’s devices wins; this socket is in the call then.',
    answer: [CALL_ID, STATUS, ...ROOM_AND_TYPE, ICE_SERVERS],
  }),
  callRequest('reject', { meaning: 'Declines the call, for all devices of the user.' }),
  callRequest('end', {
    meaning:
      'Ends the call; while it rings, that cancels it. In a group of more than two it is a leave, unless the initiator says it.',
  }),
  callRequest('call-ended', { meaning: 'The same as `end`, by the name that the original clients use.' }),
  callRequest('join-call', {
    meaning:
      'Takes part in the call with this socket: negotiation for the user goes here. For a socket that is opened for the call alone, and to take part again after `RESUME_REJOIN`. Joining does not answer.',
  }),
  callRequest('leave-call', {
    meaning: 'Leaves the call. It ends if at most one is left in it and nobody rings.',
  }),
  callRequest('call-ringing', { meaning: 'This device has begun to ring.' }),
  callRequest('silence-call', { meaning: 'The user has turned off the sound of this device; it rings on.' }),
  toggleRequest('audio', 'microphone'),
  toggleRequest('video', 'camera'),
  negotiationRequest('webrtc-offer', 'offer', {
    meaning: 'Sends an offer. A new one replaces an earlier one that still waits, with all its candidates.',
    type: 'object {type, sdp} or text',
    body: 'Type `offer`; the SDP has to begin `v=0`.',
  }),
  negotiationRequest('webrtc-answer', 'answer', {
    meaning: 'Sends the answer to an offer.',
    type: 'object {type, sdp} or text',
    body: 'Type `answer` or `pranswer`; the SDP has to begin `v=0`.',
  }),
  negotiationRequest('ice-candidate', 'candidate', {
    meaning: 'Sends an ICE candidate.',
    type: 'object, text or null',
    body: 'As the browser made it; null ends the candidates.',
  }),
  request('ping', {
    meaning: 'Asks whether the server is there. The heartbeat of the transport does not need it.',
    members: [],
    example: {},
  }),
];
