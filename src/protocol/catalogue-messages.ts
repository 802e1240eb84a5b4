// The catalogue of what the server tells clients about calls: one entry for each type of messages.ts, which the compiler
// sees to, with an example that has all members of that type. Data only.

import {
  BOTH,
  FIRST_VERSION,
  optional,
  required,
  SAMPLE,
  type Entry,
  type Member,
  type Plain,
} from './catalogue-entry.ts';
import type { Capability, ServerMessage } from './messages.ts';

export type MessageName = ServerMessage['type'];

type MessageOf<
  Name extends MessageName,
  Message extends ServerMessage = ServerMessage,
> = Message extends ServerMessage ? (Name extends Message['type'] ? Message : never) : never;

/** All members of a message but its type, those that may be missing included. */
type ExampleOf<Name extends MessageName> = Required<Plain<Omit<MessageOf<Name>, 'type'>>>;

export interface MessageEntry<Name extends MessageName = MessageName> extends Entry {
  readonly name: MessageName;
  /** Which of the sockets of a user get it. */
  readonly receivers: string;
  readonly example: ExampleOf<Name> & Readonly<Record<string, unknown>>;
}

const CALL_ID = required('callId', 'text', 'The call: 32 lower-case hex digits.');
const EACH_OTHER = 'the others in the call';
const CALLER = 'the device that calls';

interface Words<Name extends MessageName> {
  readonly meaning: string;
  readonly receivers: string;
  readonly members: readonly Member[];
  readonly example: MessageEntry<Name>['example'];
  readonly capability?: Capability;
}

function message<Name extends MessageName>(name: Name, words: Words<Name>): MessageEntry<Name> {
  return { name, since: FIRST_VERSION, dialects: BOTH, ...words };
}

function memberChange(name: 'user-joined' | 'user-left', did: string): MessageEntry<typeof name> {
  return message(name, {
    meaning: `A participant has ${did} the call.`,
    receivers: EACH_OTHER,
    members: [required('userId', 'Matrix user id', `Who has ${did}.`), CALL_ID],
    example: { userId: SAMPLE.bob, callId: SAMPLE.callId },
  });
}

function mediumChange(name: 'audio-toggled' | 'video-toggled', device: string): MessageEntry<typeof name> {
  return message(name, {
    meaning: `A participant has turned the ${device} on or off.`,
    receivers: EACH_OTHER,
    members: [
      required('userId', 'Matrix user id', 'Whose.'),
      required('enabled', 'true or false', `Whether the ${device} is on now.`),
      CALL_ID,
    ],
    example: { userId: SAMPLE.bob, enabled: false, callId: SAMPLE.callId },
  });
}

function peerChange(name: 'peer-reconnecting' | 'peer-reconnected', did: string): MessageEntry<typeof name> {
  return message(name, {
    meaning: did,
    receivers: EACH_OTHER,
    capability: 'peer-reconnecting',
    members: [CALL_ID, required('userId', 'Matrix user id', 'The participant.')],
    example: { callId: SAMPLE.callId, userId: SAMPLE.bob },
  });
}

function recordingChange(
  name: 'recording-started' | 'recording-stopped',
  meaning: string,
): MessageEntry<typeof name> {
  return message(name, {
    meaning,
    receivers: 'everybody in the call, who records included',
    capability: 'recording',
    members: [CALL_ID, required('userId', 'Matrix user id', 'Who records.')],
    example: { callId: SAMPLE.callId, userId: SAMPLE.bob },
  });
}

function negotiation(
  name: 'webrtc-offer' | 'webrtc-answer' | 'ice-candidate',
  member: 'offer' | 'answer' | 'candidate',
  { meaning, type }: { readonly meaning: string; readonly type: string },
): MessageEntry<typeof name> {
  return message(name, {
    meaning: `${meaning} Members that are not known here are passed on as they came.`,
    receivers: 'the socket of the target’s device that is in the call',
    members: [
      CALL_ID,
      required(
        'fromUserId',
        'Matrix user id',
        'Who sent it: the user of the socket, whatever the sender said.',
      ),
      required(
        'targetUserId',
        'Matrix user id',
        'For whom it is: the recipient, also if it was sent to `all`.',
      ),
      required(member, type, 'As it was sent.'),
    ],
    example: {
      callId: SAMPLE.callId,
      fromUserId: SAMPLE.alice,
      targetUserId: SAMPLE.bob,
      [member]: SAMPLE[member],
    },
  });
}

