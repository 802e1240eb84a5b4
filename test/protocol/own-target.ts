// The server for a run of the suite that names none: a real Synapse, and a gateway with the config that nobody changed,
// but that it lets in web pages of both kinds. What it is goes into the environment, where the suite finds it as it would
// find any other.

import type { Test } from 'tap';

import { gatherCast } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { VARIABLES } from './target.ts';

export async function startOwnTarget(t: Test, env: NodeJS.ProcessEnv): Promise<void> {
  const synapse = await startTestSynapse(t);
  const { alice, bob, carol, roomId } = await gatherCast(synapse);
  const { url } = await startGateway(t, {
    synapse: { url: synapse.url },
    signaling: {
      profile: { enabled: true, auth: 'claimed' },
      room: { enabled: true, rooms: 'open' },
    },
  });
  const shown = ({ userId, accessToken }: typeof alice): string => `${userId} ${accessToken}`;
  Object.assign(env, {
    [VARIABLES.url]: url,
    [VARIABLES.alice]: shown(alice),
    [VARIABLES.bob]: shown(bob),
    [VARIABLES.stranger]: shown(carol),
    [VARIABLES.room]: roomId,
    [VARIABLES.profileAlice]: '/ws/2/student',
    [VARIABLES.profileBob]: '/ws/1/tutor',
    [VARIABLES.roomAlice]: '/ws/lobby/7?username=Alice',
    [VARIABLES.roomBob]: '/ws/lobby/8?username=Bob',
  });
}
