// New TURN credentials for the calls that go on, before the ones that clients have expire: pushed to the sessions that
// asked for it. It makes no credentials (ice/).

import type { CancelTimer, Clock } from '../clock.ts';
import type { IceServers } from '../ice/ice.ts';
import type { Session } from './session.ts';

export interface IceRefreshParts {
  readonly ice: IceServers;
  readonly clock: Clock;
}

/** Servers without credentials of their own say that they hold for a moment only; nobody needs them that often. */
const MIN_INTERVAL_MS = 30_000;

export class IceRefresh {
  readonly #parts: IceRefreshParts;
  /** One for each session with the capability that is in a call. */
  readonly #timers = new Map<Session, CancelTimer>();

  constructor(parts: IceRefreshParts) {
    this.#parts = parts;
  }

  /** The session is in a call, or has said that it wants to hear of new credentials. Again is harmless. */
  start(session: Session): void {
    if (this.#timers.has(session) || !isInterested(session)) return;
    this.#timers.set(session, () => undefined);
    void this.#schedule(session);
  }

  stop(session: Session): void {
    this.#timers.get(session)?.();
    this.#timers.delete(session);
  }

  async #schedule(session: Session): Promise<void> {
    const { ice, clock } = this.#parts;
    const { occupant, channel } = session;
    if (occupant === undefined || channel === undefined) return;
    const { clientAddress } = channel.arrival;
    const { refreshAtMs } = await ice.forUser({ ...occupant, clientAddress });
    if (!this.#timers.has(session)) return;
    const delayMs = Math.max(refreshAtMs - clock.nowMs(), MIN_INTERVAL_MS);
    this.#timers.set(
      session,
      clock.after(delayMs, () => void this.#refresh(session)),
    );
  }

  async #refresh(session: Session): Promise<void> {
    const { occupant, channel } = session;
    if (occupant === undefined || channel === undefined || !isInterested(session)) {
      this.stop(session);
      return;
    }
    const { clientAddress } = channel.arrival;
    const { ttlSeconds, iceServers } = await this.#parts.ice.forUser({ ...occupant, clientAddress });
    if (!this.#timers.has(session)) return;
    session.tell({ type: 'ice-servers-updated', ttl: ttlSeconds, iceServers });
    await this.#schedule(session);
  }
}

function isInterested(session: Session): boolean {
  const [joined] = session.joinedIds;
  return joined !== undefined && session.caps.has('ice-servers-updated');
}
