// How a registry code is written on the wire: as Matrix JSON with CORS under `/_matrix` and `/_synapse`, as JSON of
// our own elsewhere. Pure; sending it is http/send.ts. Never a 401 that Synapse did not say, never an inner message.

import { errorEntry, type ErrorCode, type ErrorDetail, type ErrorEntry } from '../errors.ts';
import { corsHeaders } from './cors.ts';

/** What a 404 repeats of the path that was asked for. */
const MAX_ECHOED_CHARACTERS = 200;

export interface Answer {
  readonly status: number;
  /** Raw header list, without framing fields. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Whether the connection ends with this answer. */
  readonly closes: boolean;
}

export interface AskedFor {
  readonly method: string | undefined;
  /** `*`-less path of the request; undefined when the head could not be read. */
  readonly path: string | undefined;
  /** Whether a Matrix client may have asked, so that the answer has the Matrix shape. */
  readonly isMatrix: boolean;
}

export function errorAnswer(code: ErrorCode, asked: AskedFor, detail: ErrorDetail = {}): Answer {
  const entry = errorEntry(code);
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
      ...(detail.headers ?? []),
    ],
    body: Buffer.from(JSON.stringify(asked.isMatrix ? matrixBody(entry) : ownBody(code, asked, detail))),
    closes: entry.closes === true,
  };
}

function matrixBody(entry: ErrorEntry): object {
  const body = { errcode: entry.errcode, error: entry.text };
  if (entry.errcode !== 'M_LIMIT_EXCEEDED' || entry.retryAfterSeconds === undefined) return body;
  return { ...body, retry_after_ms: entry.retryAfterSeconds * 1000 };
}

/** The 404 has the words of the call server that Portico replaces: its clients' users search for them. */
function ownBody(code: ErrorCode, { method, path }: AskedFor, { text, members }: ErrorDetail): object {
  if (code !== 'ROUTE_NOT_FOUND') return { error: text ?? errorEntry(code).text, code, ...members };
  return { error: 'Not Found', message: `Cannot ${method} ${path?.slice(0, MAX_ECHOED_CHARACTERS)}` };
}
