// The unit tests of the client library take nearly every branch of it. Runs them, counts with V8's own coverage, and prints
// what `c8` says of each file. That they pass is their own business, but a test that fails counts for nothing.

import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import t from 'tap';

import { REPOSITORY_DIR } from '../harness/places.ts';

const MIN_PERCENT = 95;
const C8 = join(REPOSITORY_DIR, 'node_modules/c8/bin/c8.js');

t.setTimeout(170_000);

const run = promisify(execFile);
const counted = t.testdir({});

/** Each file by itself: the runner of this test must not be told of theirs. */
async function runTests(files: string[]): Promise<void> {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('TAP'));
  const env = { ...Object.fromEntries(environment), NODE_V8_COVERAGE: counted, NODE_OPTIONS: '' };
  for (let file = files.pop(); file !== undefined; file = files.pop())
    await run(process.execPath, [file], { cwd: REPOSITORY_DIR, env });
}

await t.test(`the unit tests of the library take ${MIN_PERCENT} % of its branches`, async (test) => {
  const files = globSync('test/unit/client/**/*.test.ts', { cwd: REPOSITORY_DIR });
  await Promise.all(Array.from({ length: availableParallelism() }, () => runTests(files)));
  const report = ['report', '--all', '--include', 'client/**', '--temp-directory', counted];
  report.push('--reporter', 'text', '--reporter', 'text-summary', '--check-coverage');
  report.push('--branches', String(MIN_PERCENT), '--lines', '0', '--functions', '0', '--statements', '0');
  const { stdout } = await run(process.execPath, [C8, ...report], { cwd: REPOSITORY_DIR }).catch(
    (error: { stdout: string; stderr: string }) => {
      test.fail(error.stderr.trim());
      return error;
    },
  );
  test.comment(stdout);
  test.match(stdout, /Branches +: [\d.]+%/);
});
