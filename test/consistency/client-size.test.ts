// What a page has to load to make calls with the client library stays small, and what the build makes short in it is
// nobody else's. Builds the library into a folder of its own, so that it judges the sources and no older build.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import t from 'tap';

import { OWN_MEMBERS } from '../../web/own-members.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';
import { codeOf, readSource, sourceFiles } from './source-files.ts';

const MAX_BYTES = 12_000;
const VITE = join(REPOSITORY_DIR, 'node_modules/vite/bin/vite.js');

const outDir = t.testdir({});
for (const mode of ['library', 'recording'])
  execFileSync(
    process.execPath,
    [VITE, 'build', '-c', 'web/vite.config.ts', '--mode', mode, '--outDir', outDir, '--logLevel', 'error'],
    { cwd: REPOSITORY_DIR },
  );

function built(file: string): string {
  return readFileSync(join(outDir, file), 'utf8');
}

function gzippedBytes(file: string): number {
  return gzipSync(built(file), { level: 9 }).length;
}

await t.test('the library is small, and a page without a recording loads nothing else', (test) => {
  const bytes = gzippedBytes('portico.js');
  test.comment(`portico.js: ${bytes} bytes gzipped of at most ${MAX_BYTES}`);
  test.comment(`portico-recording.js: ${gzippedBytes('portico-recording.js')} bytes more with a recording`);
  test.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
  const code = built('portico.js');
  test.strictSame(code.match(/\bimport\([^)]*\)/g), ['import(`./portico-recording.js`)']);
  test.notMatch(code, /\bimport\s*[{*"'`\w]/, 'it is one file');
  test.end();
});

await t.test('what records is a file of its own, with nothing of the library in it', (test) => {
  const code = built('portico-recording.js');
  test.notMatch(code, /\bimport\b|extends Error/);
  test.match(code, /export\{\w+ as newRecording\}/);
  test.end();
});

await t.test('members with short names are known to nobody else by their names', (test) => {
  const applications = codeOf(readSource('client/portico.ts').text).match(/\b\w+(?=\??\s*[:(])/g) ?? [];
  // What the build has left of names there are members.
  const recorder = codeOf(built('portico-recording.js')).match(/\b[a-z]\w{2,}\b/gi) ?? [];
  const messages = readSource('docs/protocol/native.md').text.match(/(?<=^\| `)\w+(?=` +\|)/gm) ?? [];
  const answers = readSource('client/history.ts').text.match(/\w+(?=: )/g) ?? [];
  // A type may be looked up by a text; a value that is would not be found.
  const looked = sourceFiles('client/**/*.ts').flatMap(
    ({ text }) => text.match(/(?<=(?<!\b[A-Z]\w*)\[')\w+(?='\])|(?<=')\w+(?=' in )/g) ?? [],
  );
  const known: Readonly<Record<string, readonly string[]>> = {
    applications,
    recorder,
    messages,
    answers,
    looked,
  };
  for (const [by, names] of Object.entries(known)) {
    test.ok(names.length > 0, by);
    test.strictSame(
      OWN_MEMBERS.filter((name) => names.includes(name)),
      [],
      by,
    );
  }
  test.end();
});
