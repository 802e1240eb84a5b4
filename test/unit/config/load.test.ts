// Which file is read, and every way in which a file can fail to be one. Values are judged in the other tests.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import t from 'tap';

import { check } from '../../../src/cli/check.ts';
import { formatFaults } from '../../../src/config/faults.ts';
import type { LoadOptions } from '../../../src/config/load.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { MAX_FILE_BYTES, readTextFile } from '../../../src/config/text-file.ts';

function levelOf(options: Omit<LoadOptions, 'environment'>): string {
  const loaded = loadConfig({ environment: {}, ...options });
  return 'config' in loaded ? loaded.config.log.level : formatFaults(loaded.faults);
}

await t.test('the default file is read where it exists, and its absence is fine', (test) => {
  const directory = test.testdir({ full: { config: { 'portico.yaml': 'log: {level: debug}' } }, bare: {} });
  test.equal(levelOf({ directory: join(directory, 'full') }), 'debug');
  test.equal(levelOf({ directory: join(directory, 'bare') }), 'info');
  test.end();
});

await t.test('a named file takes the place of the default file', (test) => {
  const directory = test.testdir({
    config: { 'portico.yaml': 'log: {level: debug}' },
    'other.yaml': 'log: {level: trace}',
  });
  test.equal(levelOf({ directory, file: 'other.yaml' }), 'trace');
  test.equal(levelOf({ directory: '/', file: join(directory, 'other.yaml') }), 'trace');
  test.end();
});

await t.test('a named file that is missing is a fault, and so is one that cannot be read', (test) => {
  const directory = test.testdir({ folder: {}, 'a-file': '' });
  test.match(levelOf({ directory, file: 'missing.yaml' }), 'The config file "missing.yaml" does not exist');
  test.match(levelOf({ directory, file: 'a-file/portico.yaml' }), 'does not exist: a part of its path');
  test.match(levelOf({ directory, file: 'folder' }), 'The config file "folder" is a folder');
  test.match(levelOf({ directory, file: 'nul\0.yaml' }), 'cannot be read (ERR_INVALID_ARG_VALUE)');
  test.end();
});

await t.test('a default file that exists but cannot be read is a fault', (test) => {
  const directory = test.testdir({ config: { 'portico.yaml': {} } });
  test.match(levelOf({ directory }), 'The config file "config/portico.yaml" is a folder');
  test.end();
});

await t.test('a file may have the largest size and not a byte more, even when it has no size', (test) => {
  const directory = test.testdir({
    'largest.yaml': `log: {level: debug}\n${'#'.repeat(MAX_FILE_BYTES - 20)}`,
    'larger.yaml': `log: {level: debug}\n${'#'.repeat(MAX_FILE_BYTES - 19)}`,
  });
  test.equal(levelOf({ directory, file: 'largest.yaml' }), 'debug');
  test.match(levelOf({ directory, file: 'larger.yaml' }), 'is larger than 1048576 bytes');
  test.match(levelOf({ directory, file: '/dev/zero' }), 'is larger than 1048576 bytes');
  test.end();
});

await t.test('a file that is not UTF-8 is refused, and a byte order mark is no part of it', (test) => {
  const directory = test.testdir({
    'latin1.yaml': Buffer.from('public_url: https://m\xe4trix.example', 'latin1'),
    'marked.yaml': '\ufefflog: {level: debug}',
  });
  test.match(levelOf({ directory, file: 'latin1.yaml' }), 'is not UTF-8 text');
  test.equal(levelOf({ directory, file: 'marked.yaml' }), 'debug');
  test.end();
});

await t.test('a config may come from a pipe', (test) => {
  const script = `
    import { readTextFile } from ${JSON.stringify(import.meta.resolve('../../../src/config/text-file.ts'))};
    process.stdout.write(JSON.stringify(readTextFile('/dev/stdin')));`;
  const pipe = 'printf "log: {}" | "$0" --input-type=module --eval "$1"';
  const output = execFileSync('sh', ['-c', pipe, process.execPath, script]);
  test.same(JSON.parse(output.toString()), { text: 'log: {}' });
  test.match(readTextFile('/nowhere/at/all'), { problem: 'does not exist', isMissing: true });
  test.end();
});

await t.test('check prints the config in effect and exits with 0', (test) => {
  const printed = runCheck({ directory: test.testdir({}), environment: { PORTICO_LOG_LEVEL: 'debug' } });
  test.equal(printed.exitCode, 0);
  test.equal(printed.err, '');
  test.match(printed.out, /^listen:\n {2}- '3000'\n[\s\S]*\nlog:\n {2}level: debug\n {2}pretty: tty\n$/);
  test.end();
});

await t.test('check prints every fault to standard error and exits with 1', (test) => {
  const environment = { PORTICO_LOG_LEVEL: 'loud', PORTICO_X: '1' };
  const printed = runCheck({ directory: test.testdir({}), environment, file: 'missing.yaml' });
  test.equal(printed.exitCode, 1);
  test.equal(printed.out, '');
  test.match(
    printed.err,
    /^3 faults in the configuration:\n\nThe config file "missing.yaml" does not exist\n\nlog.level /,
  );
  test.end();
});

function runCheck(options: LoadOptions): { exitCode: number; out: string; err: string } {
  const printed = { out: '', err: '' };
  const exitCode = check({
    ...options,
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
  });
  return { exitCode, ...printed };
}
