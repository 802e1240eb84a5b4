// Where a page shows the token that its application signed. Browsers can give a WebSocket no Authorization: they show it
// as a subprotocol or in the query. Pure; it does not know what a token is worth.

import { bearerOf } from '../http/auth.ts';
import type { RequestHead } from '../http/head.ts';

const SUBPROTOCOL_PREFIX = 'access_token.';
const PARAMETERS = ['token', 'access_token', 'jwt'];

/** Undefined when there is none, or more than one: whose word would count could be read in two ways. */
export function shownToken(head: RequestHead): string | undefined {
  const query = new URLSearchParams(head.query ?? '');
  const shown = new Set([
    bearerOf(head) ?? '',
    ...subprotocols(head)
      .filter((name) => name.startsWith(SUBPROTOCOL_PREFIX))
      .map((name) => name.slice(SUBPROTOCOL_PREFIX.length)),
    ...PARAMETERS.flatMap((name) => query.getAll(name)),
  ]);
  shown.delete('');
  const [token, ...others] = shown;
  return others.length === 0 ? token : undefined;
}

function subprotocols({ rawHeaders }: RequestHead): readonly string[] {
  return rawHeaders
    .filter((_, index) => index % 2 === 1 && isSubprotocolField(rawHeaders[index - 1]))
    .flatMap((value) => value.split(','))
    .map((name) => name.trim());
}

function isSubprotocolField(name: string | undefined): boolean {
  return name?.toLowerCase() === 'sec-websocket-protocol';
}
