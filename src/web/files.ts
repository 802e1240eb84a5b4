// The files of a page that the web build has made, read once when the gateway starts: what a browser is told about each.
// Everything served is in memory by then, so that no request ever names a file of this machine.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

export interface WebFile {
  readonly body: Buffer;
  /** The same, compressed; undefined where that saves nothing. */
  readonly gzipped: Buffer | undefined;
  readonly type: string;
  /** Strong, of the content. */
  readonly etag: string;
  readonly cacheControl: string;
}

/** By path below the folder, with forward slashes: `index.html`, `assets/index-BsR2fVQ0.js`. */
export type WebFiles = ReadonlyMap<string, WebFile>;

/** Where `npm run build` puts pages and the client library: the same place for the sources and for what is built of them. */
export const BUILD_DIR = join(import.meta.dirname, '..', '..', 'dist');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.map': 'application/json',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
};

/** Text that every visitor loads. Maps are for who looks for a defect. */
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg']);

/** A page has a dozen files of a few hundred KiB. More is no page, but a folder that was put there by mistake. */
const MAX_FILES = 256;
const MAX_BYTES = 16 * 1024 * 1024;

/** Vite puts eight characters of the content's hash before the extension: such a file never changes. */
const HASHED = /-[\w-]{8}\.[a-z]+(?:\.map)?$/;
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Kept, but asked for each time: a browser must not run the page of an older version against this one. */
const ASK_AGAIN = 'no-cache';

/** Whether the web build has made this page. */
export function isBuilt(page: 'call' | 'operator'): boolean {
  return existsSync(join(BUILD_DIR, 'web', page, 'index.html'));
}

/**
 * @returns nothing where the folder is missing: nobody has built it. Files of types that no page has are left out.
 * @throws Error when the folder holds more than a page does
 */
export function readWebFiles(folder: string): WebFiles {
  const files = new Map<string, WebFile>();
  let bytes = 0;
  for (const path of pathsBelow(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const full = join(folder, path);
    bytes += statSync(full).size;
    if (files.size >= MAX_FILES || bytes > MAX_BYTES) {
      throw new Error(
        `${folder} holds more than ${MAX_FILES} files or ${MAX_BYTES} bytes: it is no built page`,
      );
    }
    const body = readFileSync(full);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const cacheControl = HASHED.test(path) ? FOR_EVER : ASK_AGAIN;
    files.set(path, { body, gzipped: gzippedOf(path, body), type, etag, cacheControl });
  }
  return files;
}

function gzippedOf(path: string, body: Buffer): Buffer | undefined {
  if (!COMPRESSED.has(extname(path))) return undefined;
  const gzipped = gzipSync(body, { level: constants.Z_BEST_COMPRESSION });
  return gzipped.length < body.length ? gzipped : undefined;
}

function pathsBelow(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) =>
        join(parentPath, name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
