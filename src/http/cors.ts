// The CORS header fields of the Matrix specification, for what we answer ourselves. Pure.
// What Synapse answers carries its own: adding ours would double them, which browsers refuse.

/** Preflights may be remembered for a day; browsers cap it lower (Chromium at two hours). */
const MAX_AGE_SECONDS = 86_400;

const ALLOW_METHODS = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';

/** Client-server API, "Web browser clients", and for the rendezvous API (MSC4108) its ETag preconditions. */
export function corsHeaders(path: string): string[] {
  const isRendezvous = path.includes('/rendezvous');
  return [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    ALLOW_METHODS,
    'Access-Control-Allow-Headers',
    `X-Requested-With, Content-Type, Authorization, Date${furtherHeaders(path)}`,
    'Access-Control-Expose-Headers',
    isRendezvous ? 'Synapse-Trace-Id, Server, ETag' : 'Synapse-Trace-Id, Server',
  ];
}

function furtherHeaders(path: string): string {
  if (path.includes('/rendezvous')) return ', If-Match, If-None-Match';
  return path.startsWith('/api/') ? ', Idempotency-Key' : '';
}

export function preflightHeaders(path: string): string[] {
  return [...corsHeaders(path), 'Access-Control-Max-Age', String(MAX_AGE_SECONDS), 'Allow', ALLOW_METHODS];
}
