// Which Synapse the demo and the tests run, and where it is installed. Owns the pinned version; how an environment is
// made is venv.ts's business.

import { join } from 'node:path';

import type { Clock } from '../../clock.ts';
import type { Out } from './progress.ts';
import { ensureVenv, type Venv } from './venv.ts';

export const SYNAPSE_VERSION = '1.163.2';

export interface SynapseInstallOptions {
  /** The folder that holds everything of the demo: `.synapse`. */
  stateDir: string;
  out: Out;
  clock: Clock;
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

/** Idempotent and quick once installed; safe when several processes call it at once. */
export async function installSynapse(options: SynapseInstallOptions): Promise<Venv> {
  const { stateDir, ...rest } = options;
  return ensureVenv({
    ...rest,
    dir: join(stateDir, 'venv'),
    title: `Synapse ${SYNAPSE_VERSION}`,
    requirements: [`matrix-synapse==${SYNAPSE_VERSION}`],
  });
}
