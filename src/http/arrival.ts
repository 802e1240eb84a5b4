// How a client arrived by an upgrade: what the doors of identity want to know of it, small enough to be kept for as long
// as the socket is open. Pure.

import type { AddressRanges } from './address.ts';
import { bearerOf, isAddressUsable } from './auth.ts';
import type { Upgrade } from './upgrade.ts';

export interface UpgradeArrival {
  readonly clientAddress: string;
  readonly isAddressUsable: boolean;
  readonly origin: string;
  /** That of `Authorization`; of browsers, which cannot send one, undefined. */
  readonly token: string | undefined;
}

export function arrivalOf(upgrade: Upgrade, trusted: AddressRanges): UpgradeArrival {
  const { requestHead, client, origin, peerAddress } = upgrade;
  return {
    clientAddress: client.address,
    isAddressUsable: isAddressUsable(requestHead, client, peerAddress, trusted),
    origin,
    token: bearerOf(requestHead),
  };
}
