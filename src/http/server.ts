// The Fastify instance for what Portico serves itself: its errors, its 404, its body limit. Routes are registered by
// the features. It listens nowhere: listeners.ts feeds it through the front door.

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import { GatewayError, type ErrorCode, type ErrorDetail } from '../errors.ts';
import { errorAnswer } from './errors.ts';
import { exchangeOf, noteError } from './exchange.ts';
import { sendAnswer } from './send.ts';

/** Requests of our own API are small; uploads go to Synapse past this server. */
const MAX_BODY_BYTES = 65_536;

export function createOwnServer(log: Logger, clock: Clock): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: true,
    // The front door has decided already; Fastify's own 503 while closing has neither code nor CORS.
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => answerError(request, reply, 'REQUEST_TARGET_INVALID'),
  });

  function answerError(
    request: FastifyRequest,
    reply: FastifyReply,
    code: ErrorCode,
    detail: ErrorDetail = {},
  ): void {
    // The front door has answered already, when the body did not come in time; what fails after that is nobody's news.
    if (reply.raw.headersSent) {
      reply.hijack();
      return;
    }
    const { outcome, head } = exchangeOf(request.raw);
    noteError(outcome, code);
    reply.hijack();
    sendAnswer(
      request.raw,
      reply.raw,
      errorAnswer(code, { method: head.method, path: head.path, isMatrix: false }, detail),
      clock,
    );
  }

  // An empty body is no body: the original server read it so, and then said which members were missing.
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, String(body), done);
  });

  // Before any body is read: what nobody serves needs no parsing, and no 400 for a body that cannot be parsed.
  server.addHook('onRequest', (request, reply, done) => {
    if (request.is404) answerError(request, reply, 'ROUTE_NOT_FOUND');
    else done();
  });

  server.setErrorHandler((error: unknown, request, reply) => {
    const code = ownErrorCode(error);
    if (code === 'GATEWAY_FAILED')
      log.error({ err: error, request_id: exchangeOf(request.raw).requestId }, 'defect');
    answerError(request, reply, code, error instanceof GatewayError ? error.detail : {});
  });
  return server;
}

function ownErrorCode(error: unknown): ErrorCode {
  if (error instanceof GatewayError) return error.code;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500;
  if (status === 413) return 'BODY_TOO_LARGE';
  return typeof status === 'number' && status >= 400 && status < 500 ? 'BODY_NOT_JSON' : 'GATEWAY_FAILED';
}
