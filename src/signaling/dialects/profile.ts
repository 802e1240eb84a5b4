// What pages of the profile dialect say: one JSON object in each text frame, read into what it asks. Pure. Whom a name
// stands for, and which call is meant, is found out elsewhere (profiles/); what is said to pages is profile-frames.ts.

import type { CallType } from '../../call/model/call.ts';
import { printableName } from '../../matrix/display-name.ts';
import { parseParticipantId, type UserId } from '../../matrix/ids.ts';
import type { BadRequest } from '../../protocol/bad-request.ts';
import { isShallow, MAX_DEPTH, readNegotiationBody } from '../../protocol/negotiation.ts';
import { keyOf, profileIdOf } from './profile-key.ts';

/** A profile; or who has none, by the id that stood in its place. */
export type Addressee = { readonly key: string } | { readonly userId: UserId };

/** What pages call a call without video: both words are in use, and each is told in its caller's. */
export type VoiceWord = 'voice' | 'audio';

/** Which call a frame is about; clients leave out either or both. */
export interface About {
  readonly conversationId: string | number | undefined;
  readonly to: Addressee | undefined;
}

type Members = Readonly<Record<string, unknown>>;

export interface Invitation {
  readonly type: 'call_invitation';
  readonly conversationId: About['conversationId'];
  readonly to: Addressee;
  readonly callType: CallType;
  readonly voiceWord: VoiceWord | undefined;
  /** What the page says of itself: shown where its application says nothing. */
  readonly name: string | undefined;
  readonly avatar: string | undefined;
  readonly offer: unknown;
}

/** Offers and answers between those who talk, and the offer of one who asks a third into the call. */
export interface Description {
  readonly type: 'webrtc_offer' | 'webrtc_answer' | 'call_offer';
  readonly about: About;
  readonly body: unknown;
  readonly extra: Members;
}

/** What only other pages understand. */
export interface PageMessage {
  readonly type: 'call_mode_switched' | 'call_invite';
  readonly about: About;
  readonly extra: Members;
}

/** A type of the application's own; `to` undefined if it is for nobody. */
export interface OtherMessage {
  readonly type: 'other';
  readonly name: string;
  readonly to: Addressee | undefined;
  readonly extra: Members;
}

export type ProfileFrame =
  | { readonly type: 'ping' | 'get_online_users' }
  | Invitation
  /** Without a description if the page had no offer to answer. */
  | { readonly type: 'call_answer'; readonly about: About; readonly answer: unknown }
  | { readonly type: 'ice_candidate'; readonly about: About; readonly candidate: unknown }
  /** Declines, cancels or hangs up: clients send each of the three words for each of the three. */
  | { readonly type: 'end'; readonly about: About }
  | Description
  | PageMessage
  | OtherMessage;

type Reader = (members: Members, about: About) => ProfileFrame | BadRequest;

const MAX_ID_CHARACTERS = 128;
const MAX_ECHOED_CHARACTERS = 64;
const AVATAR = /^[\x21-\x7e]{1,2048}$/;
const CALL_TYPES: ReadonlyMap<unknown, CallType> = new Map([
  ['voice', 'voice'],
  ['audio', 'voice'],
  ['video', 'video'],
]);

/**
 * What no page may say of a frame: who it is from, and to, which is said by us; and what would change an object's nature
 * in a careless reader.
 */
const OURS = /^(?:from|to|sender)(?:_|[A-Z]|$)/;
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'type',
  'userId',
  'user_id',
  'profile_id',
  'profile_type',
]);
/** Descriptions go to clients of other dialects too: what those are told by us, what is secret, and what names a call. */
const NOT_PASSED_ON_IN_CALLS = [
  'eventType',
  'id',
  'seq',
  'accessToken',
  'access_token',
  'deviceId',
  'device_id',
  'callId',
  'call_id',
  'targetUserId',
  'target_user_id',
  'conversation_id',
  'offer',
  'answer',
  'candidate',
] as const;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['ping', () => ({ type: 'ping' })],
  ['get_online_users', () => ({ type: 'get_online_users' })],
  ['call_invitation', readInvitation],
  ['call_answer', readAnswer],
  ['ice_candidate', readCandidate],
  ['call_declined', readEnd],
  ['call_cancelled', readEnd],
  ['call_ended', readEnd],
  ['webrtc_offer', descriptionReader('webrtc_offer', 'offer')],
  ['webrtc_answer', descriptionReader('webrtc_answer', 'answer')],
  ['call_offer', descriptionReader('call_offer', 'offer')],
  ['call_mode_switched', relayReader('call_mode_switched')],
  ['call_invite', relayReader('call_invite')],
]);

/** The types that are read; any other is the application's own. */
export const PROFILE_FRAME_TYPES: readonly string[] = [...READERS.keys()];

/**
 * Reads one frame. Whatever comes is either asked or a described problem; it never throws.
 * @param types of profiles, in lower case
 */
