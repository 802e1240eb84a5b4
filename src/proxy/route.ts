// Where a request goes: to Synapse, to another service, to our own handlers, or nowhere. First match of the contract's
// path table. Pure, on the request head alone, so that every lane decides alike. It neither refuses bodies nor writes
// answers.

import type { ErrorCode } from '../errors.ts';
import type { RequestHead } from '../http/head.ts';
import { leavesPrefix } from './deny.ts';
import { servicePathOf } from './service-path.ts';

/** `route` is the label used in the access log and in metrics. */
export type Route =
  | { readonly to: 'synapse'; readonly route: 'matrix' | 'synapse-client' | 'synapse-admin' }
  | { readonly to: 'preflight'; readonly route: 'preflight' }
  | { readonly to: 'tunnel'; readonly route: 'tunnel' }
  | { readonly to: 'route'; readonly route: 'route' }
  | { readonly to: 'own'; readonly route: 'own' }
  | { readonly to: 'nowhere'; readonly route: 'denied'; readonly code: ErrorCode };

export const OWN: Route = { to: 'own', route: 'own' };
const DENIED: Route = { to: 'nowhere', route: 'denied', code: 'ROUTE_DENIED' };

/** What we answer ourselves with CORS for any page, so that its preflights are answered too. */
const OWN_WITH_CORS = /^\/(?:call-config\.json$|\.well-known\/matrix\/|api\/|users$|rooms(?:\/|$))/;

/** Where tus uploads begin: OPTIONS asks what of tus there is, unless it is a preflight (tus 1.0.0, "OPTIONS"). */
const UPLOADS = /^\/api\/calls\/[^/]+\/recordings$/;

/** The paths of other services, none of which is one of ours or Synapse's. */
export interface ServicePaths {
  readonly tunnels: readonly string[];
  readonly routes: readonly string[];
}

const NO_SERVICES: ServicePaths = { tunnels: [], routes: [] };

/** @param isAdminClient whether the client's address is in `synapse.admin_allow` */
export function routeRequest(
  head: RequestHead,
  isAdminClient: boolean,
  services: ServicePaths = NO_SERVICES,
): Route {
  const { method, path } = head;
  if (path === '*') return { to: 'preflight', route: 'preflight' };
  if (servicePathOf(path, services.tunnels) !== undefined) return { to: 'tunnel', route: 'tunnel' };
  if (path.startsWith('/_matrix/')) {
    if (leavesPrefix(path, '/_matrix/')) return DENIED;
    // A preflight must never run logic (Matrix client-server API, "Web browser clients"): it ends here.
    return method === 'OPTIONS'
      ? { to: 'preflight', route: 'preflight' }
      : { to: 'synapse', route: 'matrix' };
  }
  if (path.startsWith('/_synapse/client/')) {
    return leavesPrefix(path, '/_synapse/client/') ? DENIED : { to: 'synapse', route: 'synapse-client' };
  }
  if (path.startsWith('/_synapse/admin/') && isAdminClient) {
    return leavesPrefix(path, '/_synapse/admin/') ? DENIED : { to: 'synapse', route: 'synapse-admin' };
  }
  if (isMatrixName(path)) return DENIED;
  if (servicePathOf(path, services.routes) !== undefined) return { to: 'route', route: 'route' };
  if (method === 'OPTIONS' && OWN_WITH_CORS.test(path) && (isPreflight(head) || !UPLOADS.test(path))) {
    return { to: 'preflight', route: 'preflight' };
  }
  return OWN;
}

/** As the Fetch standard has it ("CORS-preflight request"). */
function isPreflight({ rawHeaders }: RequestHead): boolean {
  return rawHeaders.some(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'access-control-request-method',
  );
}

/** Whether errors on this path are written in the Matrix shape: what a Matrix client may have asked for. */
export function isMatrixName(path: string): boolean {
  return path.startsWith('/_matrix') || path.startsWith('/_synapse');
}
