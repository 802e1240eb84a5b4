// Runs a helper program to its end and hands back what it printed. Owns its process group, its abort and its limits;
// refuses to judge its exit code. Not for servers: see synapse-process.ts.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Of a long output only the end is of use in a message. */
const MAX_KEPT_LINES = 200;
const MAX_KEPT_LINE_CHARS = 4_000;

export interface ChildResult {
  /** `undefined` when a signal ended it. */
  exitCode: number | undefined;
  /** The last lines of both outputs, in the order of their arrival. */
  lines: string[];
}

export interface ChildOptions {
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
  onLine?: (line: string) => void;
}

/** Rejects when the program cannot be started, or with the signal's reason when it was aborted. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildResult> {
  const { signal, onLine } = options;
  signal?.throwIfAborted();
  const lines: string[] = [];
  const keep = (text: string): void => {
    const line = text.slice(0, MAX_KEPT_LINE_CHARS);
    lines.push(line);
    if (lines.length > MAX_KEPT_LINES) lines.shift();
    onLine?.(line);
  };
  // Its own process group: the terminal's Ctrl-C must reach us alone, or the helper dies before we say why; and pip's
  // own helpers must end with it.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  createInterface({ input: child.stdout }).on('line', keep);
  createInterface({ input: child.stderr }).on('line', keep);
  const end = (): void => killGroup(child.pid);
  signal?.addEventListener('abort', end, { once: true });
  process.once('exit', end);
  try {
    const exitCode = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? undefined));
    });
    signal?.throwIfAborted();
    return { exitCode, lines };
  } finally {
    process.removeListener('exit', end);
    signal?.removeEventListener('abort', end);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
