// Who may enter a room, and as whom: one judge for each setting of `signaling.room.rooms`. It opens no socket and tells
// nobody.

import { createHash } from 'node:crypto';

import type { Application, Handshake, RoomSubject } from '../../application/application.ts';
import type { Clock } from '../../clock.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Door, Refusal } from '../../http/auth.ts';
import { printableName } from '../../matrix/display-name.ts';
import {
  conversationRoom,
  parseDeviceId,
  parseRoomId,
  parseUserId,
  roomUserAddress,
  type DeviceId,
  type RoomId,
  type UserId,
} from '../../matrix/ids.ts';
import type { JoinedMembers } from '../../matrix/matrix.ts';
import type { AskJoinedMembers } from '../../matrix/vouch.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { RoomStore } from '../../store/rooms.ts';
import { establish } from '../occupants.ts';
import type { Occupant } from '../session.ts';
import type { Arrival } from '../transport.ts';
import type { Entrant, Outside } from './entrant.ts';

export interface Knock {
  /** As the path names them, decoded. */
  readonly roomId: string;
  readonly userId: string;
  readonly handshake: Handshake;
  readonly arrival: Arrival;
}

/** Never leaves a page without a verdict; what rejects is a defect of ours. */
export type RoomAccess = (knock: Knock) => Promise<Entrant | Refusal>;

/** Of rooms and users that are not the homeserver's; those have limits of their own. */
const MAX_ID_CHARACTERS = 128;

/** `matrix`: room and user are the homeserver's, and the user is joined. */
export function matrixAccess(door: Door): RoomAccess {
  return async ({ roomId: room, userId: user, arrival }) => {
    const roomId = parseRoomId(room);
    const userId = parseUserId(user);
    if (roomId === undefined) return { refused: 'ROOM_NOT_FOUND' };
    if (userId === undefined) return { refused: 'ROOM_USER_NOT_FOUND' };
    const identity = await establish(door, arrival, { userId, accessToken: undefined, deviceId: undefined });
    if ('refused' in identity) return identity;
    const entrant = {
      roomId,
      userId,
      occupant: { ...identity, deviceId: roomDevice(roomId), isNamed: true, token: undefined },
      name: undefined,
      avatar: undefined,
    };
    const { joinedMembers } = identity;
    // Where nobody proves who they are (`claimed`), there is nobody in whose name the homeserver could be asked.
    if (joinedMembers === undefined)
      return { ...entrant, displayName: undefined, outside: undefined, matrixRoom: undefined };
    const found = memberIn(await joinedMembers(roomId), userId);
    if ('refused' in found)
      return found.refused === 'CALL_NOT_IN_ROOM' ? { refused: 'ROOM_NOT_FOUND' } : found;
    const outside = membersOutside(roomId, joinedMembers);
    return { ...entrant, displayName: found.name, outside, matrixRoom: { roomId, joinedMembers } };
  };
}

/** `forward`, `jwt` and `open`: the application says so. */
export function applicationAccess(
  application: Application<RoomSubject>,
  trust: 'verified' | 'claimed',
  clock: Clock,
): RoomAccess {
  return async ({ roomId, userId, handshake }) => {
    const address = addressOf(roomId, userId);
    if ('refused' in address) return address;
    const judged = await application.judge(handshake, { kind: 'room', roomId, userId });
    if (judged.kind === 'unavailable') return { refused: 'APPLICATION_UNAVAILABLE' };
    if (judged.kind === 'refused')
      return { refused: judged.why === 'not-found' ? 'ROOM_NOT_FOUND' : 'PAGE_REFUSED' };
    const { name, avatar, userId: matrixUserId, expiresAtMs } = judged.user;
    const occupant = pageOccupant(matrixUserId ?? address.address, roomId, trust);
    return {
      roomId,
      userId,
      occupant:
        expiresAtMs === undefined ? occupant : { ...occupant, recheck: validUntil(expiresAtMs, clock) },
      name,
      avatar,
      displayName: undefined,
      outside: matrixUserId === undefined ? undefined : anybodyOutside(roomId),
      matrixRoom: undefined,
    };
  };
}

