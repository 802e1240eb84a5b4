// The Python side of the tests: an environment with a Matrix client that is not ours, and the run of its script.
// Owns the pinned client version and the reading of the script's lines; the journey itself is nio_client.py.

import { resolve } from 'node:path';

import { runChild } from '../../src/cli/demo/child.ts';
import type { Credentials } from '../../src/cli/demo/accounts.ts';
import type { Out } from '../../src/cli/demo/progress.ts';
import { ensureVenv, type Venv } from '../../src/cli/demo/venv.ts';
import { systemClock } from '../../src/clock.ts';
import { STATE_DIR } from './places.ts';

const NIO_VERSION = '0.26.0';
const NIO_SCRIPT = resolve(import.meta.dirname, 'nio_client.py');
const DEFAULT_DEADLINE_MS = 90_000;

export interface NioStep {
  step: string;
  ok: boolean;
  /** Why it is not ok. */
  err?: string;
  elapsedMs: number;
  /** What the step saw, where it has something to tell. */
  seen: Readonly<Record<string, unknown>>;
}

export interface NioRun {
  exitCode: number | undefined;
  steps: NioStep[];
  /** Everything it printed, for a failure message. */
  output: string;
}

export interface NioRunOptions {
  homeserverUrl: string;
  alice: Credentials;
  bob: Credentials;
  uploadMib: number;
  deadlineMs?: number;
}

export async function ensureClientsVenv(out: Out): Promise<Venv> {
  return ensureVenv({
    dir: resolve(STATE_DIR, 'venv-clients'),
    title: `matrix-nio ${NIO_VERSION}`,
    requirements: [`matrix-nio==${NIO_VERSION}`],
    out,
    clock: systemClock,
  });
}

/** A whole client's life by matrix-nio; a failed step is in the result, not an exception. */
export async function runNioClient(options: NioRunOptions): Promise<NioRun> {
  const { homeserverUrl, alice, bob, uploadMib, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  // Standard output belongs to TAP.
  const venv = await ensureClientsVenv(process.stderr);
  const args = [
    ['--homeserver', homeserverUrl],
    ['--alice', alice.user, alice.password],
    ['--bob', bob.user, bob.password],
    ['--upload-mib', String(uploadMib)],
  ].flat();
  const { exitCode, lines } = await runChild(venv.python, ['-I', NIO_SCRIPT, ...args], {
    signal: AbortSignal.timeout(deadlineMs),
  });
  return { exitCode, steps: lines.flatMap(readStep), output: lines.join('\n') };
}

function readStep(line: string): NioStep[] {
  if (!line.startsWith('{"step"')) return [];
  const parsed: unknown = JSON.parse(line);
  return [parsed as NioStep];
}
