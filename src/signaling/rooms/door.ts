// How the pages of rooms come in: by `/ws/{room}/{user}`, as a WebSocket of their own or, for old pages, as a Socket.IO
// namespace of that name. It asks who may enter (access.ts), and keeps an eye on those who have left the homeserver's
// rooms. What is spoken then is channel.ts.

import type { Handshake } from '../../application/application.ts';
import type { AddressRanges } from '../../http/address.ts';
import type { UpgradeTarget } from '../../http/upgrade.ts';
import type { RoomId } from '../../matrix/ids.ts';
import type { Hub } from '../hub.ts';
import { admitPage, type Verdict } from '../pages/page-door.ts';
import { readPagePath } from '../pages/page-path.ts';
import type { Arrival } from '../transport.ts';
import type { Namespaces } from '../transports/socket-io-namespaces.ts';
import { webSocketArrival } from '../transports/websocket-arrival.ts';
import type { WebSocketTransport } from '../transports/websocket.ts';
import type { RoomAccess } from './access.ts';
import { RoomChannel, type RoomChannelParts } from './channel.ts';
import { closeDeparted } from './departures.ts';
import { RoomNames } from './names.ts';
import type { Rooms } from './rooms.ts';
import { readSaid } from './said.ts';

export interface RoomDoorParts extends Omit<RoomChannelParts, 'names' | 'live'> {
  /** `signaling.room.path` */
  readonly path: string;
  /** Paths that are somebody else's all the same: those of profiles. */
  readonly isTaken: (path: string) => boolean;
  readonly access: RoomAccess;
  readonly rooms: Rooms;
  readonly hub: Pick<Hub, 'admit' | 'calls'>;
  readonly webSockets: WebSocketTransport;
  readonly trustedProxies: AddressRanges;
}

export interface RoomDoor {
  readonly target: UpgradeTarget;
  /** For Socket.IO. */
  readonly namespaces: Namespaces;
  /** Somebody may have left this room of the homeserver. */
  departed(roomId: RoomId): void;
}

export function createRoomDoor(parts: RoomDoorParts): RoomDoor {
  const { rooms, hub } = parts;
  const channelParts: RoomChannelParts = { ...parts, names: new RoomNames(), live: hub.calls };
  /** At most one question about a room at a time, and one that waits for its answer. */
  const reviews = new Map<RoomId, { isAskedAgain: boolean }>();

  return {
    target: {
      claims,
      checksOrigin: true,
      take(upgrade) {
        const arrival = webSocketArrival(upgrade, parts.trustedProxies);
        const query = new URLSearchParams(upgrade.requestHead.query ?? '');
        admitPage(parts, upgrade, () => judge(upgrade.requestHead.path, upgrade, arrival, query));
      },
    },
    namespaces: {
      claims,
      admit: ({ name, handshake, arrival, query }) => judge(name, handshake, arrival, query),
    },
    departed(roomId) {
      const review = reviews.get(roomId);
      if (review !== undefined) review.isAskedAgain = true;
      else if (rooms.get(roomId) !== undefined) void reviewMembers(roomId);
    },
  };

  function claims(path: string): boolean {
    return readPagePath(parts.path, path) !== undefined && !parts.isTaken(path);
  }

  async function judge(
    path: string,
    handshake: Handshake,
    arrival: Arrival,
    query: URLSearchParams,
  ): Promise<Verdict> {
    const named = readPagePath(parts.path, path);
    if (named === undefined) return { refused: 'ROOM_NOT_FOUND' };
    const { first: roomId, second: userId } = named;
    const entrant = await parts.access({ roomId, userId, handshake, arrival });
    if ('refused' in entrant) return entrant;
    if (!rooms.hasPlaceIn(roomId)) return { refused: 'CONNECTIONS_EXCEEDED' };
    const said = readSaid(query);
    return {
      open: (socket) => hub.admit(new RoomChannel(socket, entrant, said, channelParts), entrant.occupant),
    };
  }

  async function reviewMembers(roomId: RoomId): Promise<void> {
    const review = { isAskedAgain: false };
    reviews.set(roomId, review);
    do {
      review.isAskedAgain = false;
      const sockets = rooms.get(roomId)?.sockets ?? [];
      await closeDeparted(sockets.filter((socket) => socket instanceof RoomChannel));
    } while (review.isAskedAgain);
    reviews.delete(roomId);
  }
}
