// Where a tunnel leads: ws:// or wss:// with host, port and path. Owns what such a URL may hold, and the form of the
// Host that an upstream is asked by. Refuses what `new URL` would silently repair.

import { parseHostAndPort } from './host.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';
import { urlPath } from './url-path.ts';

export interface TunnelUrl {
  readonly isTls: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** What `Host` says: the port only where it is not the scheme's own. */
  readonly authority: string;
  /** Empty when the URL ends behind its port: the client's path is then kept. */
  readonly path: string;
}

const WRITTEN = /^(wss?):\/\/([^/?#]*)([^?#]*)(.*)$/s;
const path = urlPath();

export const tunnelUrl: Kind<TunnelUrl> = wholeKind<TunnelUrl>({
  name: 'a WebSocket URL',
  allowed:
    'ws://host:port or wss://host:port, with a path as needed, without query or user (wss is verified)',
  schema: { type: 'string', pattern: '^wss?://[^/?#@\\\\\\s]+(?:/[^?#\\\\\\s]*)?$' },
  decide(input) {
    const match = typeof input === 'string' ? WRITTEN.exec(input) : null;
    if (match === null) return { problem: 'does not start with ws:// or wss://', ...hintFor(input) };
    const [, scheme, authority = '', written = '', rest = ''] = match;
    if (authority.includes('@')) return { problem: 'holds a user name or password' };
    if (rest !== '') return { problem: 'has a query or a fragment; the query is that of the client' };
    const parsed = parseHostAndPort(authority);
    if (parsed === undefined) return { problem: 'has no valid host and port' };
    if (parsed.port === 0) return { problem: 'has port 0, to which nothing can connect' };
    if (written !== '') {
      const fault = path.parse(written);
      if ('faults' in fault) return { problem: `has a path that ${fault.faults[0]?.problem ?? 'is none'}` };
    }
    const isTls = scheme === 'wss';
    const ownPort = isTls ? 443 : 80;
    const port = parsed.port ?? ownPort;
    const { hostname } = new URL(`http://${authority}/`);
    return {
      value: {
        isTls,
        host: parsed.host,
        port,
        authority: port === ownPort ? hostname : `${hostname}:${port}`,
        path: written,
      },
    };
  },
  show: ({ isTls, authority, path: shown }) => `${isTls ? 'wss' : 'ws'}://${authority}${shown}`,
});

/** A Host as an upstream is sent it. */
export const hostHeader: Kind<string> = wholeKind<string>({
  name: 'a host',
  allowed: 'host or host:port',
  schema: { type: 'string', pattern: '^[^/?#@\\\\\\s]+$' },
  decide(input) {
    const isHost = typeof input === 'string' && parseHostAndPort(input) !== undefined;
    return isHost ? { value: input } : { problem: 'is not host or host:port' };
  },
  show: (value) => value,
});

function hintFor(input: unknown): { hint?: string } {
  const match = typeof input === 'string' ? /^http(s?):\/\/(.+)$/.exec(input) : null;
  return match === null ? {} : { hint: `did you mean ws${match[1]}://${match[2]}?` };
}
