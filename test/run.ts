// `npm test`: first installs what the tests need and the machine lacks, then runs the checks and every test.
// Closes with the line `N passed, N failed`, counted from the runner's own output. Owns no test.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { NEEDED_COMMANDS, prepare } from './harness/prepare.ts';
import { countTests, describeFailures } from './harness/tap-count.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TAP_OUTPUT = `${ROOT}.tap/output.tap`;

/** What `npm run check` runs beside the consistency tests, which come with all the others, and the build. */
const CHECKS = ['typecheck', 'lint', 'format:check', 'build'];

process.exitCode = await main();

async function main(): Promise<number> {
  const prepared = await prepare({
    out: process.stdout,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    neededCommands: NEEDED_COMMANDS,
  });
  if (prepared !== 0) return prepared;

  let failedChecks = 0;
  for (const check of CHECKS) {
    const isGood = (await run('npm', ['run', '--silent', check])) === 0;
    if (!isGood) failedChecks += 1;
    console.log(`${isGood ? 'ok' : 'not ok'}: ${check}`);
  }

  mkdirSync(`${ROOT}.tap`, { recursive: true });
  rmSync(TAP_OUTPUT, { force: true });
  // Without this, the first run after an install still has tap's own TypeScript loader, which does not know TypeScript 7.
  await run('tap', ['build']);
  const tapExit = await run('tap', [
    '--reporter=terse',
    `--output-file=${TAP_OUTPUT}`,
    ...process.argv.slice(2),
  ]);
  const output = readFileSync(TAP_OUTPUT, 'utf8');
  for (const failure of describeFailures(output)) console.log(`\n${failure}`);
  const counted = countTests(output);
  const passed = counted.passed + CHECKS.length - failedChecks;
  // A runner that died without a failed test to show is a failure all the same.
  const failed = counted.failed + failedChecks + (tapExit !== 0 && counted.failed === 0 ? 1 : 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > CHECKS.length ? 0 : 1;
}

/** Runs a command with npm's PATH, its output ours; resolves to its exit code. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
