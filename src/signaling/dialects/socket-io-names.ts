// The event names of the Socket.IO dialect: under which aliases a request may come, and what an alias family calls the
// events that go out. Data only; the docs are made from it. What the names mean stands in protocol/.

import type { CallMessage, NegotiationKind, ServerMessage } from '../../protocol/messages.ts';

/** How a family writes names: `call-ended`, `callEnded`, `call_ended`, `call:ended`. */
export type AliasFamily = 'dash' | 'camel' | 'snake' | 'colon';

export interface RequestAlias {
  readonly alias: string;
  /** The name of the same request in the native protocol. */
  readonly request: string;
  /** Undefined for a single word, which tells no family. */
  readonly family: AliasFamily | undefined;
}

export const REQUEST_ALIASES: readonly RequestAlias[] = [
  { alias: 'register', request: 'register-user', family: undefined },
  { alias: 'register_user', request: 'register-user', family: 'snake' },
  { alias: 'joinUserRoom', request: 'register-user', family: 'camel' },
  { alias: 'call-user', request: 'initiate', family: 'dash' },
  { alias: 'callUser', request: 'initiate', family: 'camel' },
  { alias: 'makeCall', request: 'initiate', family: 'camel' },
  { alias: 'call:initiate', request: 'initiate', family: 'colon' },
  { alias: 'answerCall', request: 'answer', family: 'camel' },
  { alias: 'accept-call', request: 'answer', family: 'dash' },
  { alias: 'call:accept', request: 'answer', family: 'colon' },
  { alias: 'reject-call', request: 'reject', family: 'dash' },
  { alias: 'decline_call', request: 'reject', family: 'snake' },
  { alias: 'call:reject', request: 'reject', family: 'colon' },
  { alias: 'end-call', request: 'end', family: 'dash' },
  { alias: 'end_call', request: 'end', family: 'snake' },
  { alias: 'hangup', request: 'end', family: undefined },
  { alias: 'call:end', request: 'end', family: 'colon' },
];

export interface NegotiationName {
  readonly name: string;
  readonly kind: NegotiationKind;
}

/**
 * The names of descriptions and candidates, the native ones among them: a socket gets what it spoke last. `answer` is
 * one only with a member `answer`; without, it accepts a call.
 */
export const NEGOTIATION_NAMES: readonly NegotiationName[] = [
  { name: 'webrtc-offer', kind: 'offer' },
  { name: 'offer', kind: 'offer' },
  { name: 'webrtc-answer', kind: 'answer' },
  { name: 'answer', kind: 'answer' },
  { name: 'ice-candidate', kind: 'candidate' },
  { name: 'candidate', kind: 'candidate' },
  { name: 'iceCandidate', kind: 'candidate' },
  { name: 'ice_candidate', kind: 'candidate' },
  { name: 'icecandidate', kind: 'candidate' },
];

/** The native names of negotiation requests and messages. */
export const NEGOTIATION_REQUESTS: Readonly<Record<NegotiationKind, NegotiationRequest>> = {
  offer: 'webrtc-offer',
  answer: 'webrtc-answer',
  candidate: 'ice-candidate',
};

export type NegotiationRequest = 'webrtc-offer' | 'webrtc-answer' | 'ice-candidate';

type FamilyNames = Readonly<Record<Exclude<AliasFamily, 'dash'>, string>>;
type FamilyEvent = Exclude<
  CallMessage['type'],
  | NegotiationRequest
  | 'call-ringing'
  | 'peer-reconnecting'
  | 'peer-reconnected'
  | 'recording-started'
  | 'recording-stopped'
>;

/** Dash is the native name. What is sent for a capability only is not here: who asked for one knows its native name. */
export const EVENT_NAMES: Readonly<Record<FamilyEvent, FamilyNames>> = {
  'incoming-call': { camel: 'incomingCall', snake: 'incoming_call', colon: 'call:incoming' },
  'call-answered': { camel: 'callAnswered', snake: 'call_answered', colon: 'call:answered' },
  'call-rejected': { camel: 'callRejected', snake: 'call_rejected', colon: 'call:rejected' },
  'call-ended': { camel: 'callEnded', snake: 'call_ended', colon: 'call:ended' },
  'user-joined': { camel: 'userJoined', snake: 'user_joined', colon: 'user:joined' },
  'user-left': { camel: 'userLeft', snake: 'user_left', colon: 'user:left' },
  'audio-toggled': { camel: 'audioToggled', snake: 'audio_toggled', colon: 'audio:toggled' },
  'video-toggled': { camel: 'videoToggled', snake: 'video_toggled', colon: 'video:toggled' },
};

export function hasFamilyNames(type: ServerMessage['type']): type is FamilyEvent {
  return Object.hasOwn(EVENT_NAMES, type);
}

/** Requests that need one text only, which may come bare instead of in an object; and the member that it is. */
export const BARE_MEMBERS: ReadonlyMap<string, 'userId' | 'callId'> = new Map([
  ['register-user', 'userId'],
  ['join-call', 'callId'],
  ['answer', 'callId'],
  ['reject', 'callId'],
  ['end', 'callId'],
  ['call-ended', 'callId'],
  ['leave-call', 'callId'],
]);
