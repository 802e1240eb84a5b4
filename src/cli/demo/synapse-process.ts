// One running Synapse on a loopback port: its files, its start, the proof that it is ours, its end. Owns the child
// process; refuses to install anything, to make accounts, and to know who asked.

import { Buffer } from 'node:buffer';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';

import { stringify } from 'yaml';

import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import { DemoFailure } from './failure.ts';
import { matrixCall } from './matrix-call.ts';
import { pause } from './pause.ts';
import {
  homeserverConfig,
  logConfig,
  newSecrets,
  newSigningKey,
  synapseFiles,
  type SynapseSecrets,
} from './synapse-config.ts';
import type { Venv } from './venv.ts';

const START_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 8_000;
const POLL_MS = 40;
const PORT_ATTEMPTS = 5;
const SHOWN_LINES = 15;
const MAX_KEPT_LINES = 200;
const MAX_LOG_BYTES = 20 * 1024 * 1024;

/**
 * Ends Synapse when our end of its standard input closes, which the system does for us however we die: an exit hook
 * does not run on SIGKILL or a crash, and an orphan would keep the port and the database.
 */
const LAUNCHER = `
import os, runpy, signal, sys, threading
def end_with_parent():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(${STOP_GRACE_MS / 1000})
    os._exit(1)
threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv[0] = "synapse_homeserver"
runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)
`;

export interface SynapseOptions {
  venv: Venv;
  /** Kept between runs; one running Synapse per folder. */
  dataDir: string;
  serverName: string;
  /** 0, the default, takes a free one. */
  port?: number;
  publicBaseUrl?: string;
  /** Merged over homeserver.yaml, key by key at the top level. */
  extraConfig?: Readonly<Record<string, unknown>>;
  clock: Clock;
  random: Random;
  signal?: AbortSignal;
}

export interface SynapseExit {
  code: number | undefined;
  signal: string | undefined;
}

export interface RunningSynapse {
  url: string;
  port: number;
  pid: number;
  registrationSharedSecret: string;
  logFile: string;
  /** Resolves when the process is gone, for whatever reason. */
  exited: Promise<SynapseExit>;
  /** SIGTERM, then SIGKILL after a grace; calling it twice is harmless. */
  stop(): Promise<void>;
  /** SIGKILL at once: what a crash looks like from outside. */
  kill(): Promise<void>;
}

/** Writes what Synapse reads at its start; secrets and key are made once and kept. */
export async function prepareSynapse(options: SynapseOptions & { port: number }): Promise<SynapseSecrets> {
  const { dataDir, random } = options;
  const files = synapseFiles(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const secrets = await keptSecrets(files.secrets, random);
  await writeOnce(files.signingKey, newSigningKey(random));
  await writeFile(files.logConfig, stringify(logConfig(dataDir)));
  const config = homeserverConfig({ ...options, secrets });
  await writeFile(files.config, stringify(config), { mode: 0o600 });
  await rotateLog(files.log);
  return secrets;
}

/** Resolves when Synapse answers; rejects with its last words when it does not come up. */
export async function startSynapse(given: SynapseOptions): Promise<RunningSynapse> {
  // Synapse runs inside its folder and would look for a relative path there.
  const options = { ...given, dataDir: resolvePath(given.dataDir) };
  const wanted = options.port ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await freePort() : wanted;
    try {
      return await startOn({ ...options, port });
    } catch (error) {
      // Between our look and Synapse's bind somebody else may take the port.
      const canRetry = wanted === 0 && attempt < PORT_ATTEMPTS && error instanceof PortTaken;
      if (!canRetry) throw error;
    }
  }
}

class PortTaken extends DemoFailure {}

