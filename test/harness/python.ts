// The Python side of the tests: environments with a Matrix client and a Socket.IO client that are not ours, and
// the runs of their scripts. Owns the pinned versions and the reading of the scripts' lines; the journeys themselves are
// nio_client.py and socket_io_client.py.

import { resolve } from 'node:path';

import { runChild } from '../../src/cli/demo/child.ts';
import type { Credentials } from '../../src/cli/demo/accounts.ts';
import type { Out } from '../../src/cli/demo/progress.ts';
import { ensureVenv, type Venv } from '../../src/cli/demo/venv.ts';
import { systemClock } from '../../src/clock.ts';
import { STATE_DIR } from './places.ts';

const NIO_VERSION = '0.26.0';
const NIO_SCRIPT = resolve(import.meta.dirname, 'nio_client.py');
const SOCKET_IO_VERSION = '5.18.1';
const SOCKET_IO_SCRIPT = resolve(import.meta.dirname, 'socket_io_client.py');
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

/** With its own environment: a new version of one client must not be a new installation of the other. */
export async function ensureSocketIoVenv(out: Out): Promise<Venv> {
  return ensureVenv({
    dir: resolve(STATE_DIR, 'venv-socket-io'),
    title: `python-socketio ${SOCKET_IO_VERSION}`,
    requirements: [`python-socketio[client]==${SOCKET_IO_VERSION}`],
    out,
    clock: systemClock,
  });
}

/** A python-socketio client that speaks to a server of the test; the lines that it printed. */
export async function runSocketIoClient(
  url: string,
  transport: 'polling' | 'websocket' | 'both',
): Promise<{ exitCode: number | undefined; lines: readonly string[] }> {
  const venv = await ensureSocketIoVenv(process.stderr);
  return runChild(venv.python, ['-I', SOCKET_IO_SCRIPT, url, transport], {
    signal: AbortSignal.timeout(30_000),
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
