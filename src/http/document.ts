// A document for any web page: GET and HEAD with CORS, 405 for every other method.
// It knows no document; the caller makes one per request.

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { corsHeaders } from './cors.ts';
import { GatewayError } from '../errors.ts';

const OTHER_METHODS = ['POST', 'PUT', 'DELETE', 'PATCH'];

export function serveDocument(
  server: FastifyInstance,
  path: string,
  cacheControl: string,
  make: (request: IncomingMessage) => object | Promise<object>,
): void {
  const headers = { 'Cache-Control': cacheControl, 'Content-Type': 'application/json' };
  serveText(server, path, headers, async (request) => JSON.stringify(await make(request)));
}

export function serveText(
  server: FastifyInstance,
  path: string,
  headers: Readonly<Record<string, string>>,
  make: (request: IncomingMessage) => string | Promise<string>,
): void {
  const cors = corsHeaders(path);
  server.get(path, async (request, reply) => {
    for (let i = 0; i < cors.length; i += 2) reply.header(cors[i] ?? '', cors[i + 1]);
    return reply.headers({ ...headers }).send(await make(request.raw));
  });
  server.route({
    method: OTHER_METHODS,
    url: path,
    // In a hook, because a handler would run only after the body was read and parsed.
    onRequest: (_request, _reply, done) => done(new GatewayError('METHOD_NOT_ALLOWED')),
    handler: () => undefined,
  });
}
