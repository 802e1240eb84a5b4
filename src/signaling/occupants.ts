// Who uses a socket: what its handshake and its frames have shown becomes an occupant or a refusal, by the one function
// that judges every door (http/auth.ts). It keeps nothing.

import { authenticate, authenticateEach, type Door, type Identity, type Refusal } from '../http/auth.ts';
import { parseDeviceId, type DeviceId } from '../matrix/ids.ts';
import type { Claim } from '../protocol/requests.ts';
import { unnamedDevice } from './device-names.ts';
import type { Occupant } from './session.ts';
import type { Arrival } from './transport.ts';

export async function establish(door: Door, arrival: Arrival, claim: Claim): Promise<Occupant | Refusal> {
  const token = claim.accessToken ?? arrival.token;
  const identity = await authenticate(
    {
      token,
      claimedUserId: claim.userId,
      claimedDeviceId: claim.deviceId,
      clientAddress: arrival.clientAddress,
      isAddressUsable: arrival.isAddressUsable,
    },
    door,
  );
  return 'refused' in identity ? identity : occupantOf(identity, arrival, claim.deviceId, token);
}

/** Everybody whom a client that names nobody may be; nobody if that cannot be said. */
export async function everybodyAt(door: Door, arrival: Arrival): Promise<readonly Occupant[]> {
  const { token, clientAddress, isAddressUsable } = arrival;
  const identities = await authenticateEach({ token, clientAddress, isAddressUsable }, door);
  return 'refused' in identities
    ? []
    : identities.map((identity) => occupantOf(identity, arrival, undefined, token));
}

function occupantOf(
  { deviceId, ...identity }: Identity,
  { clientAddress }: Arrival,
  claimedDeviceId: string | undefined,
  token: string | undefined,
): Occupant {
  // A user may say which of the user's own devices this is: it only tells its sockets apart from each other.
  const named: DeviceId | undefined = deviceId ?? parseDeviceId(claimedDeviceId);
  return {
    ...identity,
    deviceId: named ?? unnamedDevice(identity.userId, clientAddress),
    isNamed: named !== undefined,
    token: identity.trust === 'verified' ? token : undefined,
  };
}
