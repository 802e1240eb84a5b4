// How a client arrived by the handshake of a WebSocket, its token included wherever it stands. Pure; for the transport,
// and for those who judge a handshake before it is completed.

import type { AddressRanges } from '../../http/address.ts';
import { arrivalOf } from '../../http/arrival.ts';
import type { Upgrade } from '../../http/upgrade.ts';
import type { Arrival } from '../transport.ts';

/** A browser can send no `Authorization` with a WebSocket: its token comes as the name of a subprotocol. */
export const TOKEN_PREFIX = 'access_token.';

export function webSocketArrival(upgrade: Upgrade, trustedProxies: AddressRanges): Arrival {
  const said = arrivalOf(upgrade, trustedProxies);
  const offered = upgrade.request.headers['sec-websocket-protocol'];
  return { ...said, token: said.token ?? tokenOfProtocols(offered) };
}

function tokenOfProtocols(header: string | undefined): string | undefined {
  const named = header
    ?.split(',')
    .map((name) => name.trim())
    .find((name) => name.startsWith(TOKEN_PREFIX));
  const token = named?.slice(TOKEN_PREFIX.length);
  return token === '' ? undefined : token;
}
