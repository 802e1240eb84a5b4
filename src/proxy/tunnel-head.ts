// The heads of a tunnel: which tunnel a path belongs to, what its upstream is asked, and what the client is told.
// Pure, on heads and raw header lists alone. What is sent after the heads are frames nobody here reads.

import type { Client } from '../http/client.ts';
import type { RequestHead } from '../http/head.ts';
import { leavesPrefix } from './deny.ts';
import { requestHeaders, responseHeaders } from './headers.ts';

/** Where one tunnel begins and ends, as far as heads tell of it. */
export interface TunnelPath {
  /** On our origin: exact, or with a slash at its end everything below it. */
  readonly path: string;
  /** What takes its place in the upstream's target; empty keeps the client's path. */
  readonly upstreamPath: string;
  /** The Host that the upstream is asked by. */
  readonly upstreamHost: string;
}

/** The longest of `paths` that `path` lies on, undefined when it lies on none or climbs out of it. */
export function tunnelPathOf(path: string, paths: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const candidate of paths) {
    const isHit = path === candidate || (candidate.endsWith('/') && path.startsWith(candidate));
    if (isHit && candidate.length > (found?.length ?? 0)) found = candidate;
  }
  return found === undefined || leavesPrefix(path, found) ? undefined : found;
}

export interface OutgoingHead {
  readonly target: string;
  /** Raw header list. */
  readonly headers: string[];
}

/** The head of an ordinary request for the upstream. */
export function plainHead(
  tunnel: TunnelPath,
  head: RequestHead,
  client: Client,
  requestId: string,
): OutgoingHead {
  const headers = requestHeaders(head, client, requestId);
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'host') headers[i + 1] = tunnel.upstreamHost;
  }
  return { target: upstreamTarget(tunnel, head), headers };
}

/** The same with the offer to upgrade, which as a hop-by-hop field was the client's to us. */
export function upgradeHead(
  tunnel: TunnelPath,
  head: RequestHead,
  client: Client,
  requestId: string,
): OutgoingHead {
  const { target, headers } = plainHead(tunnel, head, client, requestId);
  return { target, headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'] };
}

/** Every byte behind the path that is replaced stays as the client sent it, the query too. */
function upstreamTarget({ path, upstreamPath }: TunnelPath, { target }: RequestHead): string {
  return upstreamPath === '' ? target : upstreamPath + target.slice(path.length);
}

export interface IncomingHead {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
}

/** The upstream's 101 for the client, as bytes. */
export function switchingHead(answer: IncomingHead): Buffer {
  return headBytes(answer, ['Connection', 'Upgrade', 'Upgrade', 'websocket']);
}

/**
 * Any other answer of the upstream for the client, as bytes. Its body follows without chunks, and the end of the
 * connection is its end.
 */
export function closingHead(answer: IncomingHead): Buffer {
  return headBytes(answer, ['Connection', 'close']);
}

function headBytes({ status, reason, rawHeaders }: IncomingHead, ours: readonly string[]): Buffer {
  const fields = [...responseHeaders(rawHeaders), ...ours];
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
