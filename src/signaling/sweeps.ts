// What has to be looked for from time to time, because nobody says it: tokens that were revoked (T24), calls in which
// nobody has a socket any more (T26), and messages that were kept long enough.

import { isPresent } from '../call/model/legs.ts';
import type { CallService } from '../call/service.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { CallId } from '../matrix/ids.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface SweepsParts {
  readonly service: Pick<CallService, 'command'>;
  readonly sessions: Sessions;
  readonly live: LiveCalls;
  readonly clock: Clock;
  readonly onRevoked: (session: Session) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Together with the age of a cached answer, within the 60 s in which a revoked token loses its sockets. */
const EVERY_MS = 10_000;
/** Longer than any grace: whoever is still coming back has had the time. */
const ORPHANED_AFTER_MS = 300_000;
/** Questions to the homeserver at a time. */
const MAX_AT_ONCE = 50;

export class Sweeps {
  readonly #parts: SweepsParts;
  /** Calls that go on without a socket, and since when; at most one entry for each live call. */
  readonly #unattended = new Map<CallId, number>();
  #cancel: CancelTimer | undefined;

  constructor(parts: SweepsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(EVERY_MS, () => {
      void this.#sweep()
        .catch(this.#parts.onFailed)
        .finally(() => {
          if (this.#cancel !== undefined) this.start();
        });
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #sweep(): Promise<void> {
    for (const session of this.#parts.sessions.all) session.prune();
    // A store that fails must not keep the socket of a revoked token open.
    await this.#endOrphans().catch(this.#parts.onFailed);
    await this.#findRevoked();
  }

  async #endOrphans(): Promise<void> {
    const { live, sessions, service, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const unattended = [...live.all].filter(
      (call) =>
        call.state === 'active' &&
        !call.legs.some((leg) => isPresent(leg) && sessions.ofDevice(leg.userId, leg.deviceId).length > 0),
    );
    const ids = new Set(unattended.map(({ callId }) => callId));
    for (const callId of this.#unattended.keys()) if (!ids.has(callId)) this.#unattended.delete(callId);
    for (const callId of ids) {
      const sinceMs = this.#unattended.get(callId) ?? nowMs;
      this.#unattended.set(callId, sinceMs);
      if (nowMs - sinceMs >= ORPHANED_AFTER_MS)
        await service.command(callId, { type: 'terminate', reason: 'orphaned' });
    }
  }

  async #findRevoked(): Promise<void> {
    const asked = [...this.#parts.sessions.all].filter(({ occupant }) => occupant?.recheck !== undefined);
    for (let from = 0; from < asked.length; from += MAX_AT_ONCE) {
      await Promise.all(asked.slice(from, from + MAX_AT_ONCE).map((session) => this.#recheck(session)));
    }
  }

  async #recheck(session: Session): Promise<void> {
    const { occupant } = session;
    if ((await occupant?.recheck?.()) !== 'revoked') return;
    // It may have shown a new token meanwhile.
    if (session.occupant === occupant) this.#parts.onRevoked(session);
  }
}
