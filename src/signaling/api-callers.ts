// Who a caller of the HTTP API is among the sockets: which of its user's devices, and whether a page that can prove
// nothing over HTTP has a socket open. It judges no credential (http/auth.ts).

import { isPresent, legOf } from '../call/model/legs.ts';
import type { CallId, DeviceId, UserId } from '../matrix/ids.ts';
import { isUnnamedDevice, unnamedDevice } from './device-names.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Sessions } from './sessions.ts';

export interface ApiCaller {
  readonly userId: UserId;
  readonly deviceId?: DeviceId | undefined;
  readonly clientAddress: string;
}

export interface ApiCallersParts {
  readonly sessions: Sessions;
  readonly live: LiveCalls;
}

export class ApiCallers {
  readonly #parts: ApiCallersParts;

  constructor(parts: ApiCallersParts) {
    this.#parts = parts;
  }

  /**
   * Which device it is: the one that the homeserver says; but if this user's sockets at the same address could not say
   * which they are, the caller counts as one of them, or it would make its own phone stop ringing.
   */
  deviceOf({ userId, deviceId, clientAddress }: ApiCaller): DeviceId {
    const { sessions } = this.#parts;
    const unnamed = unnamedDevice(userId, clientAddress);
    if (deviceId === undefined) return unnamed;
    const isKnown = sessions.ofDevice(userId, deviceId).length > 0;
    return !isKnown && sessions.ofDevice(userId, unnamed).length > 0 ? unnamed : deviceId;
  }

  /** The same in a call: undefined if the device that is in it has no name, for then nobody can prove to be another. */
  deviceIn(callId: CallId, { userId, deviceId }: ApiCaller): DeviceId | undefined {
    const call = this.#parts.live.get(callId);
    const leg = call === undefined ? undefined : legOf(call, userId);
    return leg !== undefined && isPresent(leg) && isUnnamedDevice(leg.deviceId) ? undefined : deviceId;
  }

  /** The user of a page whose socket is open at this address: pages show HTTP requests nothing that we could judge. */
  pageUserAt(clientAddress: string): UserId | undefined {
    for (const { channel, occupant } of this.#parts.sessions.all) {
      const isPage = channel?.page !== undefined && channel.arrival.isAddressUsable;
      if (isPage && channel.arrival.clientAddress === clientAddress) return occupant?.userId;
    }
    return undefined;
  }
}
