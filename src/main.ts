#!/usr/bin/env node
// The entry: refuses a Node that cannot run the rest with one clear line, then hands over to the command line.
// It imports nothing of ours statically, because an old Node would fail on the imports before this check.

import * as module from 'node:module';

const NEEDED_MAJOR = 24;

const major = Number(process.versions.node.split('.', 1)[0]);
if (major < NEEDED_MAJOR) {
  console.error(`portico needs Node.js ${NEEDED_MAJOR} or later; this is ${process.versions.node}.`);
  process.exitCode = 1;
} else {
  // Compiled code is kept between starts (in the system's folder for temporary files): a third of the start is compiling.
  module.enableCompileCache();
  const { run } = await import('./cli/run.ts');
  // Not by an empty event loop: a polling session that was lost keeps a timer of its library for half a minute.
  process.exit(await run(process.argv.slice(2)));
}
