// Reads calls and events from JSON that this or a neighbouring release stored. Pure; throws Unreadable with the path.
// The model's types are the specification: a member or word that they gain is a type error here until it is read.
// Unknown members are kept, so that a release before does not drop what the one after has stored.

import type {
  ActiveCall,
  Call,
  CallType,
  DeviceLeg,
  EndedCall,
  EndReason,
  InvitedLeg,
  JoinedLeg,
  LeftLeg,
  Leg,
  ReconnectingLeg,
  RefusedLeg,
  RingingCall,
  SettledLeg,
  UserDevice,
} from '../call/model/call.ts';
import type { CallEvent } from '../call/model/events.ts';
import { localpartOf } from '../call/model/words.ts';
import type { CallId, DeviceId, RoomId, UserId } from '../matrix/ids.ts';

/** The message names the member and what is wrong with it, never its value. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

type Reader<T> = (value: unknown, at: string) => T;
type ReadersOf<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

function fail(at: string, problem: string): never {
  throw new Unreadable(`${at} ${problem}`);
}

/** Identifiers were parsed when they came in; their grammar may since have become narrower or wider. */
function identifier(value: unknown, at: string): string {
  return typeof value === 'string' && value !== '' ? value : fail(at, 'is not an identifier');
}
const callId = identifier as Reader<CallId>;
const roomId = identifier as Reader<RoomId>;
const userId = identifier as Reader<UserId>;
const deviceId = identifier as Reader<DeviceId>;

function count(value: unknown, at: string): number {
  return Number.isSafeInteger(value) && Number(value) >= 0
    ? Number(value)
    : fail(at, 'is not a whole number');
}

function flag(value: unknown, at: string): boolean {
  return typeof value === 'boolean' ? value : fail(at, 'is not true or false');
}

function oneOf<W extends string>(words: Readonly<Record<W, true>>): Reader<W> {
  return (value, at) =>
    typeof value === 'string' && Object.hasOwn(words, value) ? (value as W) : fail(at, 'is not a known word');
}

/** JSON drops members that are undefined: reading puts them back, so that what is read equals what was stored. */
function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, at) => (value === undefined ? undefined : read(value, at));
}

function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((entry: unknown, index) => read(entry, `${at}[${index}]`))
      : fail(at, 'is not a list');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf<T>(readers: ReadersOf<T>): Reader<T> {
  return (value, at) => {
    if (!isObject(value)) return fail(at, 'is not an object');
    const read: Record<string, unknown> = { ...value };
    for (const name of Object.keys(readers)) {
      read[name] = readers[name as keyof T](value[name], at === '' ? name : `${at}.${name}`);
    }
    return read as T;
  };
}

/** An object whose member `tag` says which of the readers is its own. */
function tagged<T>(tag: string, readers: Readonly<Record<string, Reader<T>>>): Reader<T> {
  return (value, at) => {
    const word = isObject(value) ? value[tag] : undefined;
    const read = typeof word === 'string' && Object.hasOwn(readers, word) ? readers[word] : undefined;
    return read?.(value, at) ?? fail(at === '' ? tag : `${at}.${tag}`, 'is not a known word');
  };
}

const callType = oneOf<CallType>({ voice: true, video: true });
const endReason = oneOf<EndReason>({
  hangup: true,
  cancelled: true,
  rejected: true,
  busy: true,
  no_answer: true,
  glare: true,
  replaced: true,
  caller_lost: true,
  connection_lost: true,
  room_left: true,
  token_revoked: true,
  orphaned: true,
  server_shutdown: true,
  operator: true,
  ice_failed: true,
  unknown_error: true,
});

const deviceLeg = objectOf<DeviceLeg>({
  deviceId,
  state: oneOf<DeviceLeg['state']>({
    notified: true,
    ringing: true,
    silenced: true,
    answered: true,
    declined: true,
    answered_elsewhere: true,
    declined_elsewhere: true,
    stopped: true,
  }),
  atMs: count,
});

const legBase = {
  userId,
  isInitiator: flag,
  devices: listOf(deviceLeg),
  isAudioEnabled: flag,
  isVideoEnabled: flag,
};
const invitedLeg = objectOf<InvitedLeg>({
  ...legBase,
  state: oneOf<InvitedLeg['state']>({ invited: true, offline: true, ringing: true }),
});
const refusedLeg = objectOf<RefusedLeg>({
  ...legBase,
  state: oneOf<RefusedLeg['state']>({ rejected: true, busy: true, missed: true }),
  atMs: count,
});
const leftLeg = objectOf<LeftLeg>({
  ...legBase,
  state: oneOf({ left: true }),
  joinedAtMs: optional(count),
  leftAtMs: count,
  reason: endReason,
});
const settledLegReaders: Readonly<Record<SettledLeg['state'], Reader<SettledLeg>>> = {
  left: leftLeg,
  rejected: refusedLeg,
  busy: refusedLeg,
  missed: refusedLeg,
};
const legReaders: Readonly<Record<Leg['state'], Reader<Leg>>> = {
  ...settledLegReaders,
  invited: invitedLeg,
  offline: invitedLeg,
  ringing: invitedLeg,
  joined: objectOf<JoinedLeg>({ ...legBase, state: oneOf({ joined: true }), deviceId, joinedAtMs: count }),
  reconnecting: objectOf<ReconnectingLeg>({
    ...legBase,
    state: oneOf({ reconnecting: true }),
    deviceId,
    joinedAtMs: count,
    graceEndsAtMs: count,
  }),
};

