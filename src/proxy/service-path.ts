// The paths of other services on our origin: which of them a request lies on, and by what head its service is asked.
// Pure, on heads alone; tunnels and routes share it. Upgrades are tunnel-head.ts.

import type { RouteConfig } from '../config/sections/routes.ts';
import type { Client } from '../http/client.ts';
import type { RequestHead } from '../http/head.ts';
import { leavesPrefix } from './deny.ts';
import { requestHeaders } from './headers.ts';

/** Where one service begins and ends, as far as heads tell of it. */
export interface ServicePath {
  /** On our origin: exact, or with a slash at its end everything below it. */
  readonly path: string;
  /** What takes its place in the upstream's target; empty keeps the client's path. */
  readonly upstreamPath: string;
  /** The Host that the upstream is asked by. */
  readonly upstreamHost: string;
}

/** The longest of `paths` that `path` lies on, undefined when it lies on none or climbs out of it. */
export function servicePathOf(path: string, paths: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const candidate of paths) {
    const isHit = path === candidate || (candidate.endsWith('/') && path.startsWith(candidate));
    if (isHit && candidate.length > (found?.length ?? 0)) found = candidate;
  }
  return found === undefined || leavesPrefix(path, found) ? undefined : found;
}

/** A route's service. Where its URL has no path, the client's is kept, or begins anew behind ours that is taken off. */
export function routedPath({ path, to, host, isStripped }: RouteConfig): ServicePath {
  const upstreamPath = to.path === '' && isStripped ? '/' : to.path;
  return { path, upstreamPath, upstreamHost: host ?? to.authority };
}

export interface OutgoingHead {
  readonly target: string;
  /** Raw header list. */
  readonly headers: string[];
}

/** The head of an ordinary request for the upstream. */
export function serviceHead(
  service: ServicePath,
  head: RequestHead,
  client: Client,
  requestId: string,
): OutgoingHead {
  const headers = requestHeaders(head, client, requestId);
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'host') headers[i + 1] = service.upstreamHost;
  }
  return { target: serviceTarget(service, head.target), headers };
}

/**
 * Every byte behind the path that is replaced stays as the client sent it, the query too; but slashes that followed the
 * path are taken off with it: `//evil.example/x` at the beginning of a target is a host to many servers.
 */
export function serviceTarget(
  { path, upstreamPath }: Omit<ServicePath, 'upstreamHost'>,
  target: string,
): string {
  if (upstreamPath === '') return target;
  const rest = target.slice(path.length);
  return upstreamPath + (upstreamPath.endsWith('/') ? rest.replace(/^\/+/, '') : rest);
}
