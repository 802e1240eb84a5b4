// Who is this? One function for every door (call API, sockets of every dialect): what a request or socket shows becomes
// an identity or a refusal. Also how tokens stand in a request head, and which addresses may vouch. It answers nobody,
// and remembers nothing: matrix/cached.ts and matrix/vouch.ts do.

import type { SignalingConfig } from '../config/sections/signaling.ts';
import type { ErrorCode } from '../errors.ts';
import { parseDeviceId, parseUserId, type DeviceId, type UserId } from '../matrix/ids.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import type { AskJoinedMembers, Recheck, VouchedUser, Vouching } from '../matrix/vouch.ts';
import type { AddressRanges } from './address.ts';
import type { Client } from './client.ts';
import type { RequestHead } from './head.ts';

/** What is shown, as it came; an empty text is as good as none (`{"accessToken": ""}` of clients without a token). */
export interface Shown {
  readonly token?: string | undefined;
  readonly claimedUserId?: string | undefined;
  readonly claimedDeviceId?: string | undefined;
  readonly clientAddress: string;
  /** As isAddressUsable() judges it. */
  readonly isAddressUsable: boolean;
}

export interface Identity {
  readonly userId: UserId;
  readonly deviceId?: DeviceId;
  readonly trust: 'verified' | 'vouched' | 'claimed';
  /**
   * For what stays open: whether it still holds. `unknown`: the homeserver cannot say now. An answer may be as old as the
   * cache of the homeserver allows. Absent where nothing was ever proved.
   */
  readonly recheck?: Recheck;
  /** Absent where nothing was ever proved. */
  readonly joinedMembers?: AskJoinedMembers;
}

export interface Refusal {
  readonly refused: ErrorCode;
}

/** What every door judges with. */
export interface Door {
  readonly mode: SignalingConfig['identity'];
  readonly homeserver: Pick<Homeserver, 'whoami' | 'joinedMembers'>;
  readonly vouching: Pick<Vouching, 'vouchedUser' | 'vouchedUsers'>;
}

/** For requests that name their user, by a token or by a claim. */
export async function authenticate(shown: Shown, door: Door): Promise<Identity | Refusal> {
  if (isShown(shown.token)) return verify(shown.token, shown, door);
  const claimedUserId = parseUserId(shown.claimedUserId);
  if (claimedUserId === undefined) return { refused: 'IDENTITY_REQUIRED' };
  const claimedDeviceId = parseDeviceId(shown.claimedDeviceId);
  switch (door.mode) {
    case 'verified':
      return { refused: 'IDENTITY_REQUIRED' };
    case 'claimed':
      return claimedIdentity(claimedUserId, claimedDeviceId);
    case 'vouched': {
      if (!shown.isAddressUsable) return { refused: 'IDENTITY_REQUIRED' };
      const answer = await door.vouching.vouchedUser(shown.clientAddress, claimedUserId, claimedDeviceId);
      if (answer.kind === 'vouched') return vouchedIdentity(answer);
      return { refused: answer.kind === 'unavailable' ? 'IDENTITY_UNAVAILABLE' : 'IDENTITY_REQUIRED' };
    }
    default:
      return door.mode satisfies never;
  }
}

/**
 * For requests that may name nobody at all (the original clients' `GET …/status`): everybody whom the sender may be,
 * at least one. Who names a user is that user or refused.
 */
export async function authenticateEach(shown: Shown, door: Door): Promise<readonly Identity[] | Refusal> {
  if (isShown(shown.token) || isShown(shown.claimedUserId)) {
    const identity = await authenticate(shown, door);
    return 'refused' in identity ? identity : [identity];
  }
  if (door.mode !== 'vouched' || !shown.isAddressUsable) return { refused: 'IDENTITY_REQUIRED' };
  const users = await door.vouching.vouchedUsers(shown.clientAddress);
  if (users === 'unavailable') return { refused: 'IDENTITY_UNAVAILABLE' };
  return users.length === 0 ? { refused: 'IDENTITY_REQUIRED' } : users.map((user) => vouchedIdentity(user));
}

