// The homeserver asked over HTTP, on the same kept-alive connections that forwarded requests use.
// It caches nothing.

import type { Dispatcher } from 'undici';

import type { Homeserver } from './matrix.ts';

/** A Synapse that needs longer for its health check serves nobody in time either. */
const HEALTH_TIMEOUT_MS = 2_000;

/** @param origin for the Host field; the dispatcher alone decides where requests go */
export function httpHomeserver(dispatcher: Dispatcher, origin: string): Homeserver {
  return {
    async isReachable() {
      try {
        const answer = await dispatcher.request({
          origin,
          method: 'GET',
          // Synapse serves it on every HTTP listener and logs it nowhere (docs/reverse_proxy.md, "Health check").
          path: '/health',
          signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
        });
        await answer.body.dump();
        return answer.statusCode === 200;
      } catch {
        return false;
      }
    },
  };
}
