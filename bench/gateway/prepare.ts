// What must be on the machine before the rivals can run: Debian packages, and packages from npm in a folder of their own, so
// that the product's list of packages stays its own. Quick when all is there; fails with the remedy where it cannot be had.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runChild } from '../../src/cli/demo/child.ts';
import { DemoFailure } from '../../src/cli/demo/failure.ts';

const COMMANDS = [
  { command: 'taskset', debianPackage: 'util-linux' },
  { command: 'openssl', debianPackage: 'openssl' },
  { command: 'nginx', debianPackage: 'nginx-light' },
  { command: 'haproxy', debianPackage: 'haproxy' },
  { command: 'caddy', debianPackage: 'caddy' },
];
const BENCH_FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** @throws DemoFailure, which says what to install */
export async function prepareRivals(): Promise<void> {
  await ensureCommands();
  if (!existsSync(join(BENCH_FOLDER, 'node_modules', '.package-lock.json')))
    await run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', BENCH_FOLDER]);
}

async function ensureCommands(): Promise<void> {
  const missing = COMMANDS.filter(({ command }) => !isOnPath(command));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new DemoFailure(
      `The benchmark needs ${missing.map(({ command }) => command).join(', ')}. On Debian or Ubuntu, run:\n` +
        `  sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );
  }
  await run('apt-get', ['update']);
  await run('apt-get', install);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  console.log(`Running ${command} ${args.join(' ')} ...`);
  const { exitCode, lines } = await runChild(command, args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (exitCode !== 0)
    throw new DemoFailure(`${command} ${args.join(' ')} failed:\n${lines.slice(-10).join('\n')}`);
}

function isOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
