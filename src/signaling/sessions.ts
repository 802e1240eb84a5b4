// Which sessions there are, and whose: by user, by device, by id, by resume token. Owns how many one user may have.
// It sends nothing and ends nothing.

import type { DeviceId, UserId } from '../matrix/ids.ts';
import type { Session } from './session.ts';

export class Sessions {
  readonly #all = new Set<Session>();
  readonly #byUser = new Map<UserId, Set<Session>>();
  readonly #byId = new Map<string, Session>();
  readonly #byToken = new Map<string, Session>();

  get all(): Iterable<Session> {
    return this.#all;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Puts the session under its occupant. */
  add(session: Session): void {
    const { occupant } = session;
    if (occupant === undefined) return;
    this.#all.add(session);
    const ofUser = this.#byUser.get(occupant.userId) ?? new Set();
    this.#byUser.set(occupant.userId, ofUser.add(session));
    this.#byId.set(session.id, session);
    this.#byToken.set(session.resumeToken, session);
  }

  /** Has to be called while it still has the occupant under whom it was put. */
  remove(session: Session): void {
    this.#all.delete(session);
    this.#byId.delete(session.id);
    this.#byToken.delete(session.resumeToken);
    const { occupant } = session;
    if (occupant === undefined) return;
    const ofUser = this.#byUser.get(occupant.userId);
    ofUser?.delete(session);
    if (ofUser?.size === 0) this.#byUser.delete(occupant.userId);
  }

  has(session: Session): boolean {
    return this.#all.has(session);
  }

  /** Oldest first. */
  ofUser(userId: UserId): readonly Session[] {
    return [...(this.#byUser.get(userId) ?? [])];
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
