// Whether a request may see or change something on the operator's listener, which asks for no password: the operator's
// own browser opens pages of strangers too. Pure. What is then seen or done is operator-routes.ts.

import { isIP } from 'node:net';

import type { ErrorCode } from '../errors.ts';
import type { RequestHead } from '../http/head.ts';

type Head = Pick<RequestHead, 'host' | 'rawHeaders'>;

/** A page of another origin cannot send it without being asked first (CORS), and is never allowed to. */
const ACTION_HEADER = 'x-portico-operator';

/**
 * Of everything that the page and its API serve. A page of a stranger can have its own name pointed at this address (DNS
 * rebinding), and then reads what it likes: its name stands in Host. `X-Forwarded-Host` counts for nothing here, because
 * that page could set it.
 * @param ownHost `observe.host`
 */
export function refuseHost({ host }: Head, ownHost: string | undefined): ErrorCode | undefined {
  const name = host === undefined ? undefined : hostnameOf(host);
  const isOurs =
    name !== undefined &&
    (isIP(name) !== 0 || name === 'localhost' || (ownHost !== undefined && name === hostnameOf(ownHost)));
  return isOurs ? undefined : 'OPERATOR_HOST_REFUSED';
}

/**
 * Of what is only read, besides refuseHost(): a page of another site can read none of it, but its requests could hold every
 * stream of events open, until there is none left for the operator. Browsers send Sec-Fetch-Site to HTTPS and to this
 * machine alone; to others they send the Origin of a stream.
 */
export function refuseForeign(head: Head): ErrorCode | undefined {
  const isOwnSite = valuesOf(head, 'sec-fetch-site').every(
    (site) => site === 'same-origin' || site === 'none',
  );
  const isOwnOrigin = valuesOf(head, 'origin').every((origin) => isOriginOf(origin, head.host));
  return isOwnSite && isOwnOrigin ? undefined : 'ORIGIN_REFUSED';
}

/** Of the stream of events, besides: a frame in a page of another site says neither, but that it wants a page. */
export function refuseFrame(head: Head): ErrorCode | undefined {
  return valuesOf(head, 'accept').some((types) => types.includes('text/html')) ? 'ORIGIN_REFUSED' : undefined;
}

/** Of what changes something, besides refuseHost(). Scripts send no Origin, browsers always do. */
export function refuseAction(head: Head): ErrorCode | undefined {
  const sites = valuesOf(head, 'sec-fetch-site');
  const origins = valuesOf(head, 'origin');
  const isOwnSite = sites.every((site) => site === 'same-origin');
  const isOwnOrigin = origins.every((origin) => isOriginOf(origin, head.host));
  if (!isOwnSite || !isOwnOrigin) return 'ORIGIN_REFUSED';
  return valuesOf(head, ACTION_HEADER).length === 0 ? 'OPERATOR_HEADER_MISSING' : undefined;
}

/** Without regard to the scheme, which a proxy in front may have changed. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** In lower case, without port, brackets and the dot at the end of a full name. */
function hostnameOf(host: string): string | undefined {
  if (!URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function valuesOf({ rawHeaders }: Head, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
