// One room while it has sockets: who is in it, who broadcasts, and the frames that go to all, to the others or to one.
// It knows neither calls nor who may enter.

import type { Clock } from '../../clock.ts';
import { isoTime } from '../../clock.ts';
import type { UserId } from '../../matrix/ids.ts';
import {
  activeBroadcastsFrame,
  joinedFrame,
  leftFrame,
  roomStateFrame,
  stoppedFrame,
  type SdpForm,
  type ShownUser,
} from '../dialects/room.ts';

/** A page's socket, as the room needs it. */
export interface RoomSocket {
  /** Ignored once it is closing. */
  deliver(frame: string): void;
}

/** A user with at least one socket in the room. */
export interface PresentUser extends ShownUser {
  readonly avatar: string | undefined;
  /** Who it is in calls. */
  readonly address: UserId;
}

interface Presence {
  user: PresentUser;
  /** Oldest first. */
  readonly sockets: Set<RoomSocket>;
  readonly broadcasting: Set<RoomSocket>;
}

export class Room {
  readonly id: string;
  /** How a page of this room wrote SDP last. */
  sdpForm: SdpForm = 'text';
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #present = new Map<string, Presence>();
  #socketCount = 0;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.#clock = clock;
  }

  get socketCount(): number {
    return this.#socketCount;
  }

  get sockets(): readonly RoomSocket[] {
    return [...this.#present.values()].flatMap(({ sockets }) => [...sockets]);
  }

  get users(): readonly PresentUser[] {
    return [...this.#present.values()].map(({ user }) => user);
  }

  /** Tells everybody, the newcomer too, if it is the first socket of its user; and the newcomer who is there. */
  join(user: PresentUser, socket: RoomSocket): void {
    const before = this.#present.get(user.userId);
    const presence = before ?? { user, sockets: new Set(), broadcasting: new Set() };
    presence.user = user;
    this.#present.set(user.userId, presence);
    presence.sockets.add(socket);
    this.#socketCount += 1;
    if (before === undefined) this.toAll(joinedFrame(user, this.#now()));
    socket.deliver(roomStateFrame(this.users));
    socket.deliver(activeBroadcastsFrame(this.#broadcasters()));
  }

  /** A broadcast goes with its socket, and its user with the last one. Twice is harmless. */
  leave(userId: string, socket: RoomSocket): void {
    const presence = this.#present.get(userId);
    if (presence?.sockets.delete(socket) !== true) return;
    this.#socketCount -= 1;
    const { user, sockets, broadcasting } = presence;
    if (sockets.size === 0) this.#present.delete(userId);
    if (broadcasting.delete(socket) && broadcasting.size === 0) this.toOthers(userId, stoppedFrame(user));
    if (sockets.size === 0) this.toAll(leftFrame(user, this.#now()));
  }

  /** Under which name and picture the user is shown from now on; whoever is not there is passed over. */
  rename(userId: string, shown: Pick<PresentUser, 'name' | 'avatar'>): void {
    const presence = this.#present.get(userId);
    if (presence !== undefined) presence.user = { ...presence.user, ...shown };
  }

  user(userId: string): PresentUser | undefined {
    return this.#present.get(userId)?.user;
  }

  userAt(address: UserId): PresentUser | undefined {
    for (const { user } of this.#present.values()) if (user.address === address) return user;
    return undefined;
  }

  socketsOf(userId: string): Iterable<RoomSocket> {
    return this.#present.get(userId)?.sockets ?? [];
  }

  setBroadcasting(userId: string, socket: RoomSocket, isBroadcasting: boolean): void {
    const presence = this.#present.get(userId);
    if (isBroadcasting) presence?.broadcasting.add(socket);
    else presence?.broadcasting.delete(socket);
  }

  toAll(frame: string): void {
    for (const { sockets } of this.#present.values()) for (const socket of sockets) socket.deliver(frame);
  }

  /** To everybody but this user: the user's other sockets would take it for somebody else's. */
  toOthers(userId: string, frame: string): void {
    for (const [otherId, { sockets }] of this.#present)
      if (otherId !== userId) for (const socket of sockets) socket.deliver(frame);
  }

  /** @returns whether the user has a socket here, besides the one that sends */
  toUser(userId: string, frame: string, from: RoomSocket): boolean {
    let isThere = false;
    for (const socket of this.socketsOf(userId)) {
      if (socket === from) continue;
      isThere = true;
      socket.deliver(frame);
    }
    return isThere;
  }

  #broadcasters(): readonly ShownUser[] {
    return [...this.#present.values()]
      .filter(({ broadcasting }) => broadcasting.size > 0)
      .map(({ user }) => user);
  }

  #now(): string {
    return isoTime(this.#clock.nowMs());
  }
}
