// What a failed exchange with Synapse was, and which code it gets. Pure.
// Blame for a client that left is not judged here: the lane knows that before any error arrives.

import type { ErrorCode } from '../errors.ts';

/**
 * `unreachable`: no connection was made, so nothing was sent. `reused-connection-lost`: a kept-alive connection broke
 * before any byte of an answer. `timeout`: no answer, or no next piece of one, in time. `unsendable`: we built a
 * request that the HTTP client refuses. `broken`: everything else.
 */
export type FailureKind = 'unreachable' | 'reused-connection-lost' | 'timeout' | 'unsendable' | 'broken';

export interface FailedAttempt {
  readonly error: unknown;
  /** Whether a connection had taken the request. */
  readonly wasSent: boolean;
  /** Whether that connection had carried an answer to an earlier request. */
  readonly hadServedBefore: boolean;
}

const TIMEOUT_ERRORS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const LOST_CONNECTION_ERRORS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const OWN_ERRORS = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

export function classifyFailure({ error, wasSent, hadServedBefore }: FailedAttempt): FailureKind {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (OWN_ERRORS.has(code)) return 'unsendable';
  // Whatever kept the connection from opening: refusal, name, route, certificate, time.
  if (!wasSent) return 'unreachable';
  if (TIMEOUT_ERRORS.has(code)) return 'timeout';
  if (LOST_CONNECTION_ERRORS.has(code) && hadServedBefore) return 'reused-connection-lost';
  return 'broken';
}

export const FAILURE_CODES: Readonly<Record<FailureKind, ErrorCode>> = {
  unreachable: 'UPSTREAM_UNREACHABLE',
  'reused-connection-lost': 'UPSTREAM_FAILED',
  timeout: 'UPSTREAM_TIMEOUT',
  unsendable: 'GATEWAY_FAILED',
  broken: 'UPSTREAM_FAILED',
};
