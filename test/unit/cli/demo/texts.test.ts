// What the demo says: which Python it takes, why an install failed, how the block of URLs looks.

import t from 'tap';

import { describeDemo } from '../../../../src/cli/demo/demo.ts';
import { startProgress } from '../../../../src/cli/demo/progress.ts';
import { explainMissingPython, judgeProbe } from '../../../../src/cli/demo/python.ts';
import { condensePipLine, explainFailedInstall } from '../../../../src/cli/demo/venv.ts';
import type { Clock } from '../../../../src/clock.ts';

await t.test('a probe is judged by how far it came', async (test) => {
  const version = 'portico-version 3 11';
  const executable = 'portico-executable /usr/bin/python3';
  const cases = [
    { lines: [], kind: 'absent' },
    { lines: ['command not found'], kind: 'absent' },
    { lines: ['portico-version 2 7'], kind: 'old' },
    { lines: ['portico-version 3 9', executable, 'portico-usable'], kind: 'old' },
    { lines: [version, executable, 'ModuleNotFoundError: ensurepip'], kind: 'without-venv' },
    { lines: ['a warning', version, 'another', executable, 'portico-usable'], kind: 'usable' },
    { lines: ['portico-version 4 0', executable, 'portico-usable'], kind: 'usable' },
  ];
  for (const { lines, kind } of cases) test.equal(judgeProbe(lines).kind, kind, lines.join(' | '));
  test.same(judgeProbe([version, executable, 'portico-usable']), {
    kind: 'usable',
    python: { executable: '/usr/bin/python3', version: '3.11' },
  });
});

await t.test('a missing Python is explained by the best that was found', async (test) => {
  test.match(explainMissingPython([{ kind: 'absent' }]), /no Python was found/);
  test.match(explainMissingPython([{ kind: 'absent' }, { kind: 'old', version: '3.8' }]), /only Python 3\.8/);
  test.match(
    explainMissingPython([
      { kind: 'old', version: '3.8' },
      { kind: 'without-venv', version: '3.12' },
    ]),
    /Python 3\.12 is here, but without[^]*python3-venv/,
  );
  test.match(explainMissingPython([]), /--synapse URL/);
});

await t.test('a failed install names its likely cause and the way around', async (test) => {
  const cases: [string, RegExp][] = [
    ['OSError: [Errno 28] No space left on device', /disk is full/],
    ['SSLError(SSLCertVerificationError(1, CERTIFICATE_VERIFY_FAILED))', /PIP_CERT/],
    ['NewConnectionError: Failed to establish a new connection', /package index \(PyPI\) cannot be reached/],
    ['ERROR: Could not find a version (from versions: none)', /cannot be reached, or has nothing/],
    ['ERROR: No matching distribution found for matrix-synapse', /no such version/],
    ['error: [Errno 13] Permission denied: /opt', /cannot be written/],
    ['something new', /pip failed/],
  ];
  for (const [line, cause] of cases) {
    const text = explainFailedInstall('Synapse', ['first', line]);
    test.match(text, cause);
    test.match(text, /--synapse URL/);
    test.ok(text.endsWith(`  ${line}`), 'with the evidence');
  }
});

await t.test('a line of pip is cut to what it does', async (test) => {
  test.equal(condensePipLine('Collecting six>=1.8.0 (from pymacaroons>=0.13)'), 'Collecting six>=1.8.0');
  test.equal(
    condensePipLine('  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)'),
    'Downloading six-1.17.0-py2.py3-none-any.whl',
  );
  test.ok(condensePipLine(`Successfully installed ${'x'.repeat(500)}`).length < 70);
});

await t.test('progress updates one line on a terminal and writes seldom elsewhere', async (test) => {
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => undefined };
  for (const isTTY of [true, false]) {
    nowMs = 0;
    const written: string[] = [];
    const progress = startProgress(
      { isTTY, write: (text: string) => written.push(text) },
      clock,
      'Working ...',
    );
    for (nowMs = 1000; nowMs <= 10_000; nowMs += 1000) progress.update('on it');
    progress.end('Done.');
    test.equal(written.length, isTTY ? 12 : 4);
    test.equal(written.filter((text) => text.includes('\n')).length, isTTY ? 1 : 4);
    test.ok(written.at(-1)?.endsWith('Done.\n'));
  }
});

await t.test('the block shows what was made, and for an own server only the URLs', async (test) => {
  const gatewayUrl = 'http://127.0.0.1:3000/';
  const synapseUrl = 'http://127.0.0.1:8008';
  const account = { user: 'alice', userId: '@alice:localhost', password: 'p' };
  const full = describeDemo({
    gatewayUrl,
    callPage: 'served',
    synapseUrl,
    accounts: [account],
    room: { roomId: '!r', alias: '#a:localhost' },
  });
  test.match(full, /http:\/\/127\.0\.0\.1:3000\/call\/\n/);
  test.match(full, /http:\/\/127\.0\.0\.1:3000\/call-config\.json\n/);
  test.match(full, /@alice:localhost +password p\n/);
  test.match(full, /#a:localhost\n/);
  test.match(full, /Ctrl-C stops everything/);
  const bare = describeDemo({ gatewayUrl, callPage: 'not built', synapseUrl });
  test.notMatch(bare, /password|room/);
  test.match(bare, /Call page +not built; run: npm run build:web\n/, 'and how to get what is missing');
  test.notMatch(describeDemo({ gatewayUrl, callPage: 'off', synapseUrl }), /call page/i);
});
