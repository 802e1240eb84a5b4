// What happens to every request first: its head is read, its client resolved, its route decided, and it is handed on.
// The one place that starts an exchange and sees its end. It decides nothing itself: head.ts, client.ts and
// proxy/route.ts do, without a socket in sight.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import { errorEntry, type ErrorCode } from '../errors.ts';
import { recordExchange } from '../observe/access-log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { redactTarget } from '../observe/redact.ts';
import { isMatrixName } from '../proxy/route.ts';
import { requestOrigin, type Peer } from './client.ts';
import { preflightAnswer } from './preflight.ts';
import type { ConnectionBytes } from './connection-bytes.ts';
import { errorAnswer } from './errors.ts';
import { attachExchange, newOutcome, noteError, type Exchange } from './exchange.ts';
import type { Intake } from './intake.ts';
import { sendAnswer } from './send.ts';

export interface FrontDoorParts {
  readonly intake: Intake;
  /** The lane to Synapse, for what the intake sends there. */
  readonly forward?: (exchange: Exchange) => void;
  /** Ordinary requests on the paths of tunnels; without any there are no tunnels. */
  readonly tunnels?: { readonly forward: (exchange: Exchange) => void };
  /** Requests on the paths of routes; without any there are no routes. */
  readonly routes?: { readonly forward: (exchange: Exchange) => void };
  /** Our own handlers (Fastify's). */
  readonly own: (request: IncomingMessage, response: ServerResponse) => void;
  /** How long the small body of a request to ourselves may take, from its head to its end. */
  readonly ownBodyTimeoutMs: number;
  readonly publicUrl: string | undefined;
  readonly isDraining: () => boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly bytes: ConnectionBytes;
  /** @param status of the answer; 0 if none was sent */
  readonly onEnded?: (exchange: Exchange, status: number) => void;
}

export type FrontDoor = (request: IncomingMessage, response: ServerResponse, peer: Peer) => void;

export function createFrontDoor(parts: FrontDoorParts): FrontDoor {
  const { own, clock, log, metrics } = parts;

  return (request, response, peer) => {
    const taken = parts.intake.take(
      {
        method: request.method ?? '',
        target: request.url ?? '',
        httpVersion: request.httpVersion,
        rawHeaders: request.rawHeaders,
      },
      peer,
    );
    if ('refused' in taken) {
      refuseHead(request, response, peer, taken.refused);
      return;
    }
    const { head, client, requestId, route } = taken;
    const exchange: Exchange = {
      requestId,
      request,
      response,
      head,
      client,
      peerAddress: peer.address,
      origin: requestOrigin(client, parts.publicUrl),
      outcome: newOutcome(route.route),
    };
    watchEnd(exchange);
    attachExchange(exchange);
    if (parts.isDraining()) response.setHeader('Connection', 'close');
    switch (route.to) {
      case 'synapse':
        parts.forward?.(exchange);
        return;
      case 'tunnel':
        parts.tunnels?.forward(exchange);
        return;
      case 'route':
        parts.routes?.forward(exchange);
        return;
      case 'preflight':
        sendAnswer(request, response, preflightAnswer(head.path), clock);
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
    response.once('close', () => {
      outcome.endedBy ??= response.writableFinished ? 'complete' : 'client';
      const record = {
        status: response.headersSent ? response.statusCode : 0,
        durationMs: clock.monotonicMs() - startedMs,
        ...parts.bytes.charge(socket),
      };
      recordExchange(exchange, record, log, metrics);
      parts.onEnded?.(exchange, record.status);
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
    metrics.requests.add('unread', errorEntry(code).status, errorEntry(code).blame);
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
