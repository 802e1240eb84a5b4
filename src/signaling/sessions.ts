// Which sessions there are, and whose: by user, by device, by id, by resume token. Owns how many one user may have.
// It sends nothing and ends nothing.

import type { DeviceId, UserId } from '../matrix/ids.ts';
import type { Session } from './session.ts';

const NONE: readonly Session[] = [];

export class Sessions {
  /** Replaced, never changed: most users have one session, and a list is the smallest that holds one. */
  readonly #byUser = new Map<UserId, readonly Session[]>();
  readonly #byId = new Map<string, Session>();
  readonly #byToken = new Map<string, Session>();

  get all(): Iterable<Session> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Puts the session under its occupant. */
  add(session: Session): void {
    const { occupant } = session;
    if (occupant === undefined) return;
    const ofUser = this.ofUser(occupant.userId);
    if (!ofUser.includes(session)) this.#byUser.set(occupant.userId, [...ofUser, session]);
    this.#byId.set(session.id, session);
    this.#byToken.set(session.resumeToken, session);
  }

  /** Has to be called while it still has the occupant under whom it was put. */
  remove(session: Session): void {
    this.#byId.delete(session.id);
    this.#byToken.delete(session.resumeToken);
    const { occupant } = session;
    if (occupant === undefined) return;
    const others = this.ofUser(occupant.userId).filter((other) => other !== session);
    if (others.length === 0) this.#byUser.delete(occupant.userId);
    else this.#byUser.set(occupant.userId, others);
  }

  has(session: Session): boolean {
    return this.#byId.get(session.id) === session;
  }

  /** Oldest first. */
  ofUser(userId: UserId): readonly Session[] {
    return this.#byUser.get(userId) ?? NONE;
  }

  ofDevice(userId: UserId, deviceId: DeviceId): readonly Session[] {
    return this.ofUser(userId).filter(({ occupant }) => occupant?.deviceId === deviceId);
  }

  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  byResumeToken(token: string): Session | undefined {
    return this.#byToken.get(token);
  }
}
