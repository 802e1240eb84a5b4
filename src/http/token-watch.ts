// What forwarded requests tell of access tokens: who is behind an address now, and who has just logged out.
// It reads heads that pass by; it asks nobody, answers nothing, and keeps no token itself (matrix/vouch.ts does).

import type { SignalingConfig } from '../config/sections/signaling.ts';
import type { CachedHomeserver } from '../matrix/cached.ts';
import type { Vouching } from '../matrix/vouch.ts';
import type { AddressRanges } from './address.ts';
import { isAddressUsable, isLogout, tokenOf } from './auth.ts';
import type { OnAnswered, Passage } from './exchange.ts';

export interface TokenWatchParts {
  readonly mode: SignalingConfig['identity'];
  readonly homeserver: Pick<CachedHomeserver, 'forget'>;
  readonly vouching: Pick<Vouching, 'noteUse'>;
  readonly trustedProxies: AddressRanges;
}

/** @returns what is to be called with each request to Synapse; `isLongPoll` for those that a live client holds */
export function createTokenWatch(
  parts: TokenWatchParts,
): (passage: Passage, isLongPoll: boolean) => OnAnswered | undefined {
  return ({ head, client, peerAddress }, isLongPoll) => {
    const vouches =
      parts.mode === 'vouched' &&
      isLongPoll &&
      isAddressUsable(head, client, peerAddress, parts.trustedProxies);
    if (vouches) parts.vouching.noteUse(client.address, tokenOf(head));
    const loggedOut = isLogout(head) ? tokenOf(head) : undefined;
    if (loggedOut === undefined) return undefined;
    // Only once Synapse has answered: a question in between would bring the token back.
    return () => parts.homeserver.forget(loggedOut);
  };
}
