// The port to what helps two callers to reach each other: ICE servers as browsers take them. Types only.

import type { UserId } from '../matrix/ids.ts';

/** An RTCIceServer: handed to clients as it is. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface IceGrant {
  /** How long the credentials still open a relay; without any, how long the answer holds. At least 1. */
  readonly ttlSeconds: number;
  /** From when on asking again gives credentials that live longer. */
  readonly refreshAtMs: number;
  readonly iceServers: readonly IceServer[];
}

/** Somebody whose identity was established; whoever is not sure asks for nobody. */
export interface IceAsker {
  readonly userId: UserId;
  /** The asker's own access token; without one, Synapse cannot be asked. */
  readonly token: string | undefined;
  /** Told to Synapse with the question: it shows the address of each request in the user's list of sessions. */
  readonly clientAddress?: string;
}

export interface IceServers {
  /** Without credentials, so that anybody may have them. */
  readonly forAnybody: readonly IceServer[];
  /** Never rejects, and never waits long: without a relay most calls still connect. */
  forUser(asker: IceAsker): Promise<IceGrant>;
}

/** Relays and credentials as the homeserver hands them out (`/voip/turnServer`). */
export interface TurnServer {
  readonly uris: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly ttlSeconds: number;
}

/**
 * Asks with the caller's own token, and gives up after a time of its own. Undefined when the homeserver has no relay
 * for this user; rejects when it cannot say.
 */
export type AskTurnServer = (token: string, clientAddress?: string) => Promise<TurnServer | undefined>;
