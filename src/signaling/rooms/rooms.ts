// The rooms that have sockets, and how many of both there may be: nobody is asked before a room is made, so that paths
// made up by a client would otherwise fill the memory.

import type { Clock } from '../../clock.ts';
import { Room, type PresentUser, type RoomSocket } from './room.ts';

export interface RoomsParts {
  readonly clock: Clock;
  /** 10,000 if not said. */
  readonly maxRooms?: number;
  /** Sockets in one room: 2,000 if not said. Each that comes or goes is told to all. */
  readonly maxSockets?: number;
}

const MAX_ROOMS = 10_000;
const MAX_SOCKETS = 2_000;

export class Rooms {
  readonly #clock: Clock;
  readonly #maxRooms: number;
  readonly #maxSockets: number;
  readonly #rooms = new Map<string, Room>();

  constructor({ clock, maxRooms = MAX_ROOMS, maxSockets = MAX_SOCKETS }: RoomsParts) {
    this.#clock = clock;
    this.#maxRooms = maxRooms;
    this.#maxSockets = maxSockets;
  }

  get size(): number {
    return this.#rooms.size;
  }

  get(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  /** To be asked before join(), which does not ask. */
  hasPlaceIn(roomId: string): boolean {
    const room = this.#rooms.get(roomId);
    return room === undefined ? this.#rooms.size < this.#maxRooms : room.socketCount < this.#maxSockets;
  }

  join(roomId: string, user: PresentUser, socket: RoomSocket): Room {
    const room = this.#rooms.get(roomId) ?? new Room(roomId, this.#clock);
    this.#rooms.set(roomId, room);
    room.join(user, socket);
    return room;
  }

  leave(room: Room, userId: string, socket: RoomSocket): void {
    room.leave(userId, socket);
    if (room.socketCount === 0 && this.#rooms.get(room.id) === room) this.#rooms.delete(room.id);
  }
}
