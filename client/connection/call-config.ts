// The call config: where the call server of a homeserver is. Fetches and judges it; what it is used for, and for how long,
// is connection.ts's.

import type { Environment } from '../environment.ts';
import { PorticoError } from '../error.ts';
import { listOf, membersOf } from '../members.ts';
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
  const none = { status: 'no answer', body: undefined };
  const { status, body } = await askHttp(environment, 'GET', url, token).catch(() => none);
  // Of whatever stands in front, while the server behind it restarts.
  if (status === 'no answer' || +status >= 500 || status === 429)
    throw new PorticoError('CONFIG_UNREACHABLE', `${url}: ${status}`);
  const config = readCallConfig(body, homeserver);
  if (typeof config === 'string') throw new PorticoError('CONFIG_INVALID', `${config} (${url}: ${status})`);
  return config;
}

/** Pure. @returns what is wrong, in words, if it is no call config */
export function readCallConfig(value: unknown, homeserver: string): CallConfig | string {
  const { baseUrl, websocketUrl, iceServers } = membersOf(value);
  const base = readUrl(baseUrl, 'http');
  const socket = readUrl(websocketUrl, 'ws');
  if (base === undefined || socket === undefined) return 'There is no call server';
  // The token would go out in the clear; a page that was loaded by https may not do it at all.
  if (homeserver.startsWith('https:') && !(base.startsWith('https:') && socket.startsWith('wss:')))
    return 'It leads from https to http: public_url, trusted_proxies';
  return {
    baseUrl: base.replace(/\/+$/, ''),
    socketUrl: socket,
    iceServers: listOf(iceServers) as readonly RTCIceServer[],
  };
}

/**
 * @param scheme without the `s`: of a WebSocket, which may also be named by the URL of its HTTP server
 * @returns undefined for what is no URL of that scheme
 */
export function readUrl(value: unknown, scheme: 'http' | 'ws'): string | undefined {
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
