// A gateway as its own process, started from the sources as a user starts it: for memory, signals and start time.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

import type { Test } from 'tap';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly url: string;
  readonly logged: readonly Record<string, unknown>[];
  /** Milliseconds from spawning to serving. */
  readonly startMs: number;
  /** Resident set size now, in bytes. */
  rssBytes(): number;
  /** The highest that it ever was, in bytes. */
  peakRssBytes(): number;
}

/** @param environment `PORTICO_*` variables; its log level must let `serving` through (info), for that line tells the port */
export async function spawnGateway(
  t: Test,
  environment: NodeJS.ProcessEnv,
  nodeOptions: readonly string[] = [],
): Promise<GatewayProcess> {
  const logged: Record<string, unknown>[] = [];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, MAIN], {
    cwd: t.testdir(),
    env: {
      PATH: process.env['PATH'],
      PORTICO_LISTEN: '127.0.0.1:0',
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const serving = new Promise<number>((resolve, reject) => {
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = JSON.parse(line) as Record<string, unknown>;
        logged.push(entry);
        if (entry['msg'] === 'serving') resolve(portIn(entry['listen']));
      }
    });
    child.once('exit', (code) => reject(new Error(`the gateway exited with ${code} before it served`)));
  });
  const port = await serving;
  return {
    child,
    port,
    url: `http://127.0.0.1:${port}`,
    logged,
    startMs: performance.now() - startedMs,
    rssBytes: () => statusBytes(child, 'VmRSS'),
    peakRssBytes: () => statusBytes(child, 'VmHWM'),
  };
}

function statusBytes(child: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1]) * 1024;
}

/** Below those that the kernel gives: 32768 and above on Linux, 49152 elsewhere. */
const CHOSEN_PORTS = { first: 10_000, count: 22_000 };

/**
 * A port that nobody uses now: for what has to be told its port, or comes back at the same place. Not one that the kernel
 * gives: until it is listened on, a server of another test could get it, and would be taken for the one that is awaited.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = CHOSEN_PORTS.first + randomInt(CHOSEN_PORTS.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      });
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

function portIn(listen: unknown): number {
  const first: unknown = Array.isArray(listen) ? listen[0] : undefined;
  return Number(String(first).split(':').at(-1));
}