/** A token that is shown is judged in every mode: who shows a bad one is not taken for a neighbour by address. */
async function verify(token: string, shown: Shown, { mode, homeserver }: Door): Promise<Identity | Refusal> {
  const clientAddress = shown.isAddressUsable ? shown.clientAddress : undefined;
  const answer = await homeserver.whoami(token, clientAddress);
  if (answer.kind === 'known') {
    if (isShown(shown.claimedUserId) && shown.claimedUserId !== answer.userId)
      return { refused: 'IDENTITY_MISMATCH' };
    const deviceId = answer.deviceId ?? parseDeviceId(shown.claimedDeviceId);
    const { userId } = answer;
    const recheck: Recheck = async () => {
      const again = await homeserver.whoami(token, clientAddress);
      if (again.kind === 'unavailable') return 'unknown';
      return again.kind === 'known' && again.userId === userId ? 'valid' : 'revoked';
    };
    const joinedMembers: AskJoinedMembers = (roomId) =>
      homeserver.joinedMembers(token, roomId, clientAddress);
    return {
      userId,
      trust: 'verified',
      recheck,
      joinedMembers,
      ...(deviceId === undefined ? {} : { deviceId }),
    };
  }
  const claimedUserId = parseUserId(shown.claimedUserId);
  if (mode === 'claimed' && claimedUserId !== undefined)
    return claimedIdentity(claimedUserId, parseDeviceId(shown.claimedDeviceId));
  return { refused: answer.kind === 'unknown-token' ? 'IDENTITY_UNKNOWN_TOKEN' : 'IDENTITY_UNAVAILABLE' };
}

function claimedIdentity(userId: UserId, deviceId: DeviceId | undefined): Identity {
  return { userId, trust: 'claimed', ...(deviceId === undefined ? {} : { deviceId }) };
}

function vouchedIdentity({ userId, deviceId, recheck, joinedMembers }: VouchedUser): Identity {
  return {
    userId,
    trust: 'vouched',
    recheck,
    joinedMembers,
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}

export function isShown(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/**
 * Whether the client's address stands for the client. Not that of a trusted proxy, which said nothing of its client,
 * nor that of a peer who says that it is a proxy and is not known as one: everybody behind either has the same. Nor
 * the stand-in for the peers of a Unix socket.
 * @param peerAddress the socket's remote address, undefined on a Unix socket
 */
export function isAddressUsable(
  head: RequestHead,
  client: Client,
  peerAddress: string | undefined,
  trusted: AddressRanges,
): boolean {
  if (trusted.has(client.address)) return false;
  if (!client.isViaTrustedProxy) return peerAddress !== undefined && !speaksForOthers(head);
  return peerAddress !== undefined || !LOOPBACK.test(client.address);
}

const LOOPBACK = /^(?:127\.|::1$)/;
const FORWARDING = new Set(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']);

function speaksForOthers({ rawHeaders }: RequestHead): boolean {
  return rawHeaders.some((name, index) => index % 2 === 0 && FORWARDING.has(name.toLowerCase()));
}

/** The token of `Authorization`: for our own API, where a query must hold none (it ends up in logs and histories). */
export function bearerOf(head: RequestHead): string | undefined {
  const values = authorizations(head);
  // Two of them can be read in two ways; Synapse refuses them as well.
  return values.length === 1 ? /^bearer +([^ ]+) *$/i.exec(values[0] ?? '')?.[1] : undefined;
}

/** What says `access_token` in a query, in letters or, perhaps, encoded: nearly no query needs to be parsed for it. */
const PERHAPS_TOKEN = /(?:^|&)(?:access_token|[^=&]*%)/;

/** The token of a request to Synapse: `Authorization`, else the `access_token` of old clients. */
export function tokenOf(head: RequestHead): string | undefined {
  const query = head.query ?? '';
  const inQuery = PERHAPS_TOKEN.test(query) ? new URLSearchParams(query).getAll('access_token') : [];
  if (authorizations(head).length > 0) return inQuery.length === 0 ? bearerOf(head) : undefined;
  return inQuery.length === 1 && inQuery[0] !== '' ? inQuery[0] : undefined;
}

function authorizations({ rawHeaders }: RequestHead): readonly string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  );
}

/** Whether this request, once Synapse has answered it, leaves its token without meaning. */
export function isLogout(head: RequestHead): boolean {
  return head.method === 'POST' && /^\/_matrix\/client\/[^/]+\/logout(?:\/all)?$/.test(head.path);
}

/** What the operator has to be told at every start about settings that let more in than they should. */
export function identityWarnings(
  config: Pick<SignalingConfig, 'identity' | 'origins' | 'profile' | 'room'>,
): readonly string[] {
  const { profile, room } = config;
  return [
    ...(config.identity === 'claimed'
      ? ['signaling.identity is claimed: anybody can be any user; for laboratories only']
      : []),
    ...(config.origins.includes('*')
      ? ['signaling.origins has *: any web page may open sockets and call the API']
      : []),
    ...(profile.enabled && profile.auth === 'claimed'
      ? ['signaling.profile.auth is claimed: any page can be any profile; for laboratories only']
      : []),
    ...(room.enabled && room.rooms === 'open'
      ? ['signaling.room.rooms is open: anybody can be anybody in any room; for laboratories only']
      : []),
    ...(room.enabled && room.rooms === 'registry'
      ? [
          'signaling.room.rooms is registry: nobody is identified there, and ids of users are shown to everybody',
        ]
      : []),
  ];
}