async function startOn(options: SynapseOptions & { port: number }): Promise<RunningSynapse> {
  const { venv, dataDir, port, signal, clock } = options;
  signal?.throwIfAborted();
  const files = synapseFiles(dataDir);
  const secrets = await prepareSynapse(options);
  const logOffsetBytes = await sizeOf(files.log);
  // Detached: the terminal's Ctrl-C must not end Synapse before the gateway in front of it.
  const child = spawn(venv.python, ['-I', '-c', LAUNCHER, '-c', files.config], {
    detached: true,
    cwd: dataDir,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = keepOutput(child);
  const exited = exitOf(child);
  const stop = async (): Promise<void> => {
    const cancelKill = clock.after(STOP_GRACE_MS, () => child.kill('SIGKILL'));
    child.kill('SIGTERM');
    await exited;
    cancelKill();
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilUp({ url, port, logFile: files.log, logOffsetBytes, output, exited, clock, signal });
  } catch (error) {
    await stop();
    throw error;
  }
  if (child.pid === undefined) throw new Error('a process that answers has a pid');
  return {
    url,
    port,
    pid: child.pid,
    registrationSharedSecret: secrets.registrationSharedSecret,
    logFile: files.log,
    exited,
    stop,
    kill,
  };
}

interface StartWatch {
  url: string;
  port: number;
  logFile: string;
  logOffsetBytes: number;
  output: readonly string[];
  exited: Promise<SynapseExit>;
  clock: Clock;
  signal: AbortSignal | undefined;
}

async function waitUntilUp(watch: StartWatch): Promise<void> {
  const { clock, url, port, signal } = watch;
  const deadlineMs = clock.monotonicMs() + START_DEADLINE_MS;
  // Its own word first: an answer on the port alone may come from somebody else's server there.
  const listening = new RegExp(`Synapse now listening on TCP port ${port}$`, 'm');
  let exit: SynapseExit | undefined;
  void watch.exited.then((value) => (exit = value));
  for (;;) {
    const log = await readFrom(watch.logFile, watch.logOffsetBytes);
    if (exit !== undefined) throw startFailure(watch, log, describeExit(exit));
    if (listening.test(log) && (await isHealthy(url, signal))) return;
    if (clock.monotonicMs() > deadlineMs) {
      throw startFailure(watch, log, `did not answer within ${START_DEADLINE_MS / 1000} s`);
    }
    await pause(POLL_MS, signal);
  }
}

function startFailure(watch: StartWatch, log: string, reason: string): Error {
  const lines = [...log.trimEnd().split('\n'), ...watch.output].filter((line) => line !== '');
  const text = [
    `Synapse ${reason}. Its last lines (all of them: ${watch.logFile}):`,
    ...lines.slice(-SHOWN_LINES).map((line) => `  ${line}`),
  ].join('\n');
  const isPortTaken = lines.some((line) => /Failed to listen on TCP port|CannotListenError/.test(line));
  return isPortTaken ? new PortTaken(text) : new DemoFailure(text);
}

export function describeExit(exit: SynapseExit): string {
  return exit.signal === undefined ? `ended with exit code ${exit.code}` : `was ended by ${exit.signal}`;
}

async function isHealthy(url: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const answer = await matrixCall({
      baseUrl: url,
      method: 'GET',
      path: '/_matrix/client/versions',
      signal,
    });
    return answer.status === 200;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

async function exitOf(child: ChildProcess): Promise<SynapseExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    // Not started at all: nothing that could exit.
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: undefined, signal: undefined });
    });
  });
}

function keepOutput(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > MAX_KEPT_LINES) lines.shift();
  };
  child.once('error', (error) => keep(error.message));
  // A write end that Synapse closed early must not end us by an unhandled error.
  child.stdin?.on('error', (error) => keep(error.message));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', keep);
  }
  return lines;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

async function keptSecrets(file: string, random: Random): Promise<SynapseSecrets> {
  await writeOnce(file, `${JSON.stringify(newSecrets(random), undefined, 2)}\n`);
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { registrationSharedSecret, macaroonSecretKey, formSecret } = parsed as Partial<SynapseSecrets>;
  if (!registrationSharedSecret || !macaroonSecretKey || !formSecret) {
    throw new DemoFailure(`${file} lacks a secret. Remove its folder; the next start makes a new one.`);
  }
  return { registrationSharedSecret, macaroonSecretKey, formSecret };
}

async function writeOnce(file: string, text: string): Promise<void> {
  if ((await sizeOf(file)) > 0) return;
  const temporary = `${file}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

async function rotateLog(file: string): Promise<void> {
  if ((await sizeOf(file)) > MAX_LOG_BYTES) await rename(file, `${file}.old`);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

async function readFrom(file: string, offsetBytes: number): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch {
    return '';
  }
  try {
    const lengthBytes = Math.max(0, (await handle.stat()).size - offsetBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