export const MESSAGES: { readonly [Name in MessageName]: MessageEntry<Name> } = {
  'incoming-call': message('incoming-call', {
    meaning: 'Somebody calls.',
    receivers: 'every registered socket of each user who is called',
    members: [
      CALL_ID,
      required('callType', '`voice` or `video`', 'The type of the call.'),
      required('roomId', 'Matrix room id', 'The room in which it is made.'),
      required('initiatorId', 'Matrix user id', 'Who calls.'),
      required('callerName', 'text', 'The Matrix display name of who calls, else the localpart.'),
      required('callerId', 'Matrix user id', 'The same as `initiatorId`.'),
      required('iceServers', 'list of RTCIceServer', 'Relays, with credentials for the recipient.'),
      required('baseUrl', 'URL', 'The origin by which the recipient reached the server.'),
      required('expiresAt', 'number', 'When it stops to ring: milliseconds since 1970-01-01T00:00Z.'),
    ],
    example: {
      callId: SAMPLE.callId,
      callType: 'video',
      roomId: SAMPLE.roomId,
      initiatorId: SAMPLE.alice,
      callerName: 'Alice',
      callerId: SAMPLE.alice,
      iceServers: SAMPLE.iceServers,
      baseUrl: SAMPLE.baseUrl,
      expiresAt: SAMPLE.expiresAt,
    },
  }),
  'call-ringing': message('call-ringing', {
    meaning: 'A device of somebody who is called has begun to ring: said once for each user.',
    receivers: CALLER,
    capability: 'call-ringing',
    members: [CALL_ID, required('userId', 'Matrix user id', 'Whose device rings.')],
    example: { callId: SAMPLE.callId, userId: SAMPLE.bob },
  }),
  'call-answered': message('call-answered', {
    meaning: 'Somebody has answered: the call is active.',
    receivers: CALLER,
    members: [
      CALL_ID,
      required('answeredBy', 'Matrix user id', 'Who answered.'),
      required('roomId', 'Matrix room id', 'The room of the call.'),
      required('callType', '`voice` or `video`', 'The type of the call.'),
    ],
    example: { callId: SAMPLE.callId, answeredBy: SAMPLE.bob, roomId: SAMPLE.roomId, callType: 'video' },
  }),
  'call-rejected': message('call-rejected', {
    meaning: 'Somebody has declined, or is in another call.',
    receivers: CALLER,
    members: [
      CALL_ID,
      required('rejectedBy', 'Matrix user id', 'Who.'),
      optional('reason', '`busy`', 'Only if the user is in another call, and was not rung.'),
    ],
    example: { callId: SAMPLE.callId, rejectedBy: SAMPLE.bob, reason: 'busy' },
  }),
  'call-ended': message('call-ended', {
    meaning:
      'The call is over for this device: the only sign to stop ringing. Said once to each socket, and to whoever joins a call that has ended; nothing else about the call follows it.',
    receivers: 'everybody in the call, and every device that rings',
    members: [
      CALL_ID,
      required(
        'endedBy',
        'Matrix user id or `system`',
        'Who ended it; `system` if nobody did (a time was over).',
      ),
      required('reason', 'text', 'Why; see [the reasons](README.md#why-a-call-ended).'),
    ],
    example: { callId: SAMPLE.callId, endedBy: SAMPLE.bob, reason: 'hangup' },
  }),
  'user-joined': memberChange('user-joined', 'joined'),
  'user-left': memberChange('user-left', 'left'),
  'webrtc-offer': negotiation('webrtc-offer', 'offer', {
    meaning: 'An offer of another participant.',
    type: 'object {type, sdp} or text',
  }),
  'webrtc-answer': negotiation('webrtc-answer', 'answer', {
    meaning: 'The answer of another participant.',
    type: 'object {type, sdp} or text',
  }),
  'ice-candidate': negotiation('ice-candidate', 'candidate', {
    meaning:
      'An ICE candidate of another participant, never before the offer or answer that it belongs to; null ends them.',
    type: 'object, text or null',
  }),
  'audio-toggled': mediumChange('audio-toggled', 'microphone'),
  'video-toggled': mediumChange('video-toggled', 'camera'),
  'peer-reconnecting': peerChange(
    'peer-reconnecting',
    'A participant has lost the connection to the server, and may come back.',
  ),
  'peer-reconnected': peerChange('peer-reconnected', 'The participant is back.'),
  'recording-started': recordingChange(
    'recording-started',
    'A participant records the call. Also told to whoever joins later, and again after the server was restarted.',
  ),
  'recording-stopped': recordingChange(
    'recording-stopped',
    'The participant records no more: it has stopped, is gone, or sends nothing any longer. The end of the call ends every recording, without this message.',
  ),
  'ice-servers-updated': message('ice-servers-updated', {
    meaning: 'The credentials that the client has will expire soon: these are new.',
    receivers: 'sockets that are in a call',
    capability: 'ice-servers-updated',
    members: [
      required('ttl', 'number', 'For how many seconds they open a relay.'),
      required('iceServers', 'list of RTCIceServer', 'Relays, with credentials for the recipient.'),
    ],
    example: { ttl: 3_600, iceServers: SAMPLE.iceServers },
  }),
};
