// A server in a process of its own, and what it has used: CPU seconds and memory, as the kernel counts them.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TICKS_PER_SECOND = 100;
/** Has a process collect its garbage when it is told to by a signal. */
const COLLECTS = [
  '--expose-gc',
  '--import',
  'data:text/javascript,process.on("SIGUSR2",()=>gc({type:"major",execution:"sync",flavor:"last-resort"}))',
];

export interface MeasuredProcess {
  readonly pid: number;
  readonly port: number;
  readonly cpuSeconds: () => number;
  readonly rssBytes: () => number;
  /** Begins to; it takes a moment. */
  readonly collectGarbage: () => void;
  readonly stop: () => Promise<void>;
}

/** A script of this folder, which prints its port. */
export async function startScript(name: string, ...args: readonly string[]): Promise<MeasuredProcess> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  return measured(
    spawn(process.execPath, [...COLLECTS, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
    Number,
  );
}

export async function startGateway(environment: NodeJS.ProcessEnv): Promise<MeasuredProcess> {
  const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [...COLLECTS, script], {
    env: {
      PATH: process.env['PATH'],
      PORTICO_LISTEN: '127.0.0.1:0',
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      PORTICO_LIMITS_CONNECTIONS_PER_ADDRESS: '20000',
      PORTICO_LIMITS_CONNECTIONS: '20000',
      PORTICO_LIMITS_SIGNALING_RATE: '10000',
      PORTICO_LIMITS_API_RATE: '1000000',
      PORTICO_CALLS_INITIATES_PER_MINUTE: '10000',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return measured(child, (line) => {
    const { listen } = JSON.parse(line) as { readonly listen?: readonly string[] };
    return Number(listen?.[0]?.split(':').at(-1) ?? Number.NaN);
  });
}

/** @param portIn of a line that the process prints; NaN for lines that say none */
async function measured(child: ChildProcess, portIn: (line: string) => number): Promise<MeasuredProcess> {
  const { pid } = child;
  if (pid === undefined || child.stdout === null) throw new Error('it did not start');
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = portIn(line);
      if (!Number.isNaN(found)) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`exited with ${code} before it served`)));
  });
  return {
    pid,
    port,
    cpuSeconds() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    rssBytes: () =>
      Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    collectGarbage: () => void child.kill('SIGUSR2'),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
