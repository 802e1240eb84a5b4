// The CORS header fields of the Matrix specification, for what we answer ourselves. Pure.
// What Synapse answers carries its own: adding ours would double them, which browsers refuse.

/** Preflights may be remembered for a day; browsers cap it lower (Chromium at two hours). */
const MAX_AGE_SECONDS = 86_400;

const ALLOW_METHODS = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';

/** Recordings are uploaded by tus, and saved in parts. */
const RECORDINGS = /^\/api\/calls\/[^/]+\/recordings(?:\/|$)/;
const TUS_REQUEST =
  'Tus-Resumable, Upload-Length, Upload-Defer-Length, Upload-Offset, Upload-Metadata, Range, If-Range';
const TUS_ANSWER =
  'Location, Tus-Resumable, Upload-Length, Upload-Defer-Length, Upload-Offset, Tus-Version, Tus-Extension, Tus-Max-Size, Content-Range, Content-Disposition, ETag';

/** Client-server API, "Web browser clients", and for the rendezvous API (MSC4108) its ETag preconditions. */
export function corsHeaders(path: string): string[] {
  return [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    allowedMethods(path),
    'Access-Control-Allow-Headers',
    `X-Requested-With, Content-Type, Authorization, Date${furtherHeaders(path)}`,
    'Access-Control-Expose-Headers',
    `Synapse-Trace-Id, Server${exposedHeaders(path)}`,
  ];
}

function allowedMethods(path: string): string {
  return RECORDINGS.test(path) ? `${ALLOW_METHODS}, PATCH` : ALLOW_METHODS;
}

function furtherHeaders(path: string): string {
  if (path.includes('/rendezvous')) return ', If-Match, If-None-Match';
  if (RECORDINGS.test(path)) return `, ${TUS_REQUEST}`;
  return path.startsWith('/api/') ? ', Idempotency-Key' : '';
}

function exposedHeaders(path: string): string {
  if (path.includes('/rendezvous')) return ', ETag';
  return RECORDINGS.test(path) ? `, ${TUS_ANSWER}` : '';
}

export function preflightHeaders(path: string): string[] {
  return [
    ...corsHeaders(path),
    'Access-Control-Max-Age',
    String(MAX_AGE_SECONDS),
    'Allow',
    allowedMethods(path),
  ];
}
