// Origins and upstreams: a scheme and an authority, nothing behind it. Owns what such a URL may hold.
// Refuses everything that `new URL` would silently repair, because the operator would not see what is used instead.

import { findSocketPathProblem, parseHostAndPort } from './host.ts';
import type { Kind, Verdict } from './kind.ts';
import { wholeKind } from './kind.ts';

const ORIGIN_PATTERN = 'https?://[^/?#@\\\\\\s]+/?';

export type UpstreamAddress =
  | {
      readonly kind: 'tcp';
      /** Scheme, host and port, without a slash at its end. */
      readonly origin: string;
      readonly isTls: boolean;
      /** Without the brackets of an IPv6 address. */
      readonly host: string;
      readonly port: number;
    }
  | { readonly kind: 'unix'; readonly path: string };

/** The origin's serialised form: lower case, no default port, no slash at its end. */
export const originUrl: Kind<string> = wholeKind<string>({
  name: 'an origin',
  allowed: 'https://host or https://host:port, without path, query or user (http:// for a local server)',
  schema: { type: 'string', pattern: `^${ORIGIN_PATTERN}$` },
  decide(input) {
    const verdict = decideOrigin(input, 'https');
    return 'value' in verdict ? { value: verdict.value.origin } : verdict;
  },
  show: (value) => value,
});

export const upstreamUrl: Kind<UpstreamAddress> = wholeKind<UpstreamAddress>({
  name: 'an upstream',
  allowed: 'http://host:port, https://host:port (without path, query or user) or unix:/path',
  schema: { type: 'string', pattern: `^(?:${ORIGIN_PATTERN}|unix:/.+)$` },
  decide(input) {
    if (typeof input === 'string' && input.startsWith('unix:')) {
      const path = input.slice('unix:'.length);
      const problem = findSocketPathProblem(path);
      return problem === undefined ? { value: { kind: 'unix', path } } : { problem };
    }
    const verdict = decideOrigin(input, 'http');
    if (!('value' in verdict)) return verdict;
    const { origin, protocol, hostname, port } = verdict.value;
    const isTls = protocol === 'https:';
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    return {
      value: { kind: 'tcp', origin, isTls, host, port: port === '' ? (isTls ? 443 : 80) : Number(port) },
    };
  },
  show: (value) => (value.kind === 'unix' ? `unix:${value.path}` : value.origin),
});

function decideOrigin(input: unknown, likelyScheme: 'http' | 'https'): Verdict<URL> {
  if (typeof input !== 'string') return { problem: 'is not a URL' };
  const match = /^https?:\/\/([^/?#]*)(.*)$/s.exec(input);
  if (match === null)
    return { problem: 'does not start with http:// or https://', ...hintForBareHost(input, likelyScheme) };
  const [, authority = '', rest = ''] = match;
  if (/[\s\\]/.test(input)) return { problem: 'holds white space or a backslash' };
  if (authority.includes('@')) return { problem: 'holds a user name or password' };
  if (authority === '') return { problem: 'has no host' };
  if (authority.endsWith(':')) return { problem: 'ends in a colon, without a port' };
  if (!URL.canParse(input)) return { problem: 'is not a URL' };
  const url = new URL(input);
  if (url.port === '0') return { problem: 'has port 0, to which nothing can connect' };
  if (rest !== '' && rest !== '/') {
    return { problem: 'has something behind the host and port', hint: `did you mean ${url.origin}?` };
  }
  return { value: url };
}

function hintForBareHost(input: string, scheme: string): { hint?: string } {
  return parseHostAndPort(input) === undefined ? {} : { hint: `did you mean ${scheme}://${input}?` };
}
