// The landing document, /call-config.json and /.well-known/matrix/*: which document, with which headers, for which methods.
// The documents themselves are made in call-config.ts and well-known.ts.

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { exchangeOf } from '../http/exchange.ts';
import { serveDocument } from '../http/document.ts';
import type { IceServer } from '../ice/ice.ts';
import { callConfig, landing } from './call-config.ts';
import { clientDocument, serverDocument, type JsonObject } from './well-known.ts';

export interface DiscoveryParts {
  /** The ICE servers for who asks. */
  readonly iceServers: (request: IncomingMessage) => Promise<readonly IceServer[]>;
  readonly client: JsonObject;
  readonly server: JsonObject;
  readonly support: JsonObject | undefined;
}

/** Other servers keep a wrong document for as long as it says (up to 48 h): an hour heals quickly enough. */
const WELL_KNOWN_CACHE = 'public, max-age=3600';

export function registerDiscovery(server: FastifyInstance, parts: DiscoveryParts): void {
  // Who types the address into a browser, or asks it without an upgrade, learns what stands here.
  serveDocument(server, '/', 'no-store', (request) => landing(exchangeOf(request).origin));
  serveDocument(server, '/call-config.json', 'no-store', async (request) =>
    callConfig(exchangeOf(request).origin, await parts.iceServers(request)),
  );
  serveDocument(server, '/.well-known/matrix/client', WELL_KNOWN_CACHE, (request) =>
    clientDocument(exchangeOf(request).origin, parts.client),
  );
  serveDocument(server, '/.well-known/matrix/server', WELL_KNOWN_CACHE, (request) =>
    serverDocument(exchangeOf(request).origin, parts.server),
  );
  const { support } = parts;
  if (support !== undefined) {
    serveDocument(server, '/.well-known/matrix/support', WELL_KNOWN_CACHE, () => support);
  }
}