export function readProfileFrame(text: string, types: readonly string[]): ProfileFrame | BadRequest {
  const members = parseObject(text);
  if (members === undefined) return { problem: 'a frame must be one JSON object' };
  const { type } = members;
  if (typeof type !== 'string' || type === '' || type.length > MAX_ID_CHARACTERS)
    return { problem: `type must be a text of 1 to ${MAX_ID_CHARACTERS} characters` };
  if (!isShallow(members)) return { problem: `nothing may be nested deeper than ${MAX_DEPTH}` };
  const read = READERS.get(type);
  const to = readAddressee(members, types);
  if (to !== undefined && 'problem' in to) return to;
  if (read === undefined) return { type: 'other', name: type, to, extra: passedOn(members) };
  const conversationId = readConversation(members['conversation_id']);
  if (conversationId !== undefined && typeof conversationId === 'object') return conversationId;
  return read(members, { conversationId, to });
}

function readInvitation(members: Members, { conversationId, to }: About): ProfileFrame | BadRequest {
  const { call_type: given, from_name: name, from_avatar: avatar } = members;
  if (to === undefined) return { problem: 'to_profile_id and to_profile_type required' };
  const callType = CALL_TYPES.get(given);
  if (callType === undefined) return { problem: 'call_type must be voice, audio or video' };
  const offer = readNegotiationBody('offer', members['offer']);
  if ('problem' in offer) return offer;
  return {
    type: 'call_invitation',
    conversationId,
    to,
    callType,
    voiceWord: given === 'voice' || given === 'audio' ? given : undefined,
    name: typeof name === 'string' ? printableName(name) : undefined,
    avatar: typeof avatar === 'string' && AVATAR.test(avatar) ? avatar : undefined,
    offer: offer.body,
  };
}

function readAnswer(members: Members, about: About): ProfileFrame | BadRequest {
  const answer = members['answer'] ?? undefined;
  if (answer === undefined) return { type: 'call_answer', about, answer };
  const read = readNegotiationBody('answer', answer);
  return 'problem' in read ? read : { type: 'call_answer', about, answer: read.body };
}

function readCandidate(members: Members, about: About): ProfileFrame | BadRequest {
  const read = readNegotiationBody('candidate', members['candidate']);
  return 'problem' in read ? read : { type: 'ice_candidate', about, candidate: read.body };
}

function readEnd(_members: Members, about: About): ProfileFrame {
  return { type: 'end', about };
}

function descriptionReader(
  type: 'webrtc_offer' | 'webrtc_answer' | 'call_offer',
  kind: 'offer' | 'answer',
): Reader {
  return (members, about) => {
    const read = readNegotiationBody(kind, members[kind]);
    if ('problem' in read) return read;
    return { type, about, body: read.body, extra: passedOnInCalls(members) };
  };
}

function relayReader(type: 'call_mode_switched' | 'call_invite'): Reader {
  return (members, about) => ({ type, about, extra: passedOnInCalls(members) });
}

/** The members beside those of a description or candidate, of whatever client: only we say who a frame is from. */
export function passedOnInCalls(members: Members): Members {
  return passedOn(members, NOT_PASSED_ON_IN_CALLS);
}

function passedOn(members: Members, besides: readonly string[] = []): Members {
  const extra: Record<string, unknown> = {};
  for (const name of Object.keys(members))
    if (!OURS.test(name) && !NOT_PASSED_ON.has(name) && !besides.includes(name)) extra[name] = members[name];
  return extra;
}

/** The first that is there counts; pages that know each other by other names send several. */
function readAddressee(members: Members, types: readonly string[]): Addressee | BadRequest | undefined {
  const { to_profile_id: profileId, to_profile_type: profileType, to_user_id: user } = members;
  const participantId = parseParticipantId(profileId);
  if (participantId !== undefined) return { userId: participantId };
  if (isGiven(profileId) && isGiven(profileType)) {
    const type = typeof profileType === 'string' ? profileType.toLowerCase() : '';
    if (!types.includes(type)) return { problem: `to_profile_type must be one of ${types.join(', ')}` };
    return keyed('to_profile_id', profileId, type);
  }
  if (isGiven(user)) {
    const userId = parseParticipantId(user);
    return userId === undefined ? keyed('to_user_id', user, 'user') : { userId };
  }
  for (const type of ['student', 'tutor']) {
    const name = `to_${type}_profile_id`;
    if (isGiven(members[name])) return keyed(name, members[name], type);
  }
  return undefined;
}

function keyed(member: string, value: unknown, profileType: string): Addressee | BadRequest {
  const profileId = profileIdOf(value);
  return profileId === undefined
    ? { problem: `${member} must be a positive integer, or a user id` }
    : { key: keyOf({ profileId, profileType }) };
}

/** Pages that miss an id send null, or what JavaScript makes of it. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function readConversation(value: unknown): string | number | BadRequest | undefined {
  if (!isGiven(value)) return undefined;
  const isText = typeof value === 'string' && value.length <= MAX_ID_CHARACTERS;
  if (isText || (typeof value === 'number' && Number.isFinite(value))) return value;
  return { problem: `conversation_id must be a number or a text of at most ${MAX_ID_CHARACTERS} characters` };
}

/** What cannot be read is told in an answer that must not be as long as the question. */
export function echoed(text: string): string {
  return JSON.stringify(text.slice(0, MAX_ECHOED_CHARACTERS));
}

function parseObject(text: string): Members | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isMembers(value) ? value : undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
