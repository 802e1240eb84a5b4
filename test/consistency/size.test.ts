// Files stay readable: none is long, and each opens by saying what it owns.

import t from 'tap';

import { sourceFiles } from './source-files.ts';

const MAX_LINES = 400;
const MAX_HEADER_LINES = 5;

const files = sourceFiles('src/**/*.ts', 'test/**/*.ts', 'docs/generate/*.ts');

await t.test('no file is longer than 400 lines', async (t) => {
  for (const { path, text } of files) {
    const lines = text.trimEnd().split('\n').length;
    t.ok(lines <= MAX_LINES, `${path} has ${lines} lines`);
  }
});

await t.test('every file opens with one to five lines that say what it owns', async (t) => {
  for (const { path, text } of files) {
    const lines = text.replace(/^#![^\n]*\n/, '').split('\n');
    const headerLines = lines.findIndex((line) => !line.startsWith('//'));
    t.ok(headerLines >= 1 && headerLines <= MAX_HEADER_LINES, `${path} opens with ${headerLines} lines`);
    t.equal(lines[headerLines], '', `${path} has an empty line behind them`);
  }
});

await t.test('file names are kebab-case', async (t) => {
  for (const { path } of files)
    t.match(path, /^(?:[a-z0-9-]+\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|contract))?\.ts$/, path);
});
