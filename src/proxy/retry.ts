// Whether a request may be sent to Synapse a second time after its connection broke. Pure.
// It decides on what is known of the request and of the failure; counting attempts is the lane's.

import type { RequestHead } from '../http/head.ts';
import type { FailureKind } from './failures.ts';

/** A Matrix event is at most 64 KiB; larger bodies are not kept for a second sending. */
export const MAX_REPLAY_BYTES = 65_536;

/**
 * PUT endpoints whose last segment is a transaction id: Synapse (and the federation) answer the second sending with
 * the result of the first. https://spec.matrix.org/latest/client-server-api/#transaction-identifiers
 */
const TRANSACTIONAL_PUT = [
  /^\/_matrix\/client\/[^/]+\/rooms\/[^/]+\/(?:send|redact)\/[^/]+\/[^/]+$/,
  /^\/_matrix\/client\/[^/]+\/sendToDevice\/[^/]+\/[^/]+$/,
  /^\/_matrix\/federation\/v1\/send\/[^/]+$/,
];

export function isTransactional(head: RequestHead): boolean {
  return head.method === 'PUT' && TRANSACTIONAL_PUT.some((pattern) => pattern.test(head.path));
}

/** Whether the body is to be read whole before it is sent, so that it can be sent again. */
export function keepsBodyForReplay(head: RequestHead): boolean {
  return isTransactional(head) && head.body.kind === 'length' && head.body.bytes <= MAX_REPLAY_BYTES;
}

/**
 * A connection that Synapse closed while it was idle breaks under the first request that reuses it: nothing was
 * served, so what is safe to repeat is repeated once. Never POST, DELETE or any other PUT: they may have been served.
 */
export function mayRetry(head: RequestHead, failure: FailureKind, hasReplayableBody: boolean): boolean {
  if (failure !== 'reused-connection-lost' || !hasReplayableBody) return false;
  return head.method === 'GET' || head.method === 'HEAD' || isTransactional(head);
}
