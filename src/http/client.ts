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

export function readClient(head: RequestHead, peer: Peer, trusted: AddressRanges): Client {
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
  const saidScheme = said.proto?.toLowerCase();
  const outerScheme = saidScheme === 'https' || saidScheme === 'http' ? saidScheme : scheme;
  const outerHost = said.host !== undefined && isAuthority(said.host) ? said.host : host;
  return {
    address: clientOfChain(said.chain, direct.address, trusted),
    scheme: outerScheme,
    host: withoutDefaultPort(outerHost, outerScheme),
    isViaTrustedProxy,
    requestId: said.requestId !== undefined && REQUEST_ID.test(said.requestId) ? said.requestId : undefined,
  };
}

/** Walks from the nearest hop outwards and stops at the first that is no trusted proxy: farther ones may be forged. */
function clientOfChain(chain: readonly string[], peerAddress: string, trusted: AddressRanges): string {
  let client = peerAddress;
  for (const hop of chain.slice(-MAX_HOPS).toReversed()) {
    const address = bareAddress(hop);
    if (address === undefined) return client;
    client = address;
    if (!trusted.has(address)) return client;
  }
  return client;
}

interface Forwarding {
  chain: string[];
  proto: string | undefined;
  host: string | undefined;
  requestId: string | undefined;
}

function readForwarding(rawHeaders: readonly string[]): Forwarding {
  const lists: Record<string, string[]> = { 'x-forwarded-for': [], forwarded: [] };
  const single = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    const value = rawHeaders[i + 1] ?? '';
    if (name === 'x-forwarded-for' || name === 'forwarded') lists[name]?.push(...splitList(value));
    else if (name === 'x-forwarded-proto' || name === 'x-forwarded-host' || name === 'x-request-id') {
      // The first member is the outermost hop's, which the client itself spoke to.
      single.set(name, splitList(value)[0] ?? '');
    }
  }
  const forwarded = (lists['forwarded'] ?? []).map(readForwardedElement);
  const xForwardedFor = lists['x-forwarded-for'] ?? [];
  return {
    chain:
      xForwardedFor.length > 0 ? xForwardedFor : forwarded.map((element) => element.get('for') ?? 'unknown'),
    proto: single.get('x-forwarded-proto') ?? forwarded[0]?.get('proto'),
    host: single.get('x-forwarded-host') ?? forwarded[0]?.get('host'),
    requestId: single.get('x-request-id'),
  };
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
