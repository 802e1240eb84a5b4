// What every lane asks first of a request: whether its head can be read in one way only, who asks, and where it goes.
// One set of functions for all of them, so that no two can disagree. It answers and forwards nothing.

import type { ErrorCode } from '../errors.ts';
import { OWN, routeRequest, type Route, type ServicePaths } from '../proxy/route.ts';
import type { Random } from '../random.ts';
import type { AddressRanges } from './address.ts';
import { readClient, type Client, type Peer } from './client.ts';
import {
  MAX_HEADER_LINES,
  readFields,
  readHead,
  readOrigin,
  type HeadFields,
  type RawHead,
  type RequestHead,
} from './head.ts';
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

/** What a connection's header fields alone say: as long as they stay the same, so does this. */
export interface KnownFields {
  readonly fields: HeadFields;
  readonly client: Client;
}

export interface Intake {
  take(raw: RawHead, peer: Peer): Taken | { readonly refused: ErrorCode };
  /** The first half, of an HTTP/1.1 request in origin form. @returns undefined where `take` may refuse */
  readFields(rawHeaders: readonly string[], peer: Peer): KnownFields | undefined;
  /** The second half. @returns undefined where `take` may refuse */
  readTarget(method: string, target: string, known: KnownFields): Taken | undefined;
}

export function createIntake({ trustedProxies, random, forwarded }: IntakeParts): Intake {
  const requestIds = createRequestIds(random);

  return {
    take(raw, peer) {
      const verdict = readHead(raw);
      if ('refused' in verdict) return verdict;
      return judge(verdict.head, readClient(verdict.head, peer, trustedProxies));
    },
    readFields(rawHeaders, peer) {
      const read = readFields(rawHeaders, '1.1');
      if ('refused' in read || rawHeaders.length / 2 > MAX_HEADER_LINES) return undefined;
      return { fields: read.fields, client: readClient(read.fields, peer, trustedProxies) };
    },
    readTarget(method, target, { fields, client }) {
      const head = readOrigin(method, target, fields);
      return head && judge(head, client);
    },
  };

  function judge(head: RequestHead, client: Client): Taken {
    return {
      head,
      client,
      requestId: client.requestId ?? requestIds.next(),
      route:
        forwarded === undefined
          ? OWN
          : routeRequest(head, forwarded.adminClients.has(client.address), forwarded.services),
    };
  }
}
