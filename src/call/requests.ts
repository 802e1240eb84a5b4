// What clients of the call API send, read into types; and the texts of the original server for what is missing, which
// its clients show. Pure: `unknown` in, a value or a described fault out. Who may do it is not asked here.

import {
  parseCallId,
  parseParticipantId,
  parseRoomId,
  parseUserId,
  type CallId,
  type RoomId,
  type UserId,
} from '../matrix/ids.ts';
import type { NegotiationKind } from '../protocol/messages.ts';
import { isShallow, MAX_DEPTH, readNegotiationBody } from '../protocol/negotiation.ts';
import { MAX_INVITEES } from './model/create.ts';
import type { CallType, SessionStatus } from './model/call.ts';
import { CANDIDATE_TYPES, PROTOCOLS, STATS_NUMBERS, STATS_RANGES, type StatsReport } from './stats.ts';

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/** What a body shows of its sender; a token may stand in `Authorization` as well. */
export interface ShownInBody {
  readonly accessToken: string | undefined;
  readonly userId: string | undefined;
}

export interface InitiateBody {
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly invitees: readonly UserId[] | undefined;
}

const MAX_KEY_CHARACTERS = 255;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const CURSOR = /^([0-9]{1,15})(?:\.([0-9a-f]{32}))?$/;
const STATUSES: readonly SessionStatus[] = ['ringing', 'active', 'ended', 'rejected', 'missed'];

type Members = Readonly<Record<string, unknown>>;

function membersOf(body: unknown): Members {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function readShown(body: unknown): ShownInBody {
  const { accessToken, userId } = membersOf(body);
  return { accessToken: textOf(accessToken), userId: textOf(userId) };
}

/** The user id of a query. A token there would end up in the logs of proxies: it is not looked at. */
export function readClaim(query: unknown): { readonly userId: string | undefined } {
  return { userId: textOf(membersOf(query)['userId']) };
}

/** @param hasToken whether the request shows a token anywhere */
export function readInitiate(body: unknown, hasToken: boolean): Parsed<InitiateBody> {
  const { roomId, callType, userId, invitees } = membersOf(body);
  if (
    textOf(roomId) === undefined ||
    textOf(callType) === undefined ||
    textOf(userId) === undefined ||
    !hasToken
  ) {
    return { fault: 'roomId, callType, accessToken, and userId required' };
  }
  if (callType !== 'voice' && callType !== 'video') return { fault: 'callType must be voice or video' };
  const room = parseRoomId(roomId);
  if (room === undefined) return { fault: 'roomId must be a Matrix room id' };
  if (invitees === undefined) return { value: { roomId: room, callType, invitees: undefined } };
  if (!Array.isArray(invitees) || invitees.length > MAX_INVITEES) {
    return { fault: `invitees must be a list of at most ${MAX_INVITEES} user ids` };
  }
  const parsed = invitees.map(parseUserId).filter((id) => id !== undefined);
  if (parsed.length !== invitees.length) return { fault: 'invitees must be Matrix user ids' };
  return { value: { roomId: room, callType, invitees: parsed } };
}

export function readEnabled(body: unknown): Parsed<boolean> {
  const { userId, enabled } = membersOf(body);
  return textOf(userId) === undefined || typeof enabled !== 'boolean'
    ? { fault: 'userId and enabled (boolean) required' }
    : { value: enabled };
}

/** What one participant has for another, or for all the others, as a socket would send it. */
export interface Relayed {
  readonly kind: NegotiationKind;
  readonly target: UserId | 'all';
  readonly body: unknown;
  readonly extra: Members;
}

/** Members that say who asks are never passed on: the others must not get a token. */
export function readRelayed(kind: NegotiationKind, request: unknown): Parsed<Relayed> {
  const {
    userId,
    accessToken: _accessToken,
    access_token: _otherToken,
    deviceId: _deviceId,
    targetUserId,
    [kind]: described,
    ...extra
  } = membersOf(request);
  // The original server refused every empty value; null alone has a meaning, as the end of the candidates.
  const isMissing = kind === 'candidate' ? described === undefined : !described;
  if (textOf(userId) === undefined || isMissing) return { fault: `userId and ${kind} required` };
  const judged = readNegotiationBody(kind, described);
  if ('problem' in judged) return { fault: judged.problem };
  const target =
    targetUserId === undefined || targetUserId === 'all' ? 'all' : parseParticipantId(targetUserId);
  if (target === undefined) return { fault: "targetUserId must be the id of a participant, or 'all'" };
  if (!isShallow(extra)) return { fault: `members must not be nested deeper than ${MAX_DEPTH}` };
  return { value: { kind, target, body: judged.body, extra } };
}

export function readIdempotencyKey(header: string | string[] | undefined): Parsed<string | undefined> {
  if (header === undefined) return { value: undefined };
  if (typeof header !== 'string' || header.length > MAX_KEY_CHARACTERS) {
    return { fault: `Idempotency-Key must be one text of at most ${MAX_KEY_CHARACTERS} characters` };
  }
  return { value: header };
}

export interface HistoryPage {
  readonly limit: number;
  readonly beforeMs?: number;
  readonly beforeCallId?: CallId;
  readonly state?: SessionStatus;
}

/** `before` is the `next` of the page before: a time in milliseconds, a dot, and a call id. */
export function readHistoryQuery(query: unknown): Parsed<HistoryPage> {
  const { limit, before, state } = membersOf(query);
  const count = limit === undefined ? DEFAULT_PAGE : Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MAX_PAGE) {
    return { fault: `limit must be a number from 1 to ${MAX_PAGE}` };
  }
  const status = STATUSES.find((known) => known === state);
  if (state !== undefined && status === undefined)
    return { fault: `state must be one of ${STATUSES.join(', ')}` };
  const cursor = before === undefined ? undefined : CURSOR.exec(typeof before === 'string' ? before : '');
  if (cursor === null) return { fault: 'before must be the `next` of the page before' };
  const beforeCallId = parseCallId(cursor?.[2]);
  return {
    value: {
      limit: count,
      ...(cursor === undefined ? {} : { beforeMs: Number(cursor[1]) }),
      ...(beforeCallId === undefined ? {} : { beforeCallId }),
      ...(status === undefined ? {} : { state: status }),
    },
  };
}

