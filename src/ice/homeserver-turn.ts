// Synapse as a source of TURN credentials: what it says, as the ICE servers ask for it. It asks through the port and keeps
// nothing.

import type { Homeserver } from '../matrix/matrix.ts';
import type { AskTurnServer } from './ice.ts';

/** Synapse's own relays, asked for with the caller's token. */
export function turnServerOf(homeserver: Homeserver): AskTurnServer {
  return async (token, clientAddress) => {
    const answer = await homeserver.turnServer(token, clientAddress);
    if (answer.kind === 'servers') return answer;
    if (answer.kind === 'none') return undefined;
    throw new Error(`the homeserver does not say: ${answer.kind}`);
  };
}
