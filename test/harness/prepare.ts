// What must be on the machine before the tests run: Synapse, the Python clients, a few Debian packages. Owns their
// list and their installation; is quick when all is there, and fails loudly where something cannot be had.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { runChild } from '../../src/cli/demo/child.ts';
import { DemoFailure } from '../../src/cli/demo/failure.ts';
import type { Out } from '../../src/cli/demo/progress.ts';
import { installSynapse } from '../../src/cli/demo/synapse-install.ts';
import { systemClock } from '../../src/clock.ts';
import { STATE_DIR } from './places.ts';
import { ensureClientsVenv, ensureSocketIoVenv } from './python.ts';

/** A command that a test runs, and the Debian package that brings it. */
export interface NeededCommand {
  command: string;
  debianPackage: string;
}

export const NEEDED_COMMANDS: readonly NeededCommand[] = [
  { command: 'chromium', debianPackage: 'chromium' },
  { command: 'curl', debianPackage: 'curl' },
  { command: 'ffprobe', debianPackage: 'ffmpeg' },
  { command: 'turnserver', debianPackage: 'coturn' },
  { command: 'nginx', debianPackage: 'nginx-light' },
  { command: 'openssl', debianPackage: 'openssl' },
  { command: 'prosody', debianPackage: 'prosody' },
];

export interface PrepareOptions {
  out: Out;
  env: NodeJS.ProcessEnv;
  isRoot: boolean;
  neededCommands: readonly NeededCommand[];
}

/** The exit code: 0 when everything is there, 1 when something is missing, with the remedy printed. */
export async function prepare(options: PrepareOptions): Promise<number> {
  const { out } = options;
  try {
    await ensureCommands(options);
    await installSynapse({ stateDir: STATE_DIR, out, clock: systemClock, env: options.env });
    await ensureClientsVenv(out);
    await ensureSocketIoVenv(out);
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    out.write(`${error.message}\n`);
    return 1;
  }
}

async function ensureCommands(options: PrepareOptions): Promise<void> {
  const { out, env, isRoot, neededCommands } = options;
  const missing = neededCommands.filter(({ command }) => !isOnPath(command, env));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  if (!isRoot || !isOnPath('apt-get', env)) {
    throw new DemoFailure(
      `The tests need ${missing.map(({ command }) => command).join(', ')}. On Debian or Ubuntu, run:\n` +
        `  sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );
  }
  out.write(`Installing ${packages.join(', ')} ...\n`);
  for (const args of [['update'], install]) {
    const { exitCode, lines } = await runChild('apt-get', args, {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (exitCode !== 0) {
      throw new DemoFailure(`apt-get ${args.join(' ')} failed:\n${lines.slice(-10).join('\n')}`);
    }
  }
  const stillMissing = missing.filter(({ command }) => !isOnPath(command, env));
  if (stillMissing.length > 0) {
    throw new DemoFailure(
      `Installed, yet not on PATH: ${stillMissing.map(({ command }) => command).join(', ')}`,
    );
  }
}

function isOnPath(command: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

if (import.meta.main) {
  process.exitCode = await prepare({
    out: process.stdout,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    neededCommands: NEEDED_COMMANDS,
  });
}