/** Members that are not known are passed over: clients may send more of `getStats` than is kept. */
export function readStats(body: unknown): Parsed<StatsReport> {
  const members = membersOf(body);
  const numbers: Partial<Record<keyof typeof STATS_RANGES, number>> = {};
  for (const name of STATS_NUMBERS) {
    const value = members[name];
    const { min, max } = STATS_RANGES[name];
    if (value === undefined) continue;
    // Written so that what is no number fails too: JSON can hold 1e999, which is read as Infinity.
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      return { fault: `${name} must be a number from ${min} to ${max}` };
    }
    numbers[name] = value;
  }
  const { candidateType, protocol } = members;
  const type = CANDIDATE_TYPES.find((known) => known === candidateType);
  if (candidateType !== undefined && type === undefined) {
    return { fault: `candidateType must be one of ${CANDIDATE_TYPES.join(', ')}` };
  }
  const transport = PROTOCOLS.find((known) => known === protocol);
  if (protocol !== undefined && transport === undefined) {
    return { fault: `protocol must be one of ${PROTOCOLS.join(', ')}` };
  }
  if (Object.keys(numbers).length === 0 && type === undefined && transport === undefined) {
    return { fault: `one of ${STATS_NUMBERS.join(', ')}, candidateType, protocol required` };
  }
  return {
    value: {
      numbers,
      ...(type === undefined ? {} : { candidateType: type }),
      ...(transport === undefined ? {} : { protocol: transport }),
    },
  };
}
