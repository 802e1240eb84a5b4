// Credentials for a coturn with use-auth-secret (draft-uberti-behave-turn-rest): made anew from secret, user and time.
// Pure. Who may have them is decided by whoever calls; which relay they open, by its static-auth-secret.

import { createHmac } from 'node:crypto';

import type { UserId } from '../matrix/ids.ts';

export interface TurnCredentials {
  /** `<expiry in epoch seconds>:<tag of the user>`. */
  readonly username: string;
  readonly credential: string;
  readonly expiresAtMs: number;
  /** From then on, the same call gives credentials that expire later. */
  readonly refreshAtMs: number;
}

export interface TurnCredentialsRequest {
  readonly secret: string;
  readonly userId: UserId;
  /** They live at most so long, and at least half of it. */
  readonly ttlMs: number;
  readonly nowMs: number;
}

/**
 * The expiry stands on a grid of half a lifetime: whoever asks a thousand times gets the same credentials a thousand
 * times, on every gateway and without a table of who asked. That is the limit of what one user is issued.
 */
export function turnCredentials(request: TurnCredentialsRequest): TurnCredentials {
  const { secret, userId, ttlMs, nowMs } = request;
  const ttlSeconds = Math.floor(ttlMs / 1_000);
  const stepSeconds = Math.ceil(ttlSeconds / 2);
  const tag = userTag(secret, userId);
  // Each user has a grid of its own, or all clients of a server would come back in the same second.
  const phaseSeconds = Number.parseInt(tag.slice(0, 8), 16) % stepSeconds;
  const latestSeconds = Math.floor(nowMs / 1_000) + ttlSeconds;
  const stepsBack = (latestSeconds - phaseSeconds) % stepSeconds;
  const expirySeconds = latestSeconds - stepsBack;
  const username = `${expirySeconds}:${tag}`;
  return {
    username,
    credential: createHmac('sha1', secret).update(username).digest('base64'),
    expiresAtMs: expirySeconds * 1_000,
    refreshAtMs: (expirySeconds + stepSeconds - ttlSeconds) * 1_000,
  };
}

/**
 * The same for a user at all times, because coturn counts its user-quota by it. Keyed, because user ids can be
 * guessed: a bare hash in the relay's log or on the wire would tell who calls to anybody with a list of names.
 */
function userTag(secret: string, userId: UserId): string {
  return createHmac('sha256', secret).update(`user ${userId}`).digest('hex').slice(0, 32);
}
