// One request and its answer: who asks, what was decided, how it ended. Made by the front door for each request,
// read by handlers, written to the access log and the metrics once it is over. It forwards and answers nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';

import { errorEntry, type Blame, type ErrorCode } from '../errors.ts';
import type { Client } from './client.ts';
import type { RequestHead } from './head.ts';

/** What is known of a request in whichever lane it is. */
export interface Passage {
  readonly requestId: string;
  readonly head: RequestHead;
  readonly client: Client;
  /** Remote address of the connection; undefined on a Unix socket. */
  readonly peerAddress: string | undefined;
  /** What the access log tells of the exchange; filled in while it goes on. */
  readonly outcome: Outcome;
}

/** A request that the HTTP server has read. */
export interface Exchange extends Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The origin by which the client reached us, for the URLs that we name. */
  readonly origin: string;
}

/** What is to be done once a request was answered. @param status of the answer; 0 if none was sent */
export type OnAnswered = (status: number) => void;

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

/** @param route the label of where it goes */
export function newOutcome(route: string): Outcome {
  return {
    route,
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
