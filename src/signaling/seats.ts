// Which session gets the negotiation of each user in a call: the one that joined it with the device that owns the leg,
// else the registered one. It judges no call; the relay keeps what comes while nobody has a seat.

import type { Call, LiveCall } from '../call/model/call.ts';
import { isPresent } from '../call/model/legs.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { CallId, DeviceId, UserId } from '../matrix/ids.ts';
import type { LiveCalls } from './live-calls.ts';
import type { NegotiationRelay } from './relay.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface SeatsParts {
  readonly relay: NegotiationRelay;
  readonly sessions: Sessions;
  readonly live: LiveCalls;
  readonly clock: Clock;
}

/**
 * Original clients answer over HTTP and then open a socket for the call: negotiation waits for that one so long, before
 * it goes to the socket that rang, where such a client would not look for it.
 */
const JOIN_WITHIN_MS = 1_500;

/** The seats of one call: at most one for each leg. */
interface CallSeats {
  readonly taken: Map<UserId, Session>;
  waiting: CancelTimer | undefined;
}

export class Seats {
  readonly #parts: SeatsParts;
  readonly #calls = new Map<CallId, CallSeats>();

  constructor(parts: SeatsParts) {
    this.#parts = parts;
  }

  /** The session acts in the call: it is the one now, if its device owns the leg. */
  take(call: LiveCall, session: Session): void {
    const { occupant } = session;
    if (occupant === undefined || session.channel === undefined) return;
    if (ownerOf(call, occupant.userId) !== occupant.deviceId) return;
    // Decided on an older state of the call: an entry made now would stay.
    if (this.#parts.live.get(call.callId) === undefined) return;
    const seats = this.#calls.get(call.callId) ?? { taken: new Map(), waiting: undefined };
    this.#calls.set(call.callId, seats);
    if (seats.taken.get(occupant.userId) === session) return;
    seats.taken.set(occupant.userId, session);
    this.#parts.relay.seat(call.callId, occupant.userId, session.seat);
  }

  /** After a change of the call, of its sockets, or of who is registered. */
  review(call: Call): void {
    if (call.state === 'ended') {
      this.#calls.get(call.callId)?.waiting?.();
      this.#calls.delete(call.callId);
      return;
    }
    for (const [userId, session] of this.#calls.get(call.callId)?.taken ?? []) {
      const { channel, occupant } = session;
      const isOwn = occupant?.userId === userId && occupant.deviceId === ownerOf(call, userId);
      if (channel === undefined || !isOwn || session.isOver(call.callId))
        this.#leave(call.callId, userId, session);
    }
    let isSomebodyMissing = false;
    for (const { userId, deviceId } of call.legs.filter((leg) => isPresent(leg))) {
      const seated = this.#calls.get(call.callId)?.taken.get(userId);
      if (seated?.isIn(call.callId) === true) continue;
      // Whoever joined comes before a registered one that had to do meanwhile.
      const joined = this.#connected(userId, deviceId).findLast((session) => session.isIn(call.callId));
      if (joined !== undefined) this.take(call, joined);
      else if (seated === undefined) isSomebodyMissing = true;
    }
    if (isSomebodyMissing) this.#wait(call.callId);
  }

  stop(): void {
    for (const { waiting } of this.#calls.values()) waiting?.();
    this.#calls.clear();
  }

  #wait(callId: CallId): void {
    const seats = this.#calls.get(callId) ?? { taken: new Map(), waiting: undefined };
    this.#calls.set(callId, seats);
    seats.waiting ??= this.#parts.clock.after(JOIN_WITHIN_MS, () => {
      seats.waiting = undefined;
      const call = this.#parts.live.get(callId);
      if (call !== undefined) this.#seatRegistered(call);
    });
  }

  #seatRegistered(call: LiveCall): void {
    for (const { userId, deviceId } of call.legs.filter((leg) => isPresent(leg))) {
      if (this.#has(call.callId, userId)) continue;
      const registered = this.#connected(userId, deviceId).findLast(
        (session) => session.isRegistered && !session.isPage && !session.isOver(call.callId),
      );
      if (registered !== undefined) this.take(call, registered);
    }
  }

  #leave(callId: CallId, userId: UserId, session: Session): void {
    this.#calls.get(callId)?.taken.delete(userId);
    this.#parts.relay.unseat(callId, userId, session.seat);
  }

  #has(callId: CallId, userId: UserId): boolean {
    return this.#calls.get(callId)?.taken.has(userId) ?? false;
  }

  #connected(userId: UserId, deviceId: DeviceId): readonly Session[] {
    return this.#parts.sessions.ofDevice(userId, deviceId).filter(({ channel }) => channel !== undefined);
  }
}

function ownerOf(call: LiveCall, userId: UserId): DeviceId | undefined {
  const leg = call.legs.find((one) => one.userId === userId);
  return leg !== undefined && isPresent(leg) ? leg.deviceId : undefined;
}
