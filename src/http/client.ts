// Who asks, and by which origin: the client's address, the scheme and host it used, its request id.
// Pure. Forwarding headers count only from a trusted proxy; of others they are ignored (and never sent on).

import { bareAddress, type AddressRanges } from './address.ts';
import { isAuthority, type RequestHead } from './head.ts';

/** The connection that a request came by. */
export interface Peer {
  /** Remote address as the socket gives it; undefined on a Unix socket. */
  readonly address: string | undefined;
  readonly isUnix: boolean;
  readonly isTls: boolean;
  /** `host:port` or path of the listener, for requests without a Host. */
  readonly localAuthority: string;
}

export interface Client {
  /** Bare IP address (no port, no brackets, no `::ffff:`). */
  readonly address: string;
  readonly scheme: 'http' | 'https';
  /** The authority that the client used, with its port unless it is the scheme's own. */
  readonly host: string;
  /** Whether the peer is a trusted proxy, so that its request id is taken over. */
  readonly isViaTrustedProxy: boolean;
  /** A trusted proxy's request id, if it sent a usable one. */
  readonly requestId: string | undefined;
}

/** A local process is behind a Unix socket; Synapse wants an address, and this is the true one of "this machine". */
const LOCAL_ADDRESS = '127.0.0.1';
/** Longer chains are somebody's invention; resolving stops there. */
const MAX_HOPS = 32;
const REQUEST_ID = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

export function readClient(
  head: Pick<RequestHead, 'host' | 'rawHeaders'>,
  peer: Peer,
  trusted: AddressRanges,
): Client {
  const peerAddress = peer.address === undefined ? undefined : bareAddress(peer.address);
  const isViaTrustedProxy = peer.isUnix
    ? trusted.hasUnixPeers
    : peerAddress !== undefined && trusted.has(peerAddress);
  const scheme = peer.isTls ? 'https' : 'http';
  const host = head.host ?? peer.localAuthority;
  const direct = { address: peerAddress ?? LOCAL_ADDRESS, scheme, host } as const;
  if (!isViaTrustedProxy) {
    return { ...direct, host: withoutDefaultPort(host, scheme), isViaTrustedProxy, requestId: undefined };
  }

  const said = readForwarding(head.rawHeaders);
  const { address, hops } = walkChain(said.chain, direct.address, trusted);
  const saidScheme = memberAt(said.protos, hops)?.toLowerCase();
  const outerScheme = saidScheme === 'https' || saidScheme === 'http' ? saidScheme : scheme;
  const saidHost = memberAt(said.hosts, hops);
  const outerHost = saidHost !== undefined && isAuthority(saidHost) ? saidHost : host;
  return {
    address,
    scheme: outerScheme,
    host: withoutDefaultPort(outerHost, outerScheme),
    isViaTrustedProxy,
    requestId: said.requestId !== undefined && REQUEST_ID.test(said.requestId) ? said.requestId : undefined,
  };
}

/**
 * Walks from the nearest hop outwards and stops at the first that is no trusted proxy: farther ones may be forged.
 * `hops` counts the trusted proxies between that client and our peer.
 */
function walkChain(
  chain: readonly string[],
  peerAddress: string,
  trusted: AddressRanges,
): { address: string; hops: number } {
  let address = peerAddress;
  let hops = -1;
  for (const hop of chain.slice(-MAX_HOPS).toReversed()) {
    const next = bareAddress(hop);
    if (next === undefined) break;
    address = next;
    hops += 1;
    if (!trusted.has(address)) break;
  }
  return { address, hops: Math.max(hops, 0) };
}

/**
 * What the proxy said that the client itself spoke to: each proxy may have added a member behind those it was given,
 * so that counting starts at the end; what stands before may be the client's own invention.
 */
function memberAt(members: readonly string[], hops: number): string | undefined {
  return members[Math.max(members.length - 1 - hops, 0)];
}

interface Forwarding {
  chain: string[];
  protos: string[];
  hosts: string[];
  requestId: string | undefined;
}

function readForwarding(rawHeaders: readonly string[]): Forwarding {
  const lists = {
    for: [] as string[],
    proto: [] as string[],
    host: [] as string[],
    forwarded: [] as string[],
  };
  let requestId: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] ?? '';
    // A field may come in several lines, which mean the same as one line with all their members.
    switch (rawHeaders[i]?.toLowerCase()) {
      case 'x-forwarded-for':
        lists.for.push(...splitList(value));
        break;
      case 'x-forwarded-proto':
        lists.proto.push(...splitList(value));
        break;
      case 'x-forwarded-host':
        lists.host.push(...splitList(value));
        break;
      case 'forwarded':
        lists.forwarded.push(...splitList(value));
        break;
      case 'x-request-id':
        requestId ??= value;
        break;
      default:
    }
  }
  // One family or the other: what a proxy that speaks X-Forwarded-* leaves out must not be filled in by a `Forwarded`
  // that it passed through from its client.
  if (lists.for.length + lists.proto.length + lists.host.length > 0) {
    return { chain: lists.for, protos: lists.proto, hosts: lists.host, requestId };
  }
  const elements = lists.forwarded.map(readForwardedElement);
  // Gaps are kept, or members would no longer stand at the place of the hop that said them.
  const members = (name: string): string[] => elements.map((element) => element.get(name) ?? '');
  return { chain: members('for'), protos: members('proto'), hosts: members('host'), requestId };
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** One element of RFC 7239 `Forwarded`: `for="[2001:db8::1]:80";proto=https;host=example.org`. */
function readForwardedElement(element: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of element.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const value = pair.slice(equals + 1).trim();
    pairs.set(pair.slice(0, equals).trim().toLowerCase(), /^"(.*)"$/.exec(value)?.[1] ?? value);
  }
  return pairs;
}

function withoutDefaultPort(host: string, scheme: 'http' | 'https'): string {
  return scheme === 'https' ? host.replace(/:443$/, '') : host.replace(/:80$/, '');
}

/** The origin that the client reached us by, e.g. `https://chat.example.org` or `http://127.0.0.1:3000`. */
export function requestOrigin(client: Client, publicUrl: string | undefined): string {
  return publicUrl ?? `${client.scheme}://${client.host}`;
}
