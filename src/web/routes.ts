// What browsers load from us: the client library at /portico/client.js and what it fetches from beside it, always, and the
// call page at /call/, where the config has it. The files themselves are files.ts; what they hold is made of client/ and
// web/ by the web build.

import { join } from 'node:path';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { CallPageConfig } from '../config/sections/call-page.ts';
import { BUILD_DIR, readWebFiles, type WebFile, type WebFiles } from './files.ts';

/**
 * The page holds an access token, so that nothing may run in it but what was built into it. A homeserver may be elsewhere:
 * requests go to any, encrypted, and sockets to any, because a homeserver on this machine may have no TLS.
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

/** By URL, with the names that the library itself uses for what is beside it. */
const LIBRARY = [
  { url: '/portico/client.js', file: 'portico.js' },
  { url: '/portico/portico-recording.js', file: 'portico-recording.js' },
];

export interface WebParts {
  readonly callPage: CallPageConfig;
  /** Where the build is; tests have one of their own. */
  readonly buildDir?: string;
}

type WildcardRequest = FastifyRequest<{ Params: { '*': string } }>;

export function registerWeb(server: FastifyInstance, { callPage, buildDir = BUILD_DIR }: WebParts): void {
  const library = readWebFiles(join(buildDir, 'client'));
  for (const { url, file } of LIBRARY) {
    serve(url, library, () => file, { ...LIBRARY_HEADERS, SourceMap: `${file}.map` });
    serve(`/portico/${file}.map`, library, () => `${file}.map`, LIBRARY_HEADERS);
  }
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
  const { body, gzipped, type, etag, cacheControl } = file;
  const isGzipped = gzipped !== undefined && takesGzip(request.headers['accept-encoding']);
  reply.headers({
    // A strong tag would have to be another one for the compressed bytes.
    ETag: isGzipped ? `W/${etag}` : etag,
    'Cache-Control': cacheControl,
    'X-Content-Type-Options': 'nosniff',
    ...(gzipped === undefined ? {} : { Vary: 'Accept-Encoding' }),
  });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (isGzipped) reply.header('Content-Encoding', 'gzip');
  return reply.type(type).send(isGzipped ? gzipped : body);
}

/** RFC 9110 section 12.5.3, for one coding: whether it is named without a weight of zero. */
function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '')
    .split(',')
    .some((member) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?:1|0\.0*[1-9])[\d.]*\s*)?$/i.test(member));
}

/** RFC 9110 section 13.1.2: compared weakly, because a proxy that compresses makes tags weak. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
