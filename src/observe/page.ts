// The operator's page at `/` of `observe.listen`, as the web build has made it of web/operator/. It holds no data: the page
// asks for them (operator-routes.ts). Reading the files is web/files.ts.

import type { FastifyInstance } from 'fastify';

import { GatewayError } from '../errors.ts';
import { exchangeOf } from '../http/exchange.ts';
import type { WebFiles } from '../web/files.ts';
import { refuseHost } from './operator-guard.ts';

/** What the page ends cannot be undone: nothing runs in it but what was built into it, and no other page frames it. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const NOT_BUILT = 'The operator\'s page is not built: run "npm run build". What it shows is at /api/state.\n';

/**
 * @param server an encapsulated instance without routes
 * @param files of the built page; empty if nobody has built it
 * @param ownHost `observe.host`
 */
export function registerOperatorPage(
  server: FastifyInstance,
  files: WebFiles,
  ownHost: string | undefined,
): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const refused = refuseHost(exchangeOf(request.raw).head, ownHost);
    done(refused === undefined ? undefined : new GatewayError(refused));
  });
  if (files.size === 0) {
    server.get('/', (_request, reply) =>
      reply
        .headers({ ...PAGE_HEADERS })
        .type('text/plain')
        .send(NOT_BUILT),
    );
    return;
  }
  for (const [path, { body, type, cacheControl }] of files) {
    server.get(path === 'index.html' ? '/' : `/${path}`, (_request, reply) =>
      reply
        .headers({ ...PAGE_HEADERS, 'Cache-Control': cacheControl })
        .type(type)
        .send(body),
    );
  }
}
