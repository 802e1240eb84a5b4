// What clients ask of signaling, read from `unknown` into intents: the requests of the native protocol, whose members
// are the payloads of the Socket.IO events of the same names. Pure. Who may do it, and whether it can be done, is not
// judged here; nor how the request was framed, or under which alias it came.

import type { CallType } from '../call/model/call.ts';
import { MAX_INVITEES } from '../call/model/create.ts';
import {
  parseCallId,
  parseParticipantId,
  parseRoomId,
  parseUserId,
  type CallId,
  type RoomId,
  type UserId,
} from '../matrix/ids.ts';
import type { BadRequest } from './bad-request.ts';
import { CAPABILITIES, type Capability, type NegotiationKind } from './messages.ts';
import { isShallow, MAX_DEPTH, readNegotiationBody } from './negotiation.ts';

export type { BadRequest } from './bad-request.ts';

/** Whom a frame names as its sender: on a socket that never registers, the only hint; never believed as it is. */
export interface Claim {
  readonly userId: string | undefined;
  readonly accessToken: string | undefined;
  readonly deviceId: string | undefined;
}

export interface RegisterIntent {
  readonly type: 'register';
  readonly claim: Claim;
  readonly caps: ReadonlySet<Capability>;
  readonly resume: { readonly token: string; readonly seq: number } | undefined;
}

export interface InitiateIntent {
  readonly type: 'initiate';
  readonly claim: Claim;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly invitees: readonly UserId[] | undefined;
  readonly idempotencyKey: string | undefined;
}

/** `ringing`: this device has begun to ring; `silence`: its user turned the sound off. */
export interface CallIntent {
  readonly type: 'join' | 'answer' | 'reject' | 'end' | 'leave' | 'ringing' | 'silence';
  readonly claim: Claim;
  readonly callId: CallId;
}

export interface ToggleIntent {
  readonly type: 'toggle';
  readonly claim: Claim;
  readonly callId: CallId;
  readonly medium: 'audio' | 'video';
  readonly isEnabled: boolean;
}

export interface NegotiateIntent {
  readonly type: 'negotiate';
  readonly claim: Claim;
  readonly callId: CallId;
  readonly kind: NegotiationKind;
  readonly target: UserId | 'all';
  /** The description or candidate itself; null ends the candidates. */
  readonly body: unknown;
  /** Members that are not known, to be passed on as they are. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * A call to somebody whom an application, not a Matrix room, has brought together with the caller. No request of the
 * protocol: asked by web pages only, in words of their own.
 */
export interface DialIntent {
  readonly type: 'dial';
  readonly claim: Claim;
  readonly calleeId: UserId;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly callerName: string;
}

/** One more for a call that goes on; asked by web pages only. */
export interface InviteIntent {
  readonly type: 'invite';
  readonly claim: Claim;
  readonly callId: CallId;
  readonly inviteeId: UserId;
}

export type Intent =
  | { readonly type: 'ping' }
  | RegisterIntent
  | InitiateIntent
  | DialIntent
  | InviteIntent
  | CallIntent
  | ToggleIntent
  | NegotiateIntent;

/** Names nobody: of sockets whose user is known from their handshake. */
export const NO_CLAIM: Claim = { userId: undefined, accessToken: undefined, deviceId: undefined };

type Members = Readonly<Record<string, unknown>>;
type Reader = (members: Members) => Intent | BadRequest;

const NO_MEMBERS: Members = {};
const MAX_KEY_CHARACTERS = 255;
const MAX_ECHOED_CHARACTERS = 64;

/**
 * What is not passed on beside a description or candidate: what the server says itself, what names the sender in any
 * dialect (nobody may say who they are but their socket), what is secret, and what would change an object's nature in a careless reader.
 */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'type',
  'eventType',
  'id',
  'seq',
  'from',
  'fromUserId',
  'from_user_id',
  'from_username',
  'from_profile_id',
  'from_profile_type',
  'from_name',
  'from_avatar',
  'sender',
  'userId',
  'user_id',
  'accessToken',
  'access_token',
  'deviceId',
  'device_id',
  'callId',
  'call_id',
  'targetUserId',
  'target_user_id',
  'offer',
  'answer',
  'candidate',
]);

const capabilitySets = new Map<string, ReadonlySet<Capability>>();

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['ping', () => ({ type: 'ping' })],
  ['register-user', readRegister],
  ['initiate', readInitiate],
  ['join-call', callReader('join')],
  ['answer', callReader('answer')],
  ['reject', callReader('reject')],
  ['end', callReader('end')],
  ['call-ended', callReader('end')],
  ['leave-call', callReader('leave')],
  ['call-ringing', callReader('ringing')],
  ['silence-call', callReader('silence')],
  ['toggle-audio', toggleReader('audio')],
  ['toggle-video', toggleReader('video')],
  ['webrtc-offer', negotiationReader('offer')],
  ['webrtc-answer', negotiationReader('answer')],
  ['ice-candidate', negotiationReader('candidate')],
]);

/** The names of the requests, as the native protocol spells them. */
export const REQUEST_NAMES: readonly string[] = [...READERS.keys()];

/**
 * Reads one request. Whatever comes is either an intent or a described problem; it never throws.
 * @param name one of `REQUEST_NAMES`; aliases are the dialects'
 * @param payload the members of the request, whatever a peer made of them
 */
