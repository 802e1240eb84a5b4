// Devices that come and go: when the last socket of a device is lost the calls that it is in are told (T20, T21), and
// when one is back too. A session without a socket is kept for a while, for its client to come back to.

import type { UserDevice } from '../call/model/call.ts';
import type { CallCommand } from '../call/model/commands.ts';
import { legOf } from '../call/model/legs.ts';
import type { CallService } from '../call/service.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { CallId, DeviceId, UserId } from '../matrix/ids.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface PresenceParts {
  readonly service: Pick<CallService, 'command'>;
  readonly sessions: Sessions;
  readonly live: LiveCalls;
  readonly clock: Clock;
  /** How long a session waits for its client to come back. */
  readonly graceMs: number;
  readonly onFailed: (error: unknown) => void;
}

type PresenceCommand = Extract<
  CallCommand,
  { type: 'note-disconnected' | 'note-reconnected' | 'revoke-device' }
>;

/** The store was unavailable. */
const RETRY_MS = 1_000;

export class Presence {
  readonly #parts: PresenceParts;
  /** One for each session without a socket. */
  readonly #waiting = new Map<Session, CancelTimer>();
  #isStopped = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** The session has a socket, or has become one of this device. */
  connected(session: Session): void {
    this.#waiting.get(session)?.();
    this.#waiting.delete(session);
    const { occupant } = session;
    if (occupant === undefined) return;
    for (const { callId } of this.#parts.live.ofUser(occupant.userId)) this.#compare(callId, occupant);
  }

  /** The session has lost its socket. */
  lost(session: Session): void {
    const { occupant } = session;
    if (occupant === undefined || this.#isStopped) {
      this.#parts.sessions.remove(session);
      return;
    }
    const { clock, graceMs } = this.#parts;
    this.#waiting.set(
      session,
      clock.after(graceMs, () => this.drop(session)),
    );
    this.left(occupant);
  }

  /** Nobody comes back to the session: another has taken its place, or its time is over. */
  drop(session: Session): void {
    this.#waiting.get(session)?.();
    this.#waiting.delete(session);
    this.#parts.sessions.remove(session);
  }

  /** The sessions of a device that wait for their client. */
  waiting(userId: UserId, deviceId: DeviceId): readonly Session[] {
    return this.#parts.sessions.ofDevice(userId, deviceId).filter((session) => this.#waiting.has(session));
  }

  /** Whether the device has a socket for this call: a page's other sockets are other windows, which show nothing of it. */
  isConnectedFor(callId: CallId, { userId, deviceId }: UserDevice): boolean {
    return this.#parts.sessions
      .ofDevice(userId, deviceId)
      .some((session) => session.channel !== undefined && (!session.isPage || session.isIn(callId)));
  }

  /** From now on no call is told: whoever is cut off by our own end finds its place at the next start. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  /** A session is no longer one of this device. */
  left(device: UserDevice): void {
    for (const { callId } of this.#parts.live.ofUser(device.userId)) this.#compare(callId, device);
  }

  /** T24: no grace, for whoever holds the token now has no right to the place. */
  revoke(session: Session): void {
    this.drop(session);
    const { occupant } = session;
    if (occupant === undefined) return;
    for (const { callId } of this.#parts.live.ofUser(occupant.userId))
      this.#note(callId, { type: 'revoke-device', ...deviceOf(occupant) });
  }

  /** Says of a device that is in the call whether it is there, unless the call knows. */
  #compare(callId: CallId, device: UserDevice): void {
    if (this.#isStopped) return;
    const isThere = this.isConnectedFor(callId, device);
    if (legOfDevice(this.#parts.live, callId, device) !== (isThere ? 'reconnecting' : 'joined')) return;
    this.#note(callId, { type: isThere ? 'note-reconnected' : 'note-disconnected', ...deviceOf(device) });
  }

  #note(callId: CallId, command: PresenceCommand): void {
    this.#commit(callId, command).catch((error: unknown) => {
      const { live, clock, onFailed } = this.#parts;
      onFailed(error);
      // The place of somebody who is not noted as gone would be kept for hours.
      clock.after(RETRY_MS, () => {
        if (this.#isStopped || live.get(callId) === undefined) return;
        if (command.type === 'revoke-device') this.#note(callId, command);
        else this.#compare(callId, command);
      });
    });
  }

  async #commit(callId: CallId, command: PresenceCommand): Promise<void> {
    const result = await this.#parts.service.command(callId, command);
    // It came back, or went, while this was being stored.
    if ('call' in result && command.type !== 'revoke-device') this.#compare(callId, command);
  }
}

function deviceOf({ userId, deviceId }: UserDevice): UserDevice {
  return { userId, deviceId };
}

function legOfDevice(live: LiveCalls, callId: CallId, { userId, deviceId }: UserDevice): string | undefined {
  const call = live.get(callId);
  const leg = call === undefined ? undefined : legOf(call, userId);
  return leg !== undefined && 'deviceId' in leg && leg.deviceId === deviceId ? leg.state : undefined;
}
