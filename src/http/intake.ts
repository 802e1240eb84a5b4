// What every lane asks first of a request: whether its head can be read in one way only, who asks, and where it goes.
// One function for all of them, so that no two can disagree. It answers and forwards nothing.

import type { ErrorCode } from '../errors.ts';
import { OWN, routeRequest, type Route, type ServicePaths } from '../proxy/route.ts';
import type { Random } from '../random.ts';
import type { AddressRanges } from './address.ts';
import { readClient, type Client, type Peer } from './client.ts';
import { readHead, type RawHead, type RequestHead } from './head.ts';
import { createRequestIds } from './request-ids.ts';

export interface IntakeParts {
  readonly trustedProxies: AddressRanges;
  readonly random: Random;
  /** What is forwarded at all; without it (the operator's listener) every request is for our own handlers. */
  readonly forwarded?: {
    readonly adminClients: AddressRanges;
    readonly services: ServicePaths;
  };
}

export interface Taken {
  readonly head: RequestHead;
  readonly client: Client;
  readonly requestId: string;
  readonly route: Route;
}

export type Intake = (raw: RawHead, peer: Peer) => Taken | { readonly refused: ErrorCode };

export function createIntake({ trustedProxies, random, forwarded }: IntakeParts): Intake {
  const requestIds = createRequestIds(random);
  return (raw, peer) => {
    const verdict = readHead(raw);
    if ('refused' in verdict) return verdict;
    const { head } = verdict;
    const client = readClient(head, peer, trustedProxies);
    return {
      head,
      client,
      requestId: client.requestId ?? requestIds.next(),
      route:
        forwarded === undefined
          ? OWN
          : routeRequest(head, forwarded.adminClients.has(client.address), forwarded.services),
    };
  };
}
