// A Python virtual environment with pinned packages, made once. Owns its folder, the marker that says "complete", the
// lock against a second installer and the text of a failed install; refuses to know what the packages are for.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { Clock } from '../../clock.ts';
import { runChild } from './child.ts';
import { DemoFailure, USE_OWN_SYNAPSE } from './failure.ts';
import { takeLock } from './lock.ts';
import { findPython } from './python.ts';
import { startProgress, type Out, type Progress } from './progress.ts';

export interface Venv {
  dir: string;
  /** The interpreter to run its modules with. */
  python: string;
}

export interface VenvOptions {
  dir: string;
  /** What a person calls it, in "Installing …". */
  title: string;
  /** Pinned requirements as pip reads them: `name==version`. */
  requirements: readonly string[];
  out: Out;
  clock: Clock;
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

const SHOWN_LINES = 6;
const MAX_DETAIL_CHARS = 60;

const PIP_INSTALL =
  '-I -m pip install --disable-pip-version-check --no-input --progress-bar off --prefer-binary'.split(' ');

/** Makes the environment unless a complete one with the same requirements is there. */
export async function ensureVenv(given: VenvOptions): Promise<Venv> {
  const options = { ...given, dir: resolve(given.dir) };
  const { dir, out, signal } = options;
  if (await isComplete(options)) return venvAt(dir);
  const lock = await takeLock(`${dir}.lock`, {
    ...(signal === undefined ? {} : { signal }),
    onWait: (pid) =>
      out.write(
        `Waiting for ${pid === undefined ? 'another process' : `process ${pid}`}, ` +
          `which installs ${options.title} right now.\n`,
      ),
  });
  try {
    if (!(await isComplete(options))) await install(options);
  } finally {
    await lock.release();
  }
  return venvAt(dir);
}

async function install(options: VenvOptions): Promise<void> {
  const { dir, requirements, out, clock, signal, title } = options;
  const env = { ...(options.env ?? process.env), PIP_USER: '0' };
  const python = await findPython(env, signal);
  // Without the marker whatever is there was left half-finished, and pip would build on it.
  await rm(dir, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true });
  const progress = startProgress(out, clock, `Installing ${title} (once, with Python ${python.version}) ...`);
  const run = async (command: string, args: readonly string[]): Promise<void> =>
    runStep(command, args, { env, progress, ...(signal === undefined ? {} : { signal }) }, title);
  try {
    await run(python.executable, ['-I', '-m', 'venv', dir]);
    await run(pythonOf(dir), [...PIP_INSTALL, ...requirements]);
  } catch (error) {
    progress.end(`Installing ${title} did not succeed.`);
    throw error;
  }
  await writeMarker(dir, requirements);
  progress.end(`Installed ${title}.`);
}

interface StepOptions {
  env: NodeJS.ProcessEnv;
  progress: Progress;
  signal?: AbortSignal;
}

async function runStep(
  command: string,
  args: readonly string[],
  step: StepOptions,
  title: string,
): Promise<void> {
  const { exitCode, lines } = await runChild(command, args, {
    env: step.env,
    ...(step.signal === undefined ? {} : { signal: step.signal }),
    onLine: (line) => step.progress.update(condensePipLine(line)),
  });
  if (exitCode !== 0) throw new DemoFailure(explainFailedInstall(title, lines));
}

/** Of pip's many words the first few tell what it does: "Downloading twisted-26.10.0-py3-none-any.whl". */
export function condensePipLine(line: string): string {
  const [words = ''] = line.trim().split(' (', 1);
  return words.length > MAX_DETAIL_CHARS ? `${words.slice(0, MAX_DETAIL_CHARS)}…` : words;
}

/** The text for a failed install: the likely cause, what to do, and pip's own last words as evidence. */
export function explainFailedInstall(title: string, lines: readonly string[]): string {
  const text = lines.join('\n');
  const evidence = lines.slice(-SHOWN_LINES).map((line) => `  ${line}`);
  return [
    `${title} could not be installed: ${likelyCause(text)}`,
    USE_OWN_SYNAPSE,
    'pip said last:',
    ...evidence,
  ].join('\n');
}

function likelyCause(text: string): string {
  if (/no space left on device|disk quota exceeded/i.test(text)) {
    return 'the disk is full. Free about 500 MB and try again.';
  }
  if (/CERTIFICATE_VERIFY_FAILED|SSLError/.test(text)) {
    return (
      'the TLS certificate of the package index is not trusted here. Behind an inspecting proxy, point PIP_CERT ' +
      'at its certificate and try again.'
    );
  }
  if (/NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|Max retries/i.test(text)) {
    return 'the package index (PyPI) cannot be reached. Check the network, or PIP_INDEX_URL, and try again.';
  }
  // pip gives up on an index that refuses the connection without a word about the connection.
  if (/from versions: none/i.test(text)) {
    return (
      'the package index (PyPI) cannot be reached, or has nothing for this Python. Check the network, or ' +
      'PIP_INDEX_URL, and try again.'
    );
  }
  if (/No matching distribution|Could not find a version/i.test(text)) {
    return 'the package index has no such version for this Python. Check PIP_INDEX_URL and try again.';
  }
  if (/permission denied|read-only file system/i.test(text)) {
    return 'the folder cannot be written. Make it writable, or start in another one.';
  }
  return 'pip failed. What it said may help.';
}

async function isComplete({ dir, requirements }: VenvOptions): Promise<boolean> {
  // A removed system Python leaves a dangling link behind an intact marker.
  if (!existsSync(pythonOf(dir))) return false;
  try {
    return (await readFile(markerOf(dir), 'utf8')) === markerText(requirements);
  } catch {
    return false;
  }
}

async function writeMarker(dir: string, requirements: readonly string[]): Promise<void> {
  const temporary = `${markerOf(dir)}.new`;
  await writeFile(temporary, markerText(requirements));
  await rename(temporary, markerOf(dir));
}

function markerText(requirements: readonly string[]): string {
  return `${requirements.join('\n')}\n`;
}

function markerOf(dir: string): string {
  return join(dir, 'portico-complete');
}

function pythonOf(dir: string): string {
  return join(dir, 'bin', 'python');
}

function venvAt(dir: string): Venv {
  return { dir, python: pythonOf(dir) };
}
