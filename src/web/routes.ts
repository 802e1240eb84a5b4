// What browsers load from us: the client library at /portico/client.js, always, and the call page at /call/, where the
// config has it. The files themselves are files.ts; what they hold is made of client/ and web/ by the web build.

import { join } from 'node:path';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { CallPageConfig } from '../config/sections/call-page.ts';
import { BUILD_DIR, readWebFiles, type WebFile, type WebFiles } from './files.ts';

/**
 * The page holds an access token, so that nothing may run in it but what was built into it. A homeserver may be elsewhere:
 * sockets and requests go to any, encrypted.
 */
const PAGE_POLICY = [
  "default-src 'self'",
  "connect-src 'self' ws: wss: https:",
  "img-src 'self' data: blob: https:",
  "media-src 'self' blob:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS = {
  'Content-Security-Policy': PAGE_POLICY,
  'Permissions-Policy': 'camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self)',
  'Referrer-Policy': 'no-referrer',
};

/** Any web application may load the library from its own origin's page: modules are always fetched with CORS. */
const LIBRARY_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

export interface WebParts {
  readonly callPage: CallPageConfig;
  /** Where the build is; tests have one of their own. */
  readonly buildDir?: string;
}

type WildcardRequest = FastifyRequest<{ Params: { '*': string } }>;

export function registerWeb(server: FastifyInstance, { callPage, buildDir = BUILD_DIR }: WebParts): void {
  const library = readWebFiles(join(buildDir, 'client'));
  serve('/portico/client.js', library, () => 'portico.js', LIBRARY_HEADERS);
  // The name that the library itself refers to.
  serve('/portico/portico.js.map', library, () => 'portico.js.map', LIBRARY_HEADERS);
  if (!callPage.enabled) return;
  const page = readWebFiles(join(buildDir, 'web', 'call'));
  // Without the slash, the browser would look for the page's files at the root.
  server.get('/call', (_request, reply) => reply.redirect('/call/', 308));
  serve('/call/*', page, (request) => request.params['*'] || 'index.html', PAGE_HEADERS);

  function serve(
    url: string,
    files: WebFiles,
    pathOf: (request: WildcardRequest) => string,
    headers: Readonly<Record<string, string>>,
  ): void {
    server.get(url, (request: WildcardRequest, reply) => {
      const file = files.get(pathOf(request));
      if (file !== undefined) return sendFile(request, reply.headers({ ...headers }), file);
      const text =
        files.size === 0 ? `${url} is not built: run "npm run build".\n` : 'There is no such file.\n';
      return reply.code(404).headers({ 'Cache-Control': 'no-store' }).type('text/plain').send(text);
    });
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: WebFile): FastifyReply {
  const { body, type, etag, cacheControl } = file;
  reply.headers({ ETag: etag, 'Cache-Control': cacheControl, 'X-Content-Type-Options': 'nosniff' });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(type).send(body);
}

/** RFC 9110 section 13.1.2: compared weakly, because a proxy that compresses makes tags weak. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
