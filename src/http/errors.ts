// How a registry code is written on the wire: as Matrix JSON with CORS under `/_matrix` and `/_synapse`, as JSON of
// our own elsewhere. Pure; sending it is http/send.ts. Never a 401 that Synapse did not say, never an inner message.

import { errorEntry, type ErrorCode } from '../errors.ts';
import { corsHeaders } from './cors.ts';

export interface Answer {
  readonly status: number;
  /** Raw header list, without framing fields. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Whether the connection ends with this answer. */
  readonly closes: boolean;
}

export interface AskedFor {
  /** `*`-less path of the request; undefined when the head could not be read. */
  readonly path: string | undefined;
  /** Whether a Matrix client may have asked, so that the answer has the Matrix shape. */
  readonly isMatrix: boolean;
}

export function errorAnswer(code: ErrorCode, asked: AskedFor): Answer {
  const entry = errorEntry(code);
  const body = asked.isMatrix
    ? {
        errcode: entry.errcode,
        error: entry.text,
        ...(entry.errcode === 'M_LIMIT_EXCEEDED' && entry.retryAfterSeconds !== undefined
          ? { retry_after_ms: entry.retryAfterSeconds * 1000 }
          : {}),
      }
    : { error: entry.text, code };
  return {
    status: entry.status,
    headers: [
      ...corsHeaders(asked.path ?? '/'),
      'Content-Type',
      'application/json',
      'Cache-Control',
      'no-store',
      ...(entry.retryAfterSeconds === undefined ? [] : ['Retry-After', String(entry.retryAfterSeconds)]),
      ...(code === 'METHOD_NOT_ALLOWED' ? ['Allow', 'GET, HEAD, OPTIONS'] : []),
    ],
    body: Buffer.from(JSON.stringify(body)),
    closes: entry.closes === true,
  };
}
