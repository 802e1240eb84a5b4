// What a failed exchange with Synapse was, from the error that the HTTP client reports, and which code it gets.
// Pure. Blame for a client that left is not judged here: the lane knows that before any error arrives.

import type { ErrorCode } from '../errors.ts';

/**
 * `unreachable`: no connection was made, so nothing was sent. `reused-connection-lost`: a kept-alive connection broke
 * before any byte of an answer. `timeout`: no answer, or no next piece of one, in time. `broken`: everything else.
 */
export type FailureKind = 'unreachable' | 'reused-connection-lost' | 'timeout' | 'broken';

const CONNECT_ERRORS = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EACCES',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TIMEOUT_ERRORS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const LOST_CONNECTION_ERRORS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** @param hadServedBefore whether the connection that broke had carried an answer to an earlier request */
export function classifyFailure(error: unknown, hadServedBefore: boolean): FailureKind {
  const code = errorCode(error);
  if (CONNECT_ERRORS.has(code) || isTlsFailure(error)) return 'unreachable';
  if (TIMEOUT_ERRORS.has(code)) return 'timeout';
  if (LOST_CONNECTION_ERRORS.has(code) && hadServedBefore) return 'reused-connection-lost';
  return 'broken';
}

export const FAILURE_CODES: Readonly<Record<FailureKind, ErrorCode>> = {
  unreachable: 'UPSTREAM_UNREACHABLE',
  'reused-connection-lost': 'UPSTREAM_FAILED',
  timeout: 'UPSTREAM_TIMEOUT',
  broken: 'UPSTREAM_FAILED',
};

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // Node reports a host with several addresses that all refused as one AggregateError that carries the code.
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A certificate that does not verify ends the handshake: nothing was sent. */
function isTlsFailure(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code.startsWith('ERR_TLS_') ||
    code.startsWith('CERT_') ||
    code.includes('_CERT') ||
    code.startsWith('ERR_SSL_')
  );
}
