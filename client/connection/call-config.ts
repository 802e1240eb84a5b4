// The call config: where the call server of a homeserver is. Fetches and judges it; what it is used for, and for how long,
// is connection.ts's.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { askHttp } from './http.ts';

export interface CallConfig {
  /** Of the HTTP API, without a slash at the end. */
  readonly baseUrl: string;
  /** `wss:` or `ws:`. */
  readonly socketUrl: string;
  readonly iceServers: readonly RTCIceServer[];
}

/** @throws PorticoError `CONFIG_UNREACHABLE` (try again), `CONFIG_INVALID` (there is no Portico, or it is set up wrongly) */
export async function fetchCallConfig(
  environment: Pick<Environment, 'fetch' | 'after'>,
  homeserver: string,
  token: string,
): Promise<CallConfig> {
  const url = `${homeserver}/call-config.json`;
  const { status, body } = await askHttp(environment, { method: 'GET', url, token }).catch(() => {
    throw new PorticoError('CONFIG_UNREACHABLE', `${url} cannot be reached`);
  });
  // Of whatever stands in front, while the server behind it restarts.
  if (status >= 500 || status === 429)
    throw new PorticoError('CONFIG_UNREACHABLE', `${url} is answered with ${status}`);
  const config = status === 200 ? readCallConfig(body, homeserver) : `it is answered with ${status}`;
  if (typeof config === 'string') throw new PorticoError('CONFIG_INVALID', `${url}: ${config}`);
  return config;
}

/** Pure. @returns what is wrong, in words, if it is no call config */
export function readCallConfig(value: unknown, homeserver: string): CallConfig | string {
  const { baseUrl, websocketUrl, iceServers } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const base = readUrl(baseUrl, 'http');
  const socket = readUrl(websocketUrl, 'ws');
  if (base === undefined || socket === undefined) return 'it names no call server';
  // The token would go out in the clear; a page that was loaded by https may not do it at all.
  if (homeserver.startsWith('https:') && !(base.startsWith('https:') && socket.startsWith('wss:')))
    return 'it leads from https to http (public_url or trusted_proxies is missing)';
  return {
    baseUrl: base.replace(/\/+$/, ''),
    socketUrl: socket,
    iceServers: Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : [],
  };
}

/** @param scheme without the `s`: of a WebSocket, which may also be named by the URL of its HTTP server */
function readUrl(value: unknown, scheme: 'http' | 'ws'): string | undefined {
  try {
    const url = new URL(String(value));
    url.protocol = url.protocol.replace('http', scheme);
    // No browser opens a WebSocket to a URL that has one.
    url.hash = '';
    return url.protocol.startsWith(scheme) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
