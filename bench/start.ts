// How long the gateway takes from spawning to serving: `npm run bench:start`. Prints, asserts nothing: machines differ.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 11;
const STORE = `sqlite:${join(mkdtempSync(join(tmpdir(), 'portico-bench-')), 'portico.db')}`;
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const timesMs: number[] = [];
for (let run = 0; run < RUNS; run += 1) timesMs.push(await startOnce());
timesMs.sort((a, b) => a - b);
const show = (ms: number | undefined): string => `${Math.round(ms ?? Number.NaN)} ms`;
console.log(
  `start to serving, ${RUNS} runs from the sources: median ${show(timesMs[Math.floor(RUNS / 2)])}, ` +
    `fastest ${show(timesMs[0])}, slowest ${show(timesMs.at(-1))}`,
);

async function startOnce(): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORTICO_LISTEN: '127.0.0.1:0',
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      PORTICO_STORE_URL: STORE,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The first line of the log says that every listener is open.
  await once(child.stdout, 'data');
  const tookMs = performance.now() - startedMs;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
  return tookMs;
}