export function readRequest(name: string, payload: unknown): Intent | BadRequest {
  const reader = READERS.get(name);
  return reader === undefined ? { problem: unknownName(name) } : reader(membersOf(payload));
}

function unknownName(name: string): string {
  return `${JSON.stringify(name.slice(0, MAX_ECHOED_CHARACTERS))} is none of ${REQUEST_NAMES.join(', ')}`;
}

function membersOf(payload: unknown): Members {
  // Not copied: a frame is read once, and each candidate of each call comes by here.
  return isMembers(payload) ? payload : NO_MEMBERS;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function claimOf({ userId, accessToken, deviceId }: Members): Claim {
  return { userId: textOf(userId), accessToken: textOf(accessToken), deviceId: textOf(deviceId) };
}

function readRegister(members: Members): RegisterIntent | BadRequest {
  const { caps = [], resume } = members;
  if (caps !== null && !Array.isArray(caps)) return { problem: 'caps must be a list of texts' };
  const asked: readonly unknown[] = caps ?? [];
  const base = { type: 'register', claim: claimOf(members), caps: capsOf(asked) } as const;
  if (resume === undefined || resume === null) return { ...base, resume: undefined };
  const { token, seq } = membersOf(resume);
  const tokenText = textOf(token);
  if (tokenText === undefined || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0)
    return { problem: 'resume must be {token, seq} with a text and a number from 0' };
  return { ...base, resume: { token: tokenText, seq } };
}

/** The same set for the same capabilities: each socket keeps one. There are sixteen. */
function capsOf(asked: readonly unknown[]): ReadonlySet<Capability> {
  const known = CAPABILITIES.filter((capability) => asked.includes(capability));
  const name = known.join();
  const caps = capabilitySets.get(name) ?? new Set(known);
  capabilitySets.set(name, caps);
  return caps;
}

function readInitiate(members: Members): InitiateIntent | BadRequest {
  const { roomId, callType, invitees, idempotencyKey } = members;
  if (textOf(roomId) === undefined || textOf(callType) === undefined)
    return { problem: 'roomId and callType required' };
  if (callType !== 'voice' && callType !== 'video') return { problem: 'callType must be voice or video' };
  const room = parseRoomId(roomId);
  if (room === undefined) return { problem: 'roomId must be a Matrix room id' };
  const invited = readInvitees(invitees);
  if ('problem' in invited) return invited;
  const hasKey = idempotencyKey !== undefined && idempotencyKey !== null;
  const key = textOf(idempotencyKey);
  if (hasKey && (key === undefined || key.length > MAX_KEY_CHARACTERS))
    return { problem: `idempotencyKey must be a text of 1 to ${MAX_KEY_CHARACTERS} characters` };
  const claim = claimOf(members);
  return { type: 'initiate', claim, roomId: room, callType, invitees: invited.users, idempotencyKey: key };
}

function readInvitees(value: unknown): { readonly users: readonly UserId[] | undefined } | BadRequest {
  if (value === undefined || value === null) return { users: undefined };
  if (!Array.isArray(value) || value.length > MAX_INVITEES)
    return { problem: `invitees must be a list of at most ${MAX_INVITEES} user ids` };
  const users = value.map(parseUserId).filter((id) => id !== undefined);
  return users.length === value.length ? { users } : { problem: 'invitees must be Matrix user ids' };
}

function callReader(type: CallIntent['type']): Reader {
  return (members) => {
    const call = readCall(members, 'callId required');
    return 'problem' in call ? call : { type, ...call };
  };
}

function toggleReader(medium: ToggleIntent['medium']): Reader {
  return (members) => {
    const missing = 'callId and enabled (boolean) required';
    const call = readCall(members, missing);
    if ('problem' in call) return call;
    const { enabled } = members;
    return typeof enabled === 'boolean'
      ? { type: 'toggle', ...call, medium, isEnabled: enabled }
      : { problem: missing };
  };
}

function negotiationReader(kind: NegotiationKind): Reader {
  return (members) => {
    const missing = `callId and ${kind} required`;
    const call = readCall(members, missing);
    if ('problem' in call) return call;
    if (members[kind] === undefined) return { problem: missing };
    const read = readNegotiationBody(kind, members[kind]);
    if ('problem' in read) return read;
    const target = readTarget(members['targetUserId']);
    if (target === undefined) return { problem: 'targetUserId must be the id of a participant or all' };
    const extra = extraOf(members);
    if (!isShallow(extra)) return { problem: `nothing may be nested deeper than ${MAX_DEPTH}` };
    const { claim, callId } = call;
    return { type: 'negotiate', claim, callId, kind, target, body: read.body, extra };
  };
}

function extraOf(members: Members): Members {
  let extra: Record<string, unknown> | undefined;
  for (const name of Object.keys(members)) {
    if (!NOT_PASSED_ON.has(name)) (extra ??= {})[name] = members[name];
  }
  return extra ?? NO_MEMBERS;
}

function readCall(members: Members, missing: string): Pick<CallIntent, 'claim' | 'callId'> | BadRequest {
  if (textOf(members['callId']) === undefined) return { problem: missing };
  const callId = parseCallId(members['callId']);
  if (callId === undefined) return { problem: 'callId must be 32 lower-case hex digits' };
  return { claim: claimOf(members), callId };
}

function readTarget(value: unknown): UserId | 'all' | undefined {
  return value === undefined || value === null || value === '' || value === 'all'
    ? 'all'
    : parseParticipantId(value);
}