/** `registry`: both are listed. To connect is to join, as on the original server. */
export function registryAccess(store: Pick<RoomStore, 'joinRoom'>, clock: Clock): RoomAccess {
  return async ({ roomId, userId }) => {
    const address = addressOf(roomId, userId);
    if ('refused' in address) return address;
    const joined = await joinedOrNot(store, { roomId, userId, atMs: clock.nowMs() });
    if (joined.kind !== 'joined') return { refused: NOT_JOINED[joined.kind] };
    return {
      roomId,
      userId,
      occupant: pageOccupant(address.address, roomId, 'claimed'),
      name: printableName(joined.user.username),
      avatar: undefined,
      displayName: undefined,
      outside: undefined,
      matrixRoom: undefined,
    };
  };
}

type NotJoined = 'unknown-room' | 'unknown-user' | 'full' | 'unavailable';

const NOT_JOINED: Readonly<Record<NotJoined, ErrorCode>> = {
  'unknown-room': 'ROOM_NOT_FOUND',
  'unknown-user': 'ROOM_USER_NOT_FOUND',
  full: 'REGISTRY_FULL',
  unavailable: 'STORE_UNAVAILABLE',
};

async function joinedOrNot(
  store: Pick<RoomStore, 'joinRoom'>,
  joining: Parameters<RoomStore['joinRoom']>[0],
): Promise<Awaited<ReturnType<RoomStore['joinRoom']>> | { readonly kind: 'unavailable' }> {
  try {
    return await store.joinRoom(joining);
  } catch (error) {
    if (error instanceof StoreUnavailable) return { kind: 'unavailable' };
    throw error;
  }
}

function addressOf(roomId: string, userId: string): { readonly address: UserId } | Refusal {
  if (roomId.length > MAX_ID_CHARACTERS) return { refused: 'ROOM_NOT_FOUND' };
  const address = userId.length > MAX_ID_CHARACTERS ? undefined : roomUserAddress(roomId, userId);
  return address === undefined ? { refused: 'ROOM_USER_NOT_FOUND' } : { address };
}

function pageOccupant(userId: UserId, roomId: string, trust: Occupant['trust']): Occupant {
  return { userId, trust, deviceId: roomDevice(roomId), isNamed: true, token: undefined };
}

/** All pages that one user has open in a room are one device: it is the same after a reload. */
function roomDevice(roomId: string): DeviceId {
  const digest = createHash('sha256').update(roomId).digest('hex').slice(0, 12);
  const deviceId = parseDeviceId(`room-${digest}`);
  if (deviceId === undefined) throw new TypeError('the name of a room is no device id');
  return deviceId;
}

function validUntil(expiresAtMs: number, clock: Clock): NonNullable<Occupant['recheck']> {
  return () => Promise.resolve(clock.nowMs() < expiresAtMs ? 'valid' : 'revoked');
}

function membersOutside(roomId: RoomId, joinedMembers: AskJoinedMembers): Outside {
  return { roomId, find: async (userId) => memberIn(await joinedMembers(roomId), userId) };
}

/** The application has said which Matrix user the page is: it may call whom that user may. */
function anybodyOutside(room: string): Outside | undefined {
  const roomId = conversationRoom(room);
  return roomId && { roomId, find: () => Promise.resolve({ name: undefined }) };
}

function memberIn(
  answer: JoinedMembers,
  userId: UserId,
): { readonly name: string | undefined } | { readonly refused: ErrorCode } {
  switch (answer.kind) {
    case 'members': {
      const member = answer.members.find((one) => one.userId === userId);
      if (member === undefined) return { refused: 'ROOM_USER_NOT_FOUND' };
      return { name: printableName(member.displayName ?? '') };
    }
    case 'not-in-room':
      return { refused: 'CALL_NOT_IN_ROOM' };
    case 'unknown-token':
      return { refused: 'IDENTITY_UNKNOWN_TOKEN' };
    case 'unavailable':
      return { refused: 'IDENTITY_UNAVAILABLE' };
    default:
      return answer satisfies never;
  }
}
