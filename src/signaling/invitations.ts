// Who is rung: the sessions of everybody who can still answer, when the call begins (T1), and each that registers while
// it rings (T5). The ring ledger is committed before anything is sent: a device that was sent the invitation first could
// ring on, unknown, after an answer.

import type { Call, UserDevice } from '../call/model/call.ts';
import { isPending, legOf } from '../call/model/legs.ts';
import { ringLeftMs } from '../call/model/ring.ts';
import type { CallService } from '../call/service.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { IceServer, IceServers } from '../ice/ice.ts';
import type { UserId } from '../matrix/ids.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Previews } from './previews.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface InvitationsParts {
  readonly service: Pick<CallService, 'command'>;
  readonly sessions: Sessions;
  readonly live: LiveCalls;
  readonly previews: Previews;
  readonly ice: IceServers;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** Whoever has no relay by then rings without: a phone that rings late is worse than one that asks again. */
const ICE_WITHIN_MS = 300;
/** The store was unavailable: the phone must still ring, soon after it is back. */
const RETRY_MS = 1_000;

export class Invitations {
  readonly #parts: InvitationsParts;
  readonly #retries = new Set<CancelTimer>();
  #isStopped = false;

  constructor(parts: InvitationsParts) {
    this.#parts = parts;
  }

  /** T1, T4: rings every session of everybody who can answer, and notes who has none. Never rejects. */
  ring(call: Call): Promise<void> {
    return this.#persist(
      () => this.#ring(call),
      () => this.#parts.live.get(call.callId) !== undefined,
    );
  }

  /** T5: rings a session that has just registered for every call that rings for its user. Never rejects. */
  welcome(session: Session): Promise<void> {
    return this.#persist(
      () => this.#welcome(session),
      () => session.channel !== undefined,
    );
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#retries) cancel();
    this.#retries.clear();
  }

  async #persist(attempt: () => Promise<void>, isStillWanted: () => boolean): Promise<void> {
    const { clock, onFailed } = this.#parts;
    try {
      await attempt();
    } catch (error) {
      onFailed(error);
      if (this.#isStopped) return;
      const cancel = clock.after(RETRY_MS, () => {
        this.#retries.delete(cancel);
        if (isStillWanted()) void this.#persist(attempt, isStillWanted);
      });
      this.#retries.add(cancel);
    }
  }

  async #ring({ callId }: Call): Promise<void> {
    const call = this.#parts.live.get(callId);
    if (call === undefined) return;
    const userIds = call.legs.filter((leg) => isPending(leg)).map(({ userId }) => userId);
    const sessions = userIds.flatMap((userId) => this.#ringable(userId, call));
    await this.#invite(call, sessions);
    const reached = new Set(sessions.map(({ occupant }) => occupant?.userId));
    const unreached = userIds.filter((userId) => !reached.has(userId));
    const busy = unreached.filter((userId) => this.#reachable(userId, call).length > 0);
    const offline = unreached.filter((userId) => !busy.includes(userId));
    const { service } = this.#parts;
    if (busy.length > 0) await service.command(call.callId, { type: 'note-busy', userIds: busy });
    if (offline.length > 0) await service.command(call.callId, { type: 'note-offline', userIds: offline });
  }

  async #welcome(session: Session): Promise<void> {
    const { occupant } = session;
    if (occupant === undefined) return;
    for (const call of this.#parts.live.ofUser(occupant.userId)) {
      if (session.isInvitedTo(call.callId)) continue;
      if (ringLeftMs(call, occupant.userId, this.#parts.clock.nowMs()) === undefined) continue;
      if (!this.#ringable(occupant.userId, call).includes(session)) continue;
      await this.#invite(call, [session]);
    }
  }

  async #invite(call: Call, sessions: readonly Session[]): Promise<void> {
    const devices = devicesOf(sessions);
    if (devices.length === 0) return;
    const iceServers = await this.#iceServersOf(sessions);
    const result = await this.#parts.service.command(call.callId, { type: 'note-notified', devices });
    if ('refused' in result) return;
    for (const session of sessions) {
      const { occupant, channel } = session;
      if (occupant === undefined || channel === undefined || session.isInvitedTo(call.callId)) continue;
      // It may be somebody else's by now, whom nobody has noted.
      if (!devices.some((noted) => isSameDevice(noted, occupant))) continue;
      // As it is now: whoever was told meanwhile that it is over must not be rung after that.
      const current = this.#parts.live.get(call.callId);
      const leg = current === undefined ? undefined : legOf(current, occupant.userId);
      if (leg === undefined || !isPending(leg)) continue;
      session.invite(call.callId);
      session.tell({
        type: 'incoming-call',
        callId: call.callId,
        callType: call.callType,
        roomId: call.roomId,
        initiatorId: call.initiator.userId,
        callerName: call.callerName,
        callerId: call.initiator.userId,
        iceServers: iceServers.get(occupant.userId) ?? [],
        baseUrl: channel.arrival.origin,
        expiresAt: call.ringDeadlineAtMs,
      });
      if (current !== undefined) this.#parts.previews.showTo(session, current);
    }
  }

  async #iceServersOf(sessions: readonly Session[]): Promise<ReadonlyMap<UserId, readonly IceServer[]>> {
    const found = new Map<UserId, readonly IceServer[]>();
    await Promise.all(
      sessions.map(async (session) => {
        if (session.occupant === undefined || found.has(session.occupant.userId)) return;
        found.set(session.occupant.userId, []);
        found.set(session.occupant.userId, await this.#iceFor(session));
      }),
    );
    return found;
  }

  /** Of those that are there: no page that shows another call, nor one that cannot ring if something else can. */
  #ringable(userId: UserId, call: Call): readonly Session[] {
    const free = this.#reachable(userId, call).filter(
      ({ channel }) => channel?.page?.isEngagedBesides(call.callId) !== true,
    );
    const ringing = free.filter(({ channel }) => channel?.page?.ringsLast !== true);
    return ringing.length > 0 ? ringing : free;
  }

  #reachable(userId: UserId, { roomId }: Call): readonly Session[] {
    return this.#parts.sessions
      .ofUser(userId)
      .filter(
        ({ isRegistered, channel }) =>
          isRegistered && channel !== undefined && channel.page?.isFor(roomId) !== false,
      );
  }

  /** Never later than the limit, and never a failure: without a relay most calls still connect. */
  #iceFor({ occupant, channel }: Session): Promise<readonly IceServer[]> {
    const { ice, clock } = this.#parts;
    if (occupant === undefined || channel === undefined) return Promise.resolve(ice.forAnybody);
    const { clientAddress } = channel.arrival;
    return new Promise((resolve) => {
      const cancel = clock.after(ICE_WITHIN_MS, () => resolve(ice.forAnybody));
      void ice
        .forUser({ userId: occupant.userId, token: occupant.token, clientAddress })
        .then(({ iceServers }) => resolve(iceServers))
        .finally(cancel);
    });
  }
}

function isSameDevice(one: UserDevice, other: UserDevice): boolean {
  return one.userId === other.userId && one.deviceId === other.deviceId;
}

function devicesOf(sessions: readonly Session[]): readonly UserDevice[] {
  const devices = new Map<string, UserDevice>();
  for (const { occupant } of sessions) {
    if (occupant === undefined) continue;
    const { userId, deviceId } = occupant;
    devices.set(`${userId} ${deviceId}`, { userId, deviceId });
  }
  return [...devices.values()];
}
