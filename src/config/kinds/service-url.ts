// Where a service behind Portico is asked: scheme, host, port and path. Owns what such a URL may hold. Refuses what
// `new URL` would silently repair, because the operator would not see what is asked instead.

import { parseHostAndPort } from './host.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';
import { urlPath } from './url-path.ts';

export interface ServiceUrl {
  readonly isTls: boolean;
  /** In lower case, without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** What `Host` says: the port only where it is not the scheme's own. */
  readonly authority: string;
  /** Empty when the URL ends behind its port: the client's path is then kept. */
  readonly path: string;
}

/** Two schemes for each other's mistakes: who writes the one may have meant the other. */
const OTHER_SCHEME = { http: 'ws', ws: 'http' } as const;
const WRITTEN = /^(https?|wss?):\/\/([^/?#]*)([^?#]*)(.*)$/s;
const path = urlPath();

/** @param plain the scheme without TLS; with an `s` behind it, TLS is spoken and the certificate verified */
function serviceUrl(plain: 'http' | 'ws', name: string): Kind<ServiceUrl> {
  const schemes = `${plain}:// or ${plain}s://`;
  return wholeKind<ServiceUrl>({
    name,
    allowed: `${plain}://host:port or ${plain}s://host:port, with a path as needed, without query or user (${plain}s is verified)`,
    schema: { type: 'string', pattern: `^${plain}s?://[^/?#@\\\\\\s]+(?:/[^?#\\\\\\s]*)?$` },
    decide(input) {
      const match = typeof input === 'string' ? WRITTEN.exec(input) : null;
      const [, scheme = '', authority = '', written = '', rest = ''] = match ?? [];
      const isTls = scheme === `${plain}s`;
      if (!isTls && scheme !== plain) {
        return { problem: `does not start with ${schemes}`, ...hintFor(plain, input) };
      }
      if (authority.includes('@')) return { problem: 'holds a user name or password' };
      if (rest !== '') return { problem: 'has a query or a fragment; the query is that of the client' };
      const parsed = parseHostAndPort(authority);
      if (parsed === undefined) return { problem: 'has no valid host and port' };
      if (parsed.port === 0) return { problem: 'has port 0, to which nothing can connect' };
      if (written !== '') {
        const fault = path.parse(written);
        if ('faults' in fault) return { problem: `has a path that ${fault.faults[0]?.problem ?? 'is none'}` };
      }
      const ownPort = isTls ? 443 : 80;
      const port = parsed.port ?? ownPort;
      const hostname = hostnameOf(authority);
      if (hostname === undefined) return { problem: 'has a host that is another one to a URL' };
      return {
        value: {
          isTls,
          host: hostname.replaceAll(/[[\]]/g, ''),
          port,
          authority: port === ownPort ? hostname : `${hostname}:${port}`,
          path: written,
        },
      };
    },
    show: ({ isTls, authority, path: shown }) => `${plain}${isTls ? 's' : ''}://${authority}${shown}`,
  });
}

export const httpServiceUrl: Kind<ServiceUrl> = serviceUrl('http', 'the URL of an HTTP service');
export const tunnelUrl: Kind<ServiceUrl> = serviceUrl('ws', 'a WebSocket URL');

/**
 * In lower case, an IPv6 address in its brackets and as short as it gets. Undefined for what the URL parser refuses or
 * reads as another host (`0x7f` as 0.0.0.127): it would be connected to by the one and asked by the other.
 */
function hostnameOf(authority: string): string | undefined {
  const url = URL.parse(`http://${authority}/`);
  if (url === null) return undefined;
  const isSame = authority.startsWith('[') || url.hostname === authority.toLowerCase().replace(/:.*$/, '');
  return isSame ? url.hostname : undefined;
}

function hintFor(plain: 'http' | 'ws', input: unknown): { hint?: string } {
  const other = typeof input === 'string' ? /^(http|ws)(s?):\/\/(.+)$/.exec(input) : null;
  if (other === null || other[1] !== OTHER_SCHEME[plain]) return {};
  return { hint: `did you mean ${plain}${other[2]}://${other[3]}?` };
}
