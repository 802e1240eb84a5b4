// The ICE servers for a client that has not said who it is: credentials only if it shows a token, or if exactly one
// user stands behind its address; and never for another site's page, which asks from its visitor's address.

import type { IncomingMessage } from 'node:http';

import { GatewayError } from '../errors.ts';
import { exchangeOf } from '../http/exchange.ts';
import { refuseOrigin } from '../http/origins.ts';
import type { Callers } from '../http/own-api.ts';
import type { IceServer, IceServers } from './ice.ts';

export interface IceOfferParts {
  readonly ice: IceServers;
  readonly callers: Callers;
  /** `signaling.origins` */
  readonly origins: readonly string[];
}

/** @returns what is to be asked with a request; it never rejects, for the document is of use without credentials */
export function createIceOffer({ ice, callers, origins }: IceOfferParts) {
  return async (request: IncomingMessage): Promise<readonly IceServer[]> => {
    const { head, origin } = exchangeOf(request);
    if (refuseOrigin(head, origin, origins) !== undefined) return ice.forAnybody;
    try {
      const [caller, ...others] = await callers.identifyEach(request, {});
      if (caller === undefined || others.length > 0) return ice.forAnybody;
      return (await ice.forUser(caller)).iceServers;
    } catch (error) {
      if (error instanceof GatewayError) return ice.forAnybody;
      throw error;
    }
  };
}
