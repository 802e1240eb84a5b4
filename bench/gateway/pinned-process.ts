// A server in a process of its own on one core: started, awaited, measured with its children, ended.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';

import type { Question, Target } from './connection.ts';
import { pause, runClosedLoop } from './load.ts';
import { cpuSecondsOf, familyPidsOf, rssBytesOf } from './proc.ts';

/** Of the load generator and of the server behind the rivals. */
export const LOAD_CORE = 0;
export const RIVAL_CORE = 1;

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;
const SHOWN_LINES = 20;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** On top of PATH. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface PinnedProcess {
  readonly target: Target;
  cpuSeconds(): number;
  rssBytes(): number;
  stop(): Promise<void>;
}

/** Pins this process, with all its threads. @throws on a machine of one core */
export function pinSelf(): void {
  if (cpus().length <= Math.max(LOAD_CORE, RIVAL_CORE))
    throw new Error('This machine has one core; the proxy needs one of its own.');
  pin(process.pid, LOAD_CORE);
}

/** @param pid of a process that runs already; its threads go with it */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

/** @returns once it answers the question as it must; ended, and with its last words told, if it does not in time */
export async function startServer(
  command: Command,
  core: number,
  target: Target,
  question: Question,
): Promise<PinnedProcess> {
  const child = launch(command, core);
  const said: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on('line', (line) => {
      said.push(line);
      if (said.length > SHOWN_LINES) said.shift();
    });
  }
  const running = pinned(child, target);
  const startedMs = performance.now();
  let fault = '';
  while (performance.now() - startedMs < START_LIMIT_MS && child.exitCode === null) {
    try {
      await runClosedLoop({ target, question, connections: 1, durationMs: 0 });
      return running;
    } catch (error) {
      fault = (error as Error).message;
    }
    await pause(POLL_MS);
  }
  await running.stop();
  throw new Error(`does not serve: ${fault}\n${said.join('\n')}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function launch({ command, args, env }: Command, core: number): ChildProcess {
  // taskset becomes the program that it starts: the process ID stays.
  return spawn('taskset', ['--cpu-list', String(core), command, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function pinned(child: ChildProcess, target: Target): PinnedProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('could not be started');
  return {
    target,
    cpuSeconds: () => cpuSecondsOf(pid),
    rssBytes: () => rssBytesOf(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      // Taken before: the children of a process that is gone are not found any more.
      const family = familyPidsOf(pid);
      child.kill('SIGTERM');
      const killer = setTimeout(() => family.forEach(kill), STOP_LIMIT_MS);
      await exit;
      clearTimeout(killer);
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
