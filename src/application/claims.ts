// Whether the claims of a token are about whom the path of a socket names, and what they say of that user. Pure. That
// the application signed them, and when they expire, was judged before (jwt.ts).

import type { ProfileConfig } from '../config/sections/profile.ts';
import type { RoomConfig } from '../config/sections/room.ts';
import type { ApplicationUser, ProfileSubject, RoomSubject } from './application.ts';
import { memberOf, readUser, type JsonMap } from './user.ts';

/** `refused` says to the operator which claim it was. */
export type ClaimsVerdict = { readonly user: ApplicationUser } | { readonly refused: string };

/** Written as a JSON number or, for readers without large ones, as text. */
const DIGITS = /^[1-9][0-9]{0,15}$/;

export function judgeProfileClaims(
  claims: JsonMap,
  { profileId, profileType }: ProfileSubject,
  names: ProfileConfig['jwt']['claims'],
): ClaimsVerdict {
  const id = memberOf(claims, names.profileId);
  const isSameId = id === profileId || (isText(id) && DIGITS.test(id) && Number(id) === profileId);
  if (!isSameId) return { refused: `${names.profileId} is not the profile of the path` };
  const type = memberOf(claims, names.profileType);
  if (!isText(type) || type.toLowerCase() !== profileType.toLowerCase())
    return { refused: `${names.profileType} is not the type of the path` };
  return userOf(claims, names);
}

export function judgeRoomClaims(
  claims: JsonMap,
  { roomId, userId }: RoomSubject,
  names: RoomConfig['jwt']['claims'],
): ClaimsVerdict {
  const subject = memberOf(claims, names.subject);
  // Some applications count their users, and sign the number.
  const isSameUser = subject === userId || (Number.isSafeInteger(subject) && String(subject) === userId);
  if (!isSameUser) return { refused: `${names.subject} is not the user of the path` };
  const room = memberOf(claims, names.room);
  const isSameRoom = room === undefined || room === roomId || (Array.isArray(room) && room.includes(roomId));
  if (!isSameRoom) return { refused: `${names.room} does not hold the room of the path` };
  return userOf(claims, names);
}

function userOf(claims: JsonMap, names: Parameters<typeof readUser>[1]): ClaimsVerdict {
  const user = readUser(claims, names);
  return user === undefined ? { refused: `${names.userId} is no Matrix user ID` } : { user };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
