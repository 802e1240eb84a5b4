// The port to the homeserver: what the gateway itself asks of Synapse, apart from what it forwards. Types only; one
// contract suite runs on every implementation. No question rejects: what cannot be said is `unavailable`, which is
// neither an identity nor a refusal.

import type { DeviceId, RoomId, UserId } from './ids.ts';

/** Synapse itself refuses the token: unknown, expired, logged out, or of an account that is locked or closed. */
export interface UnknownToken {
  readonly kind: 'unknown-token';
}

/** Synapse is down, slow or overloaded, or what answered made no sense. Asking again may help. */
export interface Unavailable {
  readonly kind: 'unavailable';
}

export interface KnownToken {
  readonly kind: 'known';
  readonly userId: UserId;
  /** Tokens of application services have none. */
  readonly deviceId?: DeviceId;
  readonly isGuest: boolean;
}

export interface Member {
  readonly userId: UserId;
  readonly displayName?: string;
}

export interface TurnServer {
  readonly kind: 'servers';
  readonly uris: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly ttlSeconds: number;
}

export type Whoami = KnownToken | UnknownToken | Unavailable;

export type JoinedMembers =
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  /** The user of the token is not joined, or there is no such room: Synapse says the same of both. */
  | { readonly kind: 'not-in-room' }
  | UnknownToken
  | Unavailable;

export type DisplayName =
  | { readonly kind: 'profile'; readonly displayName?: string }
  /** No such user, or one whose profile Synapse does not show to this one. */
  | { readonly kind: 'no-profile' }
  | UnknownToken
  | Unavailable;

/** `none`: Synapse has no TURN servers, or none for this user (guests). */
export type TurnServers = TurnServer | { readonly kind: 'none' } | UnknownToken | Unavailable;

/**
 * `clientAddress`, where it is known, is the resolved bare address of the client on whose behalf is asked: Synapse
 * shows the address of every authenticated request in the user's own list of sessions.
 */
export interface Homeserver {
  /** Whether the homeserver answers its health check now. */
  isReachable(): Promise<boolean>;
  whoami(token: string, clientAddress?: string): Promise<Whoami>;
  joinedMembers(token: string, roomId: RoomId, clientAddress?: string): Promise<JoinedMembers>;
  displayName(token: string, userId: UserId, clientAddress?: string): Promise<DisplayName>;
  turnServer(token: string, clientAddress?: string): Promise<TurnServers>;
}
