// GET /api/ice and GET /api/turn-credentials: the ICE servers of whoever asks. Which those are is servers.ts.

import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { PageCallers } from '../http/own-api.ts';
import type { IceGrant, IceServers } from './ice.ts';

export function registerIce(
  server: FastifyInstance,
  callers: Pick<PageCallers, 'identifyWithPages'>,
  ice: IceServers,
): void {
  const grant = async (request: FastifyRequest): Promise<IceGrant> => {
    const { userId, token, clientAddress } = await callers.identifyWithPages(
      request.raw,
      claimIn(request.query),
    );
    return ice.forUser({ userId, token, clientAddress });
  };
  for (const path of ['/api/ice', '/api/turn-credentials']) {
    server.get(path, async (request) => {
      const { ttlSeconds, iceServers } = await grant(request);
      return { ttl: ttlSeconds, iceServers };
    });
  }
}

/** A token in the query would end up in logs of proxies: only the user id is read there. */
function claimIn(query: unknown): { userId?: string } {
  const userId = typeof query === 'object' && query !== null && 'userId' in query ? query.userId : undefined;
  return typeof userId === 'string' ? { userId } : {};
}
