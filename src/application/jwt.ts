// An application that signs tokens (RFC 7519): whether the one that a page shows is good, and about whom its path
// names. The key decides which algorithms there are, never the token. Owns the keys that an application publishes.

import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import type { JwtConfig } from '../config/sections/page-auth.ts';
import type { Application, Judged, Subject } from './application.ts';
import { createBoundedGet, type BoundedGet, type GetLimits } from './bounded-get.ts';
import type { ClaimsVerdict } from './claims.ts';
import { shownToken } from './shown-token.ts';
import type { JsonMap } from './user.ts';

export interface JwtParts<S extends Subject> {
  readonly config: JwtConfig;
  readonly judgeClaims: (claims: JsonMap, subject: S) => ClaimsVerdict;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly limits?: Partial<JwksLimits>;
}

export interface JwksLimits extends GetLimits {
  /** A token with an unknown key has the keys fetched again, but not sooner than this after the last time. */
  readonly cooldownMs: number;
  /** The same after a failure: each token would otherwise be another question to a server that is in trouble. */
  readonly failureCooldownMs: number;
  /** A key that the application has withdrawn is good for so long at most. */
  readonly maxAgeMs: number;
}

const DEFAULT_LIMITS: JwksLimits = {
  timeoutMs: 5_000,
  maxBodyBytes: 65_536,
  maxConnections: 1,
  maxPending: 1,
  cooldownMs: 30_000,
  failureCooldownMs: 2_000,
  maxAgeMs: 600_000,
};

/** The clocks of two machines differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 30;
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];
/** No symmetric one: what is published is no secret. */
const PUBLISHED_ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** What is wrong with the token. Anything else that goes wrong is the keys' or ours, and no word about the page. */
const TOKEN_FAULTS = new Set([
  'ERR_JOSE_ALG_NOT_ALLOWED',
  'ERR_JOSE_NOT_SUPPORTED',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWS_INVALID',
  'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'ERR_JWT_CLAIM_VALIDATION_FAILED',
  'ERR_JWT_EXPIRED',
  'ERR_JWT_INVALID',
]);

type Verify = (token: string, options: JWTVerifyOptions) => Promise<{ readonly payload: JWTPayload }>;

/** @throws when `config` holds no key */
export function createJwtApplication<S extends Subject>(parts: JwtParts<S>): Application<S> {
  const { config, clock, log } = parts;
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const client = createBoundedGet(clock, limits);
  const { verify, algorithms } = openKeys(config, client, clock, limits);
  const required = {
    algorithms: [...algorithms],
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
    ...(config.audience === undefined ? {} : { audience: config.audience }),
  };

  return {
    async judge({ requestHead, requestId }, subject): Promise<Judged> {
      const token = shownToken(requestHead);
      if (token === undefined) return { kind: 'refused', why: 'unauthenticated' };
      try {
        const { payload } = await verify(token, { ...required, currentDate: new Date(clock.nowMs()) });
        const verdict = parts.judgeClaims(payload, subject);
        if ('refused' in verdict) {
          log.info({ request_id: requestId, cause: verdict.refused }, 'a token is not that of its page');
          return { kind: 'refused', why: 'forbidden' };
        }
        return { kind: 'known', user: { ...verdict.user, expiresAtMs: expiryOf(payload) } };
      } catch (error) {
        const { code, cause } = describe(error);
        if (TOKEN_FAULTS.has(code)) {
          log.info({ request_id: requestId, cause }, 'a token was refused');
          return { kind: 'refused', why: 'unauthenticated' };
        }
        log.warn({ request_id: requestId, cause }, 'the application did not judge a page');
        return { kind: 'unavailable' };
      }
    },
    close: () => client.close(),
  };
}

function openKeys(
  { secret, publicKey, jwksUrl }: JwtConfig,
  client: BoundedGet,
  clock: Clock,
  limits: JwksLimits,
): { readonly verify: Verify; readonly algorithms: readonly string[] } {
  if (secret !== undefined)
    return { verify: withKey(createSecretKey(secret, 'utf8')), algorithms: SECRET_ALGORITHMS };
  if (publicKey !== undefined)
    return { verify: withKey(createPublicKey(publicKey.pem)), algorithms: publicKey.algorithms };
  if (jwksUrl === undefined) throw new Error('no key is given');
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    cooldownDuration: limits.cooldownMs,
    cacheMaxAge: limits.maxAgeMs,
    [customFetch]: fetchBounded(client, clock, limits.failureCooldownMs),
  });
  return { verify: (token, options) => jwtVerify(token, keys, options), algorithms: PUBLISHED_ALGORITHMS };
}

function withKey(key: KeyObject): Verify {
  return (token, options) => jwtVerify(token, key, options);
}

/** In place of fetch, which knows no limit of size and would follow the clock of the machine. */
function fetchBounded(
  client: BoundedGet,
  clock: Clock,
  failureCooldownMs: number,
): (url: string) => Promise<Response> {
  let lastFailure: { readonly atMs: number; readonly cause: string } | undefined;
  return async (url) => {
    if (lastFailure !== undefined && clock.monotonicMs() - lastFailure.atMs < failureCooldownMs)
      throw new Error(lastFailure.cause);
    try {
      const { status, body } = await client.get(new URL(url), ['Accept', 'application/json']);
      if (status !== 200) throw new Error(`status ${status} in place of keys`);
      if (body === undefined) throw new Error('keys that are too large');
      lastFailure = undefined;
      return new Response(new Uint8Array(body));
    } catch (error) {
      lastFailure = { atMs: clock.monotonicMs(), cause: describe(error).cause };
      throw error;
    }
  };
}

/** Messages of the library may quote the token: only its codes, and the names of claims that it knows, are logged. */
function describe(error: unknown): { readonly code: string; readonly cause: string } {
  if (!(error instanceof Error)) return { code: '', cause: 'unknown' };
  if (!('code' in error)) return { code: '', cause: error.message };
  const code = String(error.code);
  return { code, cause: 'claim' in error ? `${code} ${String(error.claim)}` : code };
}

/** A token that is taken although it has expired a moment ago must not end what it opens at once. */
function expiryOf({ exp = 0 }: JWTPayload): number {
  return Math.min((exp + CLOCK_TOLERANCE_SECONDS) * 1_000, Number.MAX_SAFE_INTEGER);
}
