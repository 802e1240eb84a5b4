// Users of a real Synapse in pairs, each pair with a room, for the benchmarks of calls.

import { registerUser, type Session } from '../../src/cli/demo/accounts.ts';
import { makeRoom } from '../../test/harness/call-api.ts';
import type { TestSynapse } from '../../test/harness/synapse.ts';

export interface Pair {
  readonly caller: Session;
  readonly callee: Session;
  readonly roomId: string;
}

export async function makePairs(synapse: TestSynapse, count: number): Promise<readonly Pair[]> {
  const { url: synapseUrl, registrationSharedSecret } = synapse;
  const person = async (user: string): Promise<Session> => {
    const account = { user, password: `${user}-bench-password`, userId: `@${user}:${synapse.serverName}` };
    await registerUser({ synapseUrl, registrationSharedSecret }, account);
    return synapse.login(account);
  };
  const pairs: Pair[] = [];
  for (let n = 0; n < count; n += 1) {
    const [caller, callee] = [await person(`caller${n}`), await person(`callee${n}`)];
    pairs.push({ caller, callee, roomId: await makeRoom(synapse, caller, callee) });
  }
  return pairs;
}
