// The document that call clients fetch from their homeserver's URL to find the call server. Pure.
// Clients need exactly these four members; more may stand beside them, none may be missing.

import type { IceServer } from '../ice/ice.ts';

export interface CallConfig {
  readonly baseUrl: string;
  readonly websocketUrl: string;
  readonly homeserverUrl: string;
  readonly iceServers: readonly IceServer[];
}

/**
 * @param origin the origin that the client asked, which is where everything is
 * @param iceServers those that who asks may have
 */
export function callConfig(origin: string, iceServers: readonly IceServer[]): CallConfig {
  return { baseUrl: origin, websocketUrl: origin, homeserverUrl: origin, iceServers };
}

/** What a plain request for `/` is told: where to look. It names neither versions nor parts. */
export function landing(origin: string) {
  return { callConfig: `${origin}/call-config.json`, api: `${origin}/api/docs`, homeserver: origin };
}
