// One request and its answer: who asks, what was decided, how it ended. Made by the front door for each request,
// read by handlers, written to the access log and the metrics once it is over. It forwards and answers nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';

import { errorEntry, type Blame, type ErrorCode } from '../errors.ts';
import type { Client } from './client.ts';
import type { RequestHead } from './head.ts';

export interface Exchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly client: Client;
  /** The origin by which the client reached us, for the URLs that we name. */
  readonly origin: string;
  /** What the access log tells of the exchange; filled in while it goes on. */
  readonly outcome: Outcome;
}

export interface Outcome {
  route: string;
  upstream: string | undefined;
  /** The registry code of the refusal or failure, if there was one. */
  code: ErrorCode | undefined;
  /** Milliseconds from the head's arrival to the first byte of the answer, undefined if none was sent. */
  firstByteMs: number | undefined;
  retries: number;
  /** Whose doing the end was; `complete` when the answer went out whole. */
  endedBy: Blame | 'complete' | undefined;
}

export function newOutcome(): Outcome {
  return {
    route: 'unread',
    upstream: undefined,
    code: undefined,
    firstByteMs: undefined,
    retries: 0,
    endedBy: undefined,
  };
}

/** Notes that the exchange ended with `code`, and thereby whose doing that was. */
export function noteError(outcome: Outcome, code: ErrorCode): void {
  outcome.code = code;
  outcome.endedBy = errorEntry(code).blame;
}

const exchanges = new WeakMap<IncomingMessage, Exchange>();

/** Makes the exchange known to handlers that are given Node's request only (those behind Fastify). */
export function attachExchange(exchange: Exchange): void {
  exchanges.set(exchange.request, exchange);
}

/** @throws if the request did not come through the front door */
export function exchangeOf(request: IncomingMessage): Exchange {
  const exchange = exchanges.get(request);
  if (exchange === undefined) throw new Error('This request did not come through the front door');
  return exchange;
}
