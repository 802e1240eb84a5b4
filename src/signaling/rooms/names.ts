// What is remembered of the users of rooms when their last socket is gone: what they are called, and by which address
// calls reach them. Pages that come back do not say their names again. In memory, the longest unseen forgotten first.

import type { UserId } from '../../matrix/ids.ts';

export interface KnownUser {
  readonly roomId: string;
  readonly userId: string;
  /** Undefined if it never was called anything but its id. */
  readonly name: string | undefined;
  /** What it last called itself, whether or not it was shown so. */
  readonly saidName: string | undefined;
  readonly avatar: string | undefined;
  /** Who it is in calls: its Matrix user, or its address. */
  readonly address: UserId;
}

const MAX_USERS = 10_000;

export class RoomNames {
  readonly #maxUsers: number;
  /** Longest unseen first. */
  readonly #users = new Map<string, KnownUser>();
  /** By room and address, the user that was seen last under it. */
  readonly #byAddress = new Map<string, KnownUser>();

  constructor(maxUsers = MAX_USERS) {
    this.#maxUsers = maxUsers;
  }

  get(roomId: string, userId: string): KnownUser | undefined {
    return this.#users.get(keyOf(roomId, userId));
  }

  byAddress(roomId: string, address: UserId): KnownUser | undefined {
    return this.#byAddress.get(keyOf(roomId, address));
  }

  remember(user: KnownUser): void {
    this.#forget(this.get(user.roomId, user.userId));
    this.#users.set(keyOf(user.roomId, user.userId), user);
    this.#byAddress.set(keyOf(user.roomId, user.address), user);
    const [oldest] = this.#users.values();
    if (this.#users.size > this.#maxUsers) this.#forget(oldest);
  }

  #forget(user: KnownUser | undefined): void {
    if (user === undefined) return;
    this.#users.delete(keyOf(user.roomId, user.userId));
    const byAddress = keyOf(user.roomId, user.address);
    if (this.#byAddress.get(byAddress) === user) this.#byAddress.delete(byAddress);
  }
}

/** Ids are any text: no sign is left that could stand between them. */
function keyOf(roomId: string, id: string): string {
  return JSON.stringify([roomId, id]);
}
