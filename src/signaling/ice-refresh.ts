// New TURN credentials for the calls that go on, before the ones that clients have expire: pushed to the sessions that
// asked for it. It makes no credentials (ice/).

import type { CancelTimer, Clock } from '../clock.ts';
import type { IceGrant, IceServers } from '../ice/ice.ts';
import type { Session } from './session.ts';

export interface IceRefreshParts {
  readonly ice: IceServers;
  readonly clock: Clock;
}

/** Servers without credentials of their own say that they hold for a moment only; nobody needs them that often. */
const MIN_INTERVAL_MS = 30_000;

/** Told apart by reference: one that was stopped while it asked must not go on beside the next. */
interface Refreshing {
  cancel: CancelTimer | undefined;
}

export class IceRefresh {
  readonly #parts: IceRefreshParts;
  /** One for each session with the capability that is in a call. */
  readonly #refreshing = new Map<Session, Refreshing>();

  constructor(parts: IceRefreshParts) {
    this.#parts = parts;
  }

  /** The session is in a call, or has said that it wants to hear of new credentials. Again is harmless. */
  start(session: Session): void {
    if (this.#refreshing.has(session) || !isInterested(session)) return;
    const refreshing: Refreshing = { cancel: undefined };
    this.#refreshing.set(session, refreshing);
    void this.#schedule(session, refreshing);
  }

  stop(session: Session): void {
    this.#refreshing.get(session)?.cancel?.();
    this.#refreshing.delete(session);
  }

  async #schedule(session: Session, refreshing: Refreshing): Promise<void> {
    const { clock } = this.#parts;
    const grant = await this.#grantFor(session, refreshing);
    if (grant === undefined) return;
    const delayMs = Math.max(grant.refreshAtMs - clock.nowMs(), MIN_INTERVAL_MS);
    refreshing.cancel = clock.after(delayMs, () => void this.#refresh(session, refreshing));
  }

  async #refresh(session: Session, refreshing: Refreshing): Promise<void> {
    const grant = await this.#grantFor(session, refreshing);
    if (grant === undefined) return;
    const { ttlSeconds, iceServers } = grant;
    session.tell({ type: 'ice-servers-updated', ttl: ttlSeconds, iceServers });
    await this.#schedule(session, refreshing);
  }

  /** Undefined, and the refresh over, if nobody is there for it any more. */
  async #grantFor(session: Session, refreshing: Refreshing): Promise<IceGrant | undefined> {
    const { occupant, channel } = session;
    if (occupant === undefined || channel === undefined || !isInterested(session)) {
      this.stop(session);
      return undefined;
    }
    const { userId, token } = occupant;
    const { clientAddress } = channel.arrival;
    const grant = await this.#parts.ice.forUser({ userId, token, clientAddress });
    return this.#refreshing.get(session) === refreshing ? grant : undefined;
  }
}

function isInterested(session: Session): boolean {
  if (session.channel === undefined) return false;
  const [joined] = session.joinedIds;
  return joined !== undefined && session.caps.has('ice-servers-updated');
}
