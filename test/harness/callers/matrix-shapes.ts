// The messages of the native and Socket.IO tables: the members are the same, and native frames have three more.

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
  type Shape,
} from './shapes.ts';

const callType = exactly('voice', 'video');
const between = { callId: text, fromUserId: text, targetUserId: text };
const iceServer = object({
  urls: either(text, listOf(text)),
  username: optional(text),
  credential: optional(text),
});

const CALL_MESSAGES: Readonly<Record<string, Shape>> = {
  'incoming-call': {
    callId: text,
    callType,
    roomId: text,
    initiatorId: text,
    callerName: text,
    callerId: text,
    iceServers: listOf(iceServer),
    baseUrl: text,
    expiresAt: number,
  },
  'call-answered': { callId: text, answeredBy: text, roomId: text, callType },
  'call-rejected': { callId: text, rejectedBy: text, reason: optional(exactly('busy')) },
  'call-ended': { callId: text, endedBy: text, reason: text },
  'user-joined': { userId: text, callId: text },
  'user-left': { userId: text, callId: text },
  'webrtc-offer': { ...between, offer: description('offer') },
  'webrtc-answer': { ...between, answer: description('answer') },
  'ice-candidate': { ...between, candidate },
  'audio-toggled': { userId: text, enabled: boolean, callId: text },
  'video-toggled': { userId: text, enabled: boolean, callId: text },
};

const REFUSAL: Shape = { code: text, error: text, callId: optional(text) };
const REGISTERED: Shape = { userId: text, deviceId: text, sessionId: text };
const ANSWER: Shape = {
  ok: exactly(true),
  callId: optional(text),
  status: optional(text),
  roomId: optional(text),
  callType: optional(callType),
  iceServers: optional(listOf(iceServer)),
};

export const NATIVE_SHAPES: Readonly<Record<string, Shape>> = Object.fromEntries([
  ...Object.entries(CALL_MESSAGES).map(([type, shape]) => [type, native(type, { ...shape, seq: number })]),
  ['registered', native('registered', { ...REGISTERED, resumeToken: text, trust: text, id: optional(text) })],
  ['ack', native('ack', { ...ANSWER, id: text })],
  ['pong', native('pong', { id: optional(text) })],
  ['error', native('error', { ...REFUSAL, id: optional(text) })],
]) as Record<string, Shape>;

/** The name of the event stands as `type` beside its payload. */
export const SOCKET_IO_SHAPES: Readonly<Record<string, Shape>> = Object.fromEntries([
  ...Object.entries(CALL_MESSAGES).map(([type, shape]) => [type, { type: exactly(type), ...shape }]),
  [
    'incoming-call',
    {
      type: exactly('incoming-call'),
      eventType: exactly('incoming_call'),
      ...CALL_MESSAGES['incoming-call'],
    },
  ],
  ['error', { type: exactly('error'), ...REFUSAL }],
]) as Record<string, Shape>;

function native(type: string, members: Shape): Shape {
  return { type: exactly(type), eventType: exactly(type.replaceAll('-', '_')), ...members };
}
