// A real Synapse behind the rivals, on the core of the load generator, with one user who asks.

import { startTestSynapse, type HasTeardown } from '../../test/harness/synapse.ts';
import type { Question } from './connection.ts';
import { LOAD_CORE, pin } from './pinned-process.ts';
import { cpuSecondsOf } from './proc.ts';
import { emptySync, emptySyncTarget, whoami } from './questions.ts';

export interface SynapseBehind {
  readonly port: number;
  readonly whoami: Question;
  /** A sync with nothing to tell and no wait. */
  readonly sync: Question;
  cpuSeconds(): number;
}

export async function startSynapseBehind(undos: HasTeardown): Promise<SynapseBehind> {
  const synapse = await startTestSynapse(undos);
  pin(synapse.pid(), LOAD_CORE);
  const { accessToken } = await synapse.login(synapse.alice);
  const get = async (target: string): Promise<string> => {
    const answer = await fetch(`${synapse.url}${target}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    if (!answer.ok) throw new Error(`Synapse answered ${target} with ${answer.status}`);
    return answer.text();
  };
  const first = JSON.parse(await get(emptySyncTarget())) as { readonly next_batch: string };
  const since = first.next_batch;
  const text = await get(emptySyncTarget(since));
  const who = await get('/_matrix/client/v3/account/whoami');
  return {
    port: synapse.port,
    whoami: whoami(accessToken, Buffer.byteLength(who)),
    sync: emptySync(accessToken, since, Buffer.byteLength(text)),
    cpuSeconds: () => cpuSecondsOf(synapse.pid()),
  };
}
