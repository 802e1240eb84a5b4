// The server behind the rivals (origin.ts) as a process of its own, on the core of the load generator.

import { fileURLToPath } from 'node:url';

import { freePort, LOAD_CORE, startServer } from './pinned-process.ts';
import { SMALL } from './questions.ts';

const SCRIPT = fileURLToPath(new URL('origin.ts', import.meta.url));

export interface StartedOrigin {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startOrigin(): Promise<StartedOrigin> {
  const port = await freePort();
  const command = { command: process.execPath, args: [SCRIPT, String(port)] };
  const server = await startServer(command, LOAD_CORE, { port }, SMALL);
  return { port, stop: () => server.stop() };
}
