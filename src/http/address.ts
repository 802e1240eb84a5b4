// IP addresses and address ranges: one spelling for each address, and membership in configured CIDRs.
// Pure. It does not know what a range is used for.

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

import type { ProxyPeer } from '../config/kinds/network.ts';

/**
 * The one spelling of an address that is logged, compared and sent on: no port, no brackets, no zone, IPv6 in lower
 * case with its longest zeros left out, IPv4 in IPv6 as IPv4. Undefined if the text is no IP address.
 */
export function bareAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const ipv4 = /^([0-9.]+):[0-9]{1,5}$/.exec(text)?.[1];
  if (ipv4 !== undefined) return isIPv4(ipv4) ? ipv4 : undefined;
  const bracketed = /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(text)?.[1] ?? text;
  const unzoned = bracketed.split('%', 1)[0] ?? '';
  if (!isIPv6(unzoned)) return undefined;
  const canonical = new URL(`http://[${unzoned}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

/** A set of address ranges; `unix` stands for the peers of a Unix socket, which have no address. */
export interface AddressRanges {
  has(address: string): boolean;
  readonly hasUnixPeers: boolean;
}

export function addressRanges(peers: readonly ProxyPeer[]): AddressRanges {
  const list = new BlockList();
  for (const peer of peers) {
    if (peer.kind === 'network') list.addSubnet(peer.address, peer.prefixLength, peer.family);
  }
  const hasNetworks = peers.some((peer) => peer.kind === 'network');
  return {
    // The list makes an object of every address that it is asked for, at every request.
    has: (address) => hasNetworks && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
    hasUnixPeers: peers.some((peer) => peer.kind === 'unix'),
  };
}
