// What every route of our own API has in common: the Origin check, CORS, and who asks. No route of its own.

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { AddressRanges } from './address.ts';
import {
  authenticate,
  authenticateEach,
  bearerOf,
  isAddressUsable,
  isShown,
  type Door,
  type Identity,
  type Refusal,
  type Shown,
} from './auth.ts';
import { corsHeaders } from './cors.ts';
import { exchangeOf } from './exchange.ts';
import { refuseOrigin } from './origins.ts';
import type { UserId } from '../matrix/ids.ts';
import type { RequestRates } from './rates.ts';

/** Who asks, and with which token of its own, if it showed one: to ask the homeserver in the caller's name. */
export interface Caller extends Identity {
  readonly token: string | undefined;
  readonly clientAddress: string;
}

export interface Claim {
  readonly accessToken?: string | undefined;
  readonly userId?: string | undefined;
}

export interface Callers {
  /** @throws GatewayError IDENTITY_*, API_RATE_EXCEEDED */
  identify(request: IncomingMessage, claim: Claim): Promise<Caller>;
  /**
   * For requests that may name nobody: each user that stands behind the address.
   * @throws GatewayError IDENTITY_*, API_RATE_EXCEEDED
   */
  identifyEach(request: IncomingMessage, claim: Claim): Promise<readonly Caller[]>;
}

export interface PageCallers extends Callers {
  /**
   * For what web pages ask as well, which can show us nothing over HTTP: who names nobody is taken for the page whose
   * socket is open at the same address.
   * @throws GatewayError IDENTITY_*, API_RATE_EXCEEDED
   */
  identifyWithPages(request: IncomingMessage, claim: Claim): Promise<Caller>;
}

export interface Asking {
  readonly rates: Pick<RequestRates, 'admit'>;
  readonly clock: Clock;
  /** Of a socket that stands for its address alone. */
  readonly pageUserAt: (clientAddress: string) => UserId | undefined;
}

export function createCallers(
  door: Door,
  trustedProxies: AddressRanges,
  { rates, clock, pageUserAt }: Asking,
): PageCallers {
  return {
    async identify(request, claim) {
      const shown = shownBy(request, claim);
      return admitted(await authenticate(shown, door), shown);
    },
    async identifyWithPages(request, claim) {
      const shown = shownBy(request, claim);
      const identity = await authenticate(shown, door);
      const namesNobody = !isShown(shown.token) && !isShown(shown.claimedUserId);
      const isPage = 'refused' in identity && namesNobody && shown.isAddressUsable;
      const userId = isPage ? pageUserAt(shown.clientAddress) : undefined;
      return admitted(userId === undefined ? identity : { userId, trust: 'claimed' }, shown);
    },
    async identifyEach(request, claim) {
      const shown = shownBy(request, claim);
      const identities = await authenticateEach(shown, door);
      if ('refused' in identities) throw new GatewayError(identities.refused);
      const within = identities.filter((identity) => isAdmitted(identity));
      if (within.length === 0) throw new GatewayError('API_RATE_EXCEEDED');
      return within.map((identity) => callerOf(identity, shown));
    },
  };

  function admitted(identity: Identity | Refusal, shown: Shown): Caller {
    if ('refused' in identity) throw new GatewayError(identity.refused);
    if (!isAdmitted(identity)) throw new GatewayError('API_RATE_EXCEEDED');
    return callerOf(identity, shown);
  }

  function isAdmitted({ userId }: Identity): boolean {
    return rates.admit(userId, clock.monotonicMs());
  }

  function shownBy(request: IncomingMessage, { accessToken, userId }: Claim): Shown {
    const { head, client } = exchangeOf(request);
    return {
      token: accessToken ?? bearerOf(head),
      claimedUserId: userId,
      clientAddress: client.address,
      isAddressUsable: isAddressUsable(head, client, request.socket.remoteAddress, trustedProxies),
    };
  }
}

function callerOf(identity: Identity, { token, clientAddress }: Shown): Caller {
  return { ...identity, token, clientAddress };
}

/**
 * Puts what all its routes have in common on `api`, an encapsulated instance with no routes yet: CORS, no caching, and
 * the Origin check.
 * @param origins `signaling.origins`
 */
export function guardOwnApi(api: FastifyInstance, origins: readonly string[]): void {
  api.addHook('onRequest', (request, reply, done) => {
    const { head, origin } = exchangeOf(request.raw);
    const cors = corsHeaders(head.path);
    for (let i = 0; i < cors.length; i += 2) reply.header(cors[i] ?? '', cors[i + 1]);
    reply.header('Cache-Control', 'no-store');
    const refused = refuseOrigin(head, origin, origins);
    done(refused === undefined ? undefined : new GatewayError(refused));
  });
}
