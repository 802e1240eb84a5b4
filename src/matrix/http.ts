// The homeserver asked over HTTP, on the same kept-alive connections that forwarded requests use.
// It caches nothing.

import type { Dispatcher } from 'undici';

import type { Clock } from '../clock.ts';
import type { Homeserver } from './matrix.ts';

/** A Synapse that needs longer for its health check serves nobody in time either. */
const HEALTH_TIMEOUT_MS = 2_000;

/** @param origin for the Host field; the dispatcher alone decides where requests go */
export function httpHomeserver(dispatcher: Dispatcher, origin: string, clock: Clock): Homeserver {
  return {
    async isReachable() {
      const tooLate = new AbortController();
      const cancel = clock.after(HEALTH_TIMEOUT_MS, () => tooLate.abort());
      try {
        const answer = await dispatcher.request({
          origin,
          method: 'GET',
          // Synapse serves it on every HTTP listener and logs it nowhere (docs/reverse_proxy.md, "Health check").
          path: '/health',
          signal: tooLate.signal,
        });
        await answer.body.dump();
        return answer.statusCode === 200;
      } catch {
        return false;
      } finally {
        cancel();
      }
    },
  };
}