const userDevice = { userId, deviceId };
const callBase = {
  callId,
  roomId,
  callType,
  initiator: objectOf<UserDevice>(userDevice),
  callerName: identifier,
  createdAtMs: count,
  ringDeadlineAtMs: count,
  maxEndAtMs: count,
  version: count,
};
const liveCallBase = { ...callBase, legs: listOf(tagged('state', legReaders)) };
const callReaders: Readonly<Record<Call['state'], Reader<Call>>> = {
  ringing: objectOf<RingingCall>({ ...liveCallBase, state: oneOf({ ringing: true }) }),
  active: objectOf<ActiveCall>({ ...liveCallBase, state: oneOf({ active: true }), answeredAtMs: count }),
  ended: objectOf<EndedCall>({
    ...callBase,
    legs: listOf(tagged('state', settledLegReaders)),
    state: oneOf({ ended: true }),
    answeredAtMs: optional(count),
    endedAtMs: count,
    endReason,
    endedBy: userId,
  }),
};

type EventOf<T extends CallEvent['type']> = CallEvent extends infer E
  ? E extends { readonly type: infer U }
    ? T extends U
      ? E
      : never
    : never
  : never;

function eventOf<T extends CallEvent['type']>(
  readers: ReadersOf<Omit<EventOf<T>, 'type'>>,
): Reader<CallEvent> {
  // The tag was read to come here; the compiler has checked the other members against the event's type.
  return objectOf(readers) as Reader<unknown> as Reader<CallEvent>;
}

const stopped = { userId, deviceIds: listOf(deviceId) };
const eventReaders: Readonly<Record<CallEvent['type'], Reader<CallEvent>>> = {
  initiated: eventOf<'initiated'>({ ...userDevice, inviteeIds: listOf(userId) }),
  invited: eventOf<'invited'>({ ...userDevice, inviteeIds: listOf(userId) }),
  'device-notified': eventOf<'device-notified'>(userDevice),
  'device-silenced': eventOf<'device-silenced'>(userDevice),
  'device-ringing': eventOf<'device-ringing'>({ ...userDevice, isFirst: flag }),
  'device-dropped': eventOf<'device-dropped'>({
    ...userDevice,
    reason: oneOf<'too_many' | 'token_revoked'>({ too_many: true, token_revoked: true }),
  }),
  'user-offline': eventOf<'user-offline'>({ userId }),
  answered: eventOf<'answered'>({ ...userDevice, isLateJoin: flag }),
  rejected: eventOf<'rejected'>({ userId, deviceId: optional(deviceId) }),
  'answered-elsewhere': eventOf<'answered-elsewhere'>(stopped),
  'declined-elsewhere': eventOf<'declined-elsewhere'>(stopped),
  missed: eventOf<'missed'>(stopped),
  'user-busy': eventOf<'user-busy'>(stopped),
  toggled: eventOf<'toggled'>({
    userId,
    medium: oneOf<'audio' | 'video'>({ audio: true, video: true }),
    isEnabled: flag,
  }),
  'recording-started': eventOf<'recording-started'>({ userId }),
  'recording-stopped': eventOf<'recording-stopped'>({ userId }),
  reconnecting: eventOf<'reconnecting'>({ ...userDevice, graceEndsAtMs: count }),
  reconnected: eventOf<'reconnected'>(userDevice),
  left: eventOf<'left'>({ ...stopped, reason: endReason }),
  resumed: eventOf<'resumed'>({}),
  ended: eventOf<'ended'>({ endedBy: userId, reason: endReason, memberIds: listOf(userId) }),
};

const readCallValue = tagged('state', callReaders);
const readEventValue = tagged('type', eventReaders);

/** @throws Unreadable */
export function readCallJson(json: string): Call {
  return readCallValue(withCallerName(parseJson(json)), '');
}

/** Calls that were stored before they had it. */
function withCallerName(value: unknown): unknown {
  if (!isObject(value) || value['callerName'] !== undefined) return value;
  const { initiator } = value;
  if (!isObject(initiator) || typeof initiator['userId'] !== 'string') return value;
  return { ...value, callerName: localpartOf(userId(initiator['userId'], 'initiator.userId')) };
}

/** @throws Unreadable */
export function readEventJson(json: string): CallEvent {
  return readEventValue(parseJson(json), '');
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Unreadable('is not JSON', { cause: error });
  }
}
