// The documents under /.well-known/matrix/, built from the origin and the operator's additions. Pure.
// https://spec.matrix.org/latest/client-server-api/#well-known-uris and server-server "Server discovery".

export type JsonObject = { readonly [member: string]: unknown };

/** @param extra `discovery.client`: merged over ours, so that an operator can replace even `m.homeserver` */
export function clientDocument(origin: string, extra: JsonObject): JsonObject {
  return { 'm.homeserver': { base_url: origin }, ...extra };
}

/** @param extra `discovery.server` */
export function serverDocument(origin: string, extra: JsonObject): JsonObject {
  return { 'm.server': federationAuthority(origin), ...extra };
}

/**
 * Federation is always TLS and takes a missing port for 8448, so that the port is always named: the origin's own, or
 * 443. An origin of plain HTTP without a port is one whose TLS ends in front of us unannounced: also 443, never 80.
 */
function federationAuthority(origin: string): string {
  const url = new URL(origin);
  return url.port === '' ? `${url.hostname}:443` : url.host;
}
