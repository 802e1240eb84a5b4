// Whether a web page may open a socket or call our API: the exact-origin rule against cross-site WebSocket hijacking
// (CWE-1385, CVE-2020-28481). Pure. It does not apply to what is forwarded to Synapse, nor to public documents.

import type { ErrorCode } from '../errors.ts';
import type { RequestHead } from './head.ts';

/** Allows every page, `null` (sandboxed and local ones) included. */
export const ANY_ORIGIN = '*';

/**
 * The refusal, if there is one. Browsers write an origin in one way (RFC 6454 section 6.2: lower case, punycode, no
 * default port) and always send it with sockets and with every request that changes something, so that one text is
 * compared with another: whatever would have to be normalised first, a browser did not send. Without an Origin it is
 * no page that asks: native clients send none.
 * @param ownOrigin that of the exchange: `public_url`, else the origin of this very request. Without a `public_url`, a
 *   page whose host name was pointed at this server (DNS rebinding) therefore counts as ours.
 * @param extra `signaling.origins`, each in its serialised form
 */
export function refuseOrigin(
  head: RequestHead,
  ownOrigin: string,
  extra: readonly string[],
): ErrorCode | undefined {
  const [origin, ...others] = head.rawHeaders.filter(
    (_, index) => index % 2 === 1 && head.rawHeaders[index - 1]?.toLowerCase() === 'origin',
  );
  if (origin === undefined || extra.includes(ANY_ORIGIN)) return undefined;
  const isAllowed = others.length === 0 && (origin === serialised(ownOrigin) || extra.includes(origin));
  return isAllowed ? undefined : 'ORIGIN_REFUSED';
}

/** A Host may come in capitals; of a Unix listener's path no origin can be made. */
function serialised(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).origin : undefined;
}
