// IP addresses and address ranges: one spelling for each address, and membership in configured CIDRs.
// Pure. It does not know what a range is used for.

import { BlockList, isIP } from 'node:net';

import type { ProxyPeer } from '../config/kinds/network.ts';

/** One bare spelling: no port, no brackets, no zone, no `::ffff:` prefix; undefined if it is no IP address. */
export function bareAddress(text: string): string | undefined {
  const unbracketed =
    /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(text)?.[1] ?? /^([0-9.]+):[0-9]{1,5}$/.exec(text)?.[1] ?? text;
  const unzoned = unbracketed.split('%', 1)[0] ?? '';
  const mapped = /^::ffff:([0-9.]+)$/i.exec(unzoned)?.[1] ?? unzoned;
  return isIP(mapped) === 0 ? undefined : mapped.toLowerCase();
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
  return {
    has: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
    hasUnixPeers: peers.some((peer) => peer.kind === 'unix'),
  };
}
