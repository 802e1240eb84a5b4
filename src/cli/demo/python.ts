// Finds a Python that can make a virtual environment for Synapse. Owns the question what "usable" means and the text
// for a machine that has none; installs nothing.

import { runChild } from './child.ts';
import { DemoFailure, USE_OWN_SYNAPSE } from './failure.ts';

/** What the pinned Synapse declares as `Requires-Python`. */
export const MINIMUM_PYTHON = { major: 3, minor: 10 } as const;

/** The plain name first: it is the one that the machine's owner chose. */
const CANDIDATES = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python',
];

/** Debian ships `venv` without `ensurepip` unless python3-venv is installed: both must import. */
const PROBE = [
  'import sys',
  'print("portico-version", sys.version_info[0], sys.version_info[1])',
  'print("portico-executable", sys.executable)',
  'import venv, ensurepip',
  'print("portico-usable")',
].join('\n');

const PROBE_TIMEOUT_MS = 20_000;

export interface Python {
  /** The interpreter's own path: a version manager's shim may change its mind in another folder. */
  executable: string;
  version: string;
}

export type PythonVerdict =
  | { kind: 'usable'; python: Python }
  | { kind: 'old'; version: string }
  | { kind: 'without-venv'; version: string }
  | { kind: 'absent' };

/** Rejects with a DemoFailure that says what to install when no candidate on the PATH of `env` serves. */
export async function findPython(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Python> {
  const verdicts: PythonVerdict[] = [];
  for (const command of CANDIDATES) {
    const verdict = await probe(command, env, signal);
    if (verdict.kind === 'usable') return verdict.python;
    verdicts.push(verdict);
  }
  throw new DemoFailure(explainMissingPython(verdicts));
}

/** Reads what the probe printed: how many of its lines are there says how far it came. */
export function judgeProbe(lines: readonly string[]): PythonVerdict {
  const version = firstMatch(lines, /^portico-version (\d+) (\d+)$/);
  if (version === undefined) return { kind: 'absent' };
  const major = Number(version[1]);
  const minor = Number(version[2]);
  const shown = `${major}.${minor}`;
  const isNewEnough =
    major > MINIMUM_PYTHON.major || (major === MINIMUM_PYTHON.major && minor >= MINIMUM_PYTHON.minor);
  if (!isNewEnough) return { kind: 'old', version: shown };
  const executable = firstMatch(lines, /^portico-executable (.+)$/)?.[1];
  if (executable === undefined || !lines.includes('portico-usable')) {
    return { kind: 'without-venv', version: shown };
  }
  return { kind: 'usable', python: { executable, version: shown } };
}

/** The text for a machine without a usable Python: what was found, what to install, and the way around. */
export function explainMissingPython(verdicts: readonly PythonVerdict[]): string {
  const needed = `${MINIMUM_PYTHON.major}.${MINIMUM_PYTHON.minor}`;
  const withoutVenv = verdicts.find((verdict) => verdict.kind === 'without-venv');
  if (withoutVenv !== undefined) {
    return [
      `Python ${withoutVenv.version} is here, but without its "venv" and "pip" modules, which the demo needs.`,
      'Install them (Debian, Ubuntu: sudo apt-get install python3-venv) and try again.',
      USE_OWN_SYNAPSE,
    ].join('\n');
  }
  const old = verdicts.find((verdict) => verdict.kind === 'old');
  const found =
    old === undefined ? 'no Python was found' : `only Python ${old.version} was found, which is too old`;
  return [
    `The demo installs a Synapse of its own and needs Python ${needed} or newer for it, but ${found}.`,
    'Install it and try again (Debian, Ubuntu: sudo apt-get install python3 python3-venv; macOS: brew install python).',
    USE_OWN_SYNAPSE,
  ].join('\n');
}

async function probe(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<PythonVerdict> {
  const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  try {
    const { lines } = await runChild(command, ['-I', '-c', PROBE], {
      env,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return judgeProbe(lines);
  } catch {
    signal?.throwIfAborted();
    return { kind: 'absent' };
  }
}

/** Warnings of the interpreter may stand between the probe's own lines. */
function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
