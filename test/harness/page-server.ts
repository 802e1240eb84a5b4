// Where the pages of pages/ come from in a test: a tiny web server, which is an origin of its own. It serves those files
// and nothing else.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Test } from 'tap';

const PAGES_DIR = join(import.meta.dirname, 'pages');
const FILES = ['sockets.html', 'call.html'];

/** @returns its origin; the pages are below it, as `/sockets.html` */
export async function servePages(t: Test): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const file = FILES.find((name) => `/${name}` === url);
    if (file === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
        .end(readFileSync(join(PAGES_DIR, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
