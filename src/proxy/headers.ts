// Which header fields cross the gateway, in both directions. Pure; works on raw lists (name, value, name, value),
// because an object loses order and duplicates (a second `Authorization: X-Matrix` is legal). It reads no socket.

import type { Client } from '../http/client.ts';
import type { RequestHead } from '../http/head.ts';

/** RFC 9110 section 7.6.1, and the framing fields, which the next hop's message gets anew. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** What only a proxy may say of a client. A client's own copies are dropped, whatever its spelling. */
const FORWARDING = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-real-ip',
  'x-request-id',
]);

/** RFC 9110 section 6.5.1: fields that change framing, routing or identity have no meaning in a trailer. */
const NEVER_IN_TRAILERS = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
]);

/** The header list for Synapse: the client's, less hop-by-hop and forwarding fields, then ours. */
export function requestHeaders(head: RequestHead, client: Client, requestId: string): string[] {
  return [...forwardedHeaders(head, client), 'X-Request-Id', requestId];
}

/** The same without what is another with each request. */
export function forwardedHeaders(head: Pick<RequestHead, 'host' | 'rawHeaders'>, client: Client): string[] {
  const named = connectionMembers(head.rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i < head.rawHeaders.length; i += 2) {
    const name = head.rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (isDroppedFromRequest(lower) || named.has(lower)) continue;
    headers.push(name, head.rawHeaders[i + 1] ?? '');
  }
  // Ours are set after the fields named in the client's Connection are gone: otherwise `Connection: X-Forwarded-For`
  // would take them away again (CVE-2024-45410 and its kin).
  if (head.host === undefined) headers.push('Host', client.host);
  headers.push('X-Forwarded-For', client.address);
  headers.push('X-Forwarded-Proto', client.scheme);
  headers.push('X-Forwarded-Host', client.host);
  return headers;
}

function isDroppedFromRequest(name: string): boolean {
  if (HOP_BY_HOP.has(name) || FORWARDING.has(name) || name === 'expect') return true;
  if (!/[_.]/.test(name)) return false;
  // WSGI and CGI servers read `X_Forwarded_For` as `X-Forwarded-For` (GHSA-f59h-q822-g45g), some `.` as well.
  const spelled = name.replaceAll(/[_.]/g, '-');
  return FORWARDING.has(spelled) || HOP_BY_HOP.has(spelled) || NOT_REMOVABLE.has(spelled);
}

/** What a `Connection` field may not take away: without them the message or its sender would be another. */
const NOT_REMOVABLE = new Set(['authorization', 'content-length', 'content-type', 'cookie', 'host']);

const CONNECTION = 'connection';

function connectionMembers(rawHeaders: readonly string[]): Set<string> {
  const members = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? '';
    if (field.length !== CONNECTION.length || field.toLowerCase() !== CONNECTION) continue;
    for (const member of (rawHeaders[i + 1] ?? '').split(',')) {
      const name = member.trim().toLowerCase();
      if (!NOT_REMOVABLE.has(name)) members.add(name);
    }
  }
  return members;
}

/** The header list for the client: Synapse's, less hop-by-hop fields. */
export function responseHeaders(rawHeaders: readonly string[]): string[] {
  const named = connectionMembers(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || named.has(lower)) continue;
    // RFC 9112 section 5.1: the blanks around a value are not of it.
    headers.push(name, (rawHeaders[i + 1] ?? '').replace(/[\t ]+$/, ''));
  }
  return headers;
}

/** Whether a reason phrase can be passed on: Node refuses to write any other, and no client needs one. */
export function isReason(text: string): boolean {
  return /^[\t -~]*$/.test(text);
}

/** Whether the body of an answer is coded in a way that is not undone here, although its field is taken out. */
export function isCodedForTransfer(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some(
    (name, i) =>
      i % 2 === 0 &&
      name.toLowerCase() === 'transfer-encoding' &&
      rawHeaders[i + 1]?.trim().toLowerCase() !== 'chunked',
  );
}

/** Whether a trailer section (raw list) holds a field that may not stand there. */
export function hasForbiddenTrailer(rawTrailers: readonly string[]): boolean {
  return rawTrailers.some((name, i) => i % 2 === 0 && NEVER_IN_TRAILERS.has(name.toLowerCase()));
}
