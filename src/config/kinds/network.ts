// Sets of peers: networks in CIDR form, single addresses, and for trusted proxies the word `unix`.
// Owns their syntax. Does not decide whom a set covers: that is asked where a peer's address is known.

import { isIPv4, isIPv6 } from 'node:net';

import type { Kind, Verdict } from './kind.ts';
import { wholeKind } from './kind.ts';

/** `family`, `address` and `prefixLength` are what `net.BlockList` takes. */
export interface Network {
  readonly kind: 'network';
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefixLength: number;
}

/** Peers of a unix listener have no address, so that they are named by their kind. */
export type ProxyPeer = Network | { readonly kind: 'unix' };

const PATTERN = '[0-9a-fA-F.:]+(?:/[0-9]{1,3})?';

export const network: Kind<Network> = wholeKind<Network>({
  name: 'a network',
  allowed: 'an address or a network, such as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32',
  schema: { type: 'string', pattern: `^${PATTERN}$` },
  decide: decideNetwork,
  show: showNetwork,
});

export const proxyPeer: Kind<ProxyPeer> = wholeKind<ProxyPeer>({
  name: 'a network',
  allowed: `${network.allowed}, or unix (the peers of a unix listener)`,
  schema: { type: 'string', pattern: `^(?:unix|${PATTERN})$` },
  decide: (input) => (input === 'unix' ? { value: { kind: 'unix' } } : decideNetwork(input)),
  show: (value) => (value.kind === 'unix' ? 'unix' : showNetwork(value)),
});

function decideNetwork(input: unknown): Verdict<Network> {
  const match = typeof input === 'string' ? /^([0-9a-f.:]+)(?:\/([0-9]+))?$/i.exec(input) : null;
  const written = match?.[1] ?? '';
  const family = isIPv4(written) ? 'ipv4' : isIPv6(written) ? 'ipv6' : undefined;
  if (family === undefined) return { problem: 'is not an address or a network' };

  const width = family === 'ipv4' ? 32 : 128;
  const prefixText = match?.[2] ?? String(width);
  const prefixLength = Number(prefixText);
  if (prefixLength > width || prefixText !== String(prefixLength)) {
    return { problem: `has a prefix length that is not 0 to ${width}` };
  }

  const bits = family === 'ipv4' ? ipv4Bits(written) : ipv6Bits(written);
  const address = formatBits(bits, family);
  // Peers are compared as IPv4 even when a dual-stack socket reports ::ffff:10.0.0.1, so this would never match.
  if (family === 'ipv6' && prefixLength >= 96 && bits >> 32n === 0xffffn) {
    const ipv4 = formatBits(bits & 0xffff_ffffn, 'ipv4');
    return { problem: 'is IPv4 in IPv6 clothes', hint: `did you mean ${ipv4}/${prefixLength - 96}?` };
  }
  const hostBits = BigInt(width - prefixLength);
  const base = (bits >> hostBits) << hostBits;
  if (base !== bits) {
    const hint = `did you mean ${formatBits(base, family)}/${prefixLength} or the single address ${address}?`;
    return { problem: 'is an address inside a network, not the network itself', hint };
  }
  return { value: { kind: 'network', family, address, prefixLength } };
}

function showNetwork({ family, address, prefixLength }: Network): string {
  return prefixLength === (family === 'ipv4' ? 32 : 128) ? address : `${address}/${prefixLength}`;
}

function ipv4Bits(address: string): bigint {
  return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function ipv6Bits(address: string): bigint {
  // The URL parser turns a dotted end into groups, so that only groups and one `::` are left to read.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...gap, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function formatBits(bits: bigint, family: Network['family']): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (bits >> BigInt(112 - 16 * index)) & 0xffffn);
  const written = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${written}]/`).hostname.slice(1, -1);
}
