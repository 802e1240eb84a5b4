// What happens to every request first: its head is read, its client resolved, its route decided, and it is handed on.
// The one place that starts an exchange and sees its end. It decides nothing itself: head.ts, client.ts and
// proxy/route.ts do, without a socket in sight.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import { recordExchange } from '../observe/access-log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { redactTarget } from '../observe/redact.ts';
import { isMatrixName, OWN, routeRequest } from '../proxy/route.ts';
import type { Random } from '../random.ts';
import type { AddressRanges } from './address.ts';
import { readClient, requestOrigin, type Peer } from './client.ts';
import { preflightHeaders } from './cors.ts';
import { errorAnswer } from './errors.ts';
import { attachExchange, newOutcome, noteError, type Exchange } from './exchange.ts';
import { readHead } from './head.ts';
import { createRequestIds } from './request-ids.ts';
import { sendAnswer } from './send.ts';

/** The lanes to other services on our origin. */
export interface ServiceLanes {
  readonly paths: readonly string[];
  readonly forward: (exchange: Exchange) => void;
}

export interface FrontDoorParts {
  /** The lane to Synapse; without one (the operator's listener) nothing is forwarded. */
  readonly forward: ((exchange: Exchange) => void) | undefined;
  /** Ordinary requests on the paths of tunnels; without any there are no tunnels. */
  readonly tunnels?: ServiceLanes;
  /** Requests on the paths of routes; without any there are no routes. */
  readonly routes?: ServiceLanes;
  /** Our own handlers (Fastify's). */
  readonly own: (request: IncomingMessage, response: ServerResponse) => void;
  /** How long the small body of a request to ourselves may take, from its head to its end. */
  readonly ownBodyTimeoutMs: number;
  readonly trustedProxies: AddressRanges;
  readonly adminClients: AddressRanges;
  readonly publicUrl: string | undefined;
  readonly isDraining: () => boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
}

export type FrontDoor = (request: IncomingMessage, response: ServerResponse, peer: Peer) => void;

export function createFrontDoor(parts: FrontDoorParts): FrontDoor {
  const { forward, own, clock, log, metrics } = parts;
  const requestIds = createRequestIds(parts.random);
  const services = { tunnels: parts.tunnels?.paths ?? [], routes: parts.routes?.paths ?? [] };
  /** What earlier exchanges of a connection were charged with; a head was read before its exchange begins. */
  const countedBytes = new WeakMap<Socket, { read: number; written: number }>();

  return (request, response, peer) => {
    const verdict = readHead({
      method: request.method ?? '',
      target: request.url ?? '',
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
    });
    if ('refused' in verdict) {
      refuseHead(request, response, peer, verdict.refused);
      return;
    }
    const { head } = verdict;
    const client = readClient(head, peer, parts.trustedProxies);
    const exchange: Exchange = {
      requestId: client.requestId ?? requestIds.next(),
      request,
      response,
      head,
      client,
      origin: requestOrigin(client, parts.publicUrl),
      outcome: newOutcome(),
    };
    watchEnd(exchange);
    attachExchange(exchange);

    const route =
      forward === undefined ? OWN : routeRequest(head, parts.adminClients.has(client.address), services);
    exchange.outcome.route = route.route;
    if (parts.isDraining()) response.setHeader('Connection', 'close');
    switch (route.to) {
      case 'synapse':
        forward?.(exchange);
        return;
      case 'tunnel':
        parts.tunnels?.forward(exchange);
        return;
      case 'route':
        parts.routes?.forward(exchange);
        return;
      case 'preflight':
        sendAnswer(
          request,
          response,
          { status: 204, headers: preflightHeaders(head.path), body: Buffer.alloc(0), closes: false },
          clock,
        );
        return;
      case 'nowhere':
        noteError(exchange.outcome, route.code);
        sendAnswer(
          request,
          response,
          errorAnswer(route.code, { method: head.method, path: head.path, isMatrix: true }),
          clock,
        );
        return;
      case 'own':
        if (head.expectsContinue && head.body.kind !== 'none') response.writeContinue();
        watchOwnBody(exchange);
        own(request, response);
    }
  };

  function watchEnd(exchange: Exchange): void {
    const { request, response, outcome } = exchange;
    const { socket } = request;
    const startedMs = clock.monotonicMs();
    const before = countedBytes.get(socket) ?? { read: 0, written: 0 };
    response.once('close', () => {
      outcome.endedBy ??= response.writableFinished ? 'complete' : 'client';
      const record = {
        status: response.headersSent ? response.statusCode : 0,
        durationMs: clock.monotonicMs() - startedMs,
        bytesReceived: socket.bytesRead - before.read,
        bytesSent: socket.bytesWritten - before.written,
      };
      countedBytes.set(socket, { read: socket.bytesRead, written: socket.bytesWritten });
      recordExchange(exchange, record, log, metrics);
    });
  }

  /** Nothing else ends a body that never comes: Node's own limit is off, for uploads are limited by their pauses. */
  function watchOwnBody({ request, response, head, outcome }: Exchange): void {
    if (head.body.kind === 'none') return;
    const cancel = clock.after(parts.ownBodyTimeoutMs, () => {
      if (request.complete || response.headersSent) return;
      noteError(outcome, 'REQUEST_TIMEOUT');
      const asked = { method: head.method, path: head.path, isMatrix: false };
      sendAnswer(request, response, errorAnswer('REQUEST_TIMEOUT', asked), clock);
    });
    response.once('close', cancel);
  }

  function refuseHead(request: IncomingMessage, response: ServerResponse, peer: Peer, code: ErrorCode): void {
    const target = request.url ?? '';
    metrics.requests.inc({
      route: 'unread',
      status: errorEntry(code).status,
      ended_by: errorEntry(code).blame,
    });
    metrics.refusals.inc({ code });
    log[errorEntry(code).logLevel](
      { client: peer.address, method: request.method, target: redactTarget(target), code },
      'request refused',
    );
    sendAnswer(
      request,
      response,
      errorAnswer(code, { method: request.method, path: undefined, isMatrix: isMatrixName(target) }),
      clock,
    );
  }
}
