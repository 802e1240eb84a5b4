// The room registry as pages read it: the original server's member names, times as ISO 8601. Pure.

import { isoTime } from '../clock.ts';
import type { ListedRoom, RoomMessage, RoomUser } from '../store/rooms.ts';

export function userView({ id, username, joinedAtMs }: RoomUser) {
  return { id, username, joined_at: isoTime(joinedAtMs) };
}

export function roomView({ id, name, createdAtMs, memberCount }: ListedRoom) {
  return { id, name, created_at: isoTime(createdAtMs), user_count: memberCount };
}

/** As the room's sockets get it, without `type`. */
export function messageView({ id, roomId, userId, username, avatar, content, atMs }: RoomMessage) {
  return {
    id,
    user_id: userId,
    username,
    content,
    timestamp: isoTime(atMs),
    room_id: roomId,
    ...(avatar === undefined ? {} : { avatar }),
  };
}
