// GET /api/docs/json and GET /api/docs: this API for programs and for people.
// What they say is openapi.ts and page.ts.

import type { FastifyInstance } from 'fastify';

import { serveText } from '../http/document.ts';
import { exchangeOf } from '../http/exchange.ts';
import { openapi, type OpenApiDocument } from './openapi.ts';
import { renderPage } from './page.ts';

const CACHE = { 'Cache-Control': 'public, max-age=300' };
const JSON_HEADERS = { ...CACHE, 'Content-Type': 'application/json' };
const PAGE_HEADERS = {
  ...CACHE,
  'Content-Type': 'text/html; charset=utf-8',
  // The page names the origin that was asked, which is the client's to choose: nothing on it may ever run.
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
};

export function registerApiDocs(server: FastifyInstance): void {
  let made: Promise<OpenApiDocument> | undefined;
  // When it is first asked for: what the schemas are made with would add a fifth of a second to every start.
  const document = (): Promise<OpenApiDocument> =>
    (made ??= import('./operations.ts').then(({ OPERATIONS }) => openapi(OPERATIONS)));

  serveText(server, '/api/docs/json', JSON_HEADERS, async () => JSON.stringify(await document()));
  serveText(server, '/api/docs', PAGE_HEADERS, async (request) => {
    const { origin } = exchangeOf(request);
    return renderPage(await document(), origin);
  });
}
