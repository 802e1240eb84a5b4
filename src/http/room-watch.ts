// What forwarded requests tell of rooms: that somebody may have left one or was removed from it. It reads heads that
// pass by and sees whether Synapse agreed; who is in the room now is asked by whoever is told (signaling/departures.ts).

import { parseRoomId, type RoomId } from '../matrix/ids.ts';
import type { OnAnswered, Passage } from './exchange.ts';

/** https://spec.matrix.org/latest/client-server-api/#leaving-rooms and the state event by which the same can be done. */
const DEPARTURE =
  /^\/_matrix\/client\/[^/]+\/rooms\/([^/]+)\/(?:leave|kick|ban|state\/m\.room\.member\/[^/]+)$/;

/** @returns what is to be called with each request to Synapse */
export function createRoomWatch(
  onDeparture: (roomId: RoomId) => void,
): (passage: Passage) => OnAnswered | undefined {
  return ({ head }) => {
    const roomId = departedRoom(head.method, head.path);
    if (roomId === undefined) return undefined;
    return (status) => {
      if (status >= 200 && status < 300) onDeparture(roomId);
    };
  };
}

/** The room that somebody leaves or is removed from by this request; undefined for every other. */
export function departedRoom(method: string, path: string): RoomId | undefined {
  if (method !== 'POST' && method !== 'PUT') return undefined;
  const encoded = DEPARTURE.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return parseRoomId(decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}
