// Where to listen: a port, host:port, or unix:/path. Owns the syntax only.
// Binds nothing, and does not judge whether an address is safe to expose.

import { findSocketPathProblem, parseHostAndPort, parsePort, showHostAndPort } from './host.ts';
import type { Kind, Verdict } from './kind.ts';
import { wholeKind } from './kind.ts';

export type ListenAddress =
  /** Without `host`, every address of the machine; port 0 lets the system choose one. */
  | { readonly kind: 'tcp'; readonly host?: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export const listenAddress: Kind<ListenAddress> = wholeKind<ListenAddress>({
  name: 'an address to listen on',
  allowed:
    'a port, host:port or unix:/path, such as 3000, 127.0.0.1:3000, "[::1]:3000" or unix:/run/portico.sock',
  schema: {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 65_535 },
      { type: 'string', pattern: '^(?:[0-9]{1,5}|[^/:\\s]+:[0-9]{1,5}|\\[[^\\]]+\\]:[0-9]{1,5}|unix:/.+)$' },
    ],
  },
  decide(input) {
    if (typeof input === 'number') return decideText(String(input));
    return typeof input === 'string' ? decideText(input) : { problem: 'is not an address to listen on' };
  },
  show: showListenAddress,
});

export function showListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host === undefined
    ? String(address.port)
    : showHostAndPort({ host: address.host, port: address.port });
}

function decideText(text: string): Verdict<ListenAddress> {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    const problem = findSocketPathProblem(path);
    return problem === undefined ? { value: { kind: 'unix', path } } : { problem };
  }
  const port = parsePort(text);
  if (port !== undefined) return { value: { kind: 'tcp', port } };
  const parsed = parseHostAndPort(text);
  if (parsed?.port !== undefined) return { value: { kind: 'tcp', host: parsed.host, port: parsed.port } };
  return { problem: 'is not an address to listen on', ...hintFor(text, parsed !== undefined) };
}

function hintFor(text: string, isHostAlone: boolean): { hint?: string } {
  if (isHostAlone && !/^[0-9]+$/.test(text)) return { hint: `it lacks a port: did you mean ${text}:3000?` };
  if (/^:[0-9]+$/.test(text)) return { hint: `did you mean ${text.slice(1)}?` };
  const ipv6 = /^([0-9a-f:]*::[0-9a-f:]*):([0-9]+)$/i.exec(text);
  return ipv6 === null
    ? {}
    : { hint: `an IPv6 address needs brackets: did you mean "[${ipv6[1]}]:${ipv6[2]}"?` };
}
