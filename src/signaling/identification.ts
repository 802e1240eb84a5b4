// Who asks: from what a socket and its request show, and from the call that the request names, comes the occupant of its
// session. It judges no credential itself (http/auth.ts), and does nothing of what is asked.

import { isPresent, legOf } from '../call/model/legs.ts';
import type { Door, Refusal } from '../http/auth.ts';
import type { CallId } from '../matrix/ids.ts';
import type { Channel } from './channel.ts';
import { isUnnamedDevice } from './device-names.ts';
import type { CallRequest } from './held-requests.ts';
import type { LiveCalls } from './live-calls.ts';
import { establish, everybodyAt } from './occupants.ts';
import type { Occupant, Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface IdentificationParts {
  readonly door: Door;
  readonly live: LiveCalls;
  readonly sessions: Sessions;
  /** Puts the session under its occupant. */
  readonly occupy: (session: Session, occupant: Occupant) => void;
}

/** The socket was lost while it was found out: under an occupant, its session would be kept for ever. */
const GONE: Refusal = { refused: 'IDENTITY_REQUIRED' };

export class Identification {
  readonly #parts: IdentificationParts;

  constructor(parts: IdentificationParts) {
    this.#parts = parts;
  }

  /** Who asks; undefined if it cannot be told from what the socket has shown so far. */
  async occupantFor(session: Session, intent: CallRequest): Promise<Occupant | Refusal | undefined> {
    const { door } = this.#parts;
    const { occupant, channel } = session;
    if (channel === undefined) {
      const isLastWord = occupant !== undefined && isFarewell(intent) && isOccupantsOwn(intent, occupant);
      return isLastWord ? occupant : GONE;
    }
    if (occupant !== undefined && isOccupantsOwn(intent, occupant))
      return this.#settled(session, occupant, intent);
    const { claim } = intent;
    if (
      claim.userId === undefined &&
      claim.accessToken === undefined &&
      channel.arrival.token === undefined
    ) {
      const found = 'callId' in intent ? await this.#membersAt(channel, intent.callId) : [];
      if (session.channel === undefined) return GONE;
      const [only, ...others] = found;
      return only === undefined || others.length > 0 ? undefined : this.#settled(session, only, intent);
    }
    const established = await establish(door, channel.arrival, claim);
    if (session.channel === undefined) return GONE;
    if ('refused' in established) return established;
    if (occupant !== undefined && occupant.userId !== established.userId)
      return { refused: 'IDENTITY_MISMATCH' };
    return this.#settled(session, established, intent);
  }

  async #membersAt({ arrival }: Channel, callId: CallId): Promise<readonly Occupant[]> {
    const call = this.#parts.live.get(callId);
    const users = await everybodyAt(this.#parts.door, arrival);
    return users.filter(({ userId }) => {
      const leg = call === undefined ? undefined : legOf(call, userId);
      return leg !== undefined && isPresent(leg);
    });
  }

  /**
   * Puts the session under its occupant. A socket that cannot prove which of its user's devices it is, is taken for the
   * one that is in the call, unless that one is connected from elsewhere.
   */
  #settled(session: Session, occupant: Occupant, intent: CallRequest): Occupant {
    const settled = 'callId' in intent ? this.#adopted(session, occupant, intent.callId) : occupant;
    const { occupant: before } = session;
    if (before?.deviceId !== settled.deviceId || before.token !== settled.token)
      this.#parts.occupy(session, settled);
    return settled;
  }

  #adopted(session: Session, occupant: Occupant, callId: CallId): Occupant {
    const call = this.#parts.live.get(callId);
    const leg = call === undefined ? undefined : legOf(call, occupant.userId);
    if (leg === undefined || !isPresent(leg) || leg.deviceId === occupant.deviceId) return occupant;
    const isCertain = occupant.isNamed && (session.isRegistered || !isUnnamedDevice(leg.deviceId));
    if (isCertain) return occupant;
    const address = session.channel?.arrival.clientAddress;
    const there = this.#parts.sessions
      .ofDevice(occupant.userId, leg.deviceId)
      .filter((other) => other !== session && other.channel !== undefined);
    const isFree =
      there.length === 0 || there.some(({ channel }) => channel?.arrival.clientAddress === address);
    return isFree ? { ...occupant, deviceId: leg.deviceId } : occupant;
  }
}

/** A page that is closed says so and is gone: its peers shall not wait for it. */
export function isFarewell({ type }: CallRequest): boolean {
  return type === 'end' || type === 'leave' || type === 'reject';
}

/** Whether the request asks in nobody else's name, and shows nothing new. */
export function isOccupantsOwn({ claim }: CallRequest, occupant: Occupant): boolean {
  const isSameUser = claim.userId === undefined || claim.userId === occupant.userId;
  return isSameUser && (claim.accessToken === undefined || claim.accessToken === occupant.token);
}
