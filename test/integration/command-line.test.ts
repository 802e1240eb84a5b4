// The command line as a user types it: commands, exit codes (0 good, 1 faults found, 2 usage), and what goes where.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { REPOSITORY_DIR } from '../harness/places.ts';

const MAIN = join(REPOSITORY_DIR, 'src/main.ts');

function portico(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

await t.test('help and version are printed, misuse names itself and exits with 2', async (t) => {
  t.match(portico(['--help']), { status: 0, stdout: /^Usage: portico/, stderr: '' });
  t.match(portico(['--version']), { status: 0, stdout: /^[0-9]+\.[0-9]+\.[0-9]+\n$/ });
  const misuse: readonly (readonly [readonly string[], RegExp])[] = [
    [['nothing'], /there is no command "nothing"/],
    [['check', 'serve'], /one command at a time/],
    [['--wrong'], /Unknown option '--wrong'/],
    [['serve', '--synapse', 'http://x'], /--synapse belongs to the command demo/],
    [['check', '-H', 'a: b'], /-H and --from belong to the command explain/],
    [['explain', 'GET'], /explain takes a method and a URL/],
  ];
  for (const [args, text] of misuse)
    t.match(portico(args), { status: 2, stdout: '', stderr: text }, args.join(' '));
});

await t.test('check prints the effective config, or every fault', async (t) => {
  t.match(portico(['check']), { status: 0, stdout: /url: http:\/\/127\.0\.0\.1:8008/ });
  const faulty = portico(['check'], { PORTICO_SYNAPSE_URL: 'ftp://x', PORTICO_LISTN: '1' });
  t.match(faulty, { status: 1, stdout: '', stderr: /2 faults[^]*PORTICO_LISTN[^]*PORTICO_LISTEN/ });
  t.match(portico(['check', '--config', 'missing.yaml']), { status: 1, stderr: /missing\.yaml/ });
  const file = join(t.testdir(), 'p.yaml');
  writeFileSync(file, 'synapse: { max_upload: 7MiB }\n');
  t.match(portico(['check', '--config', file]), { status: 0, stdout: /max_upload: 7MiB/ });
});

await t.test('explain decides as the gateway does, and sends nothing', async (t) => {
  t.match(portico(['explain', 'get', '/_matrix/client/v3/sync?timeout=30000']), {
    status: 0,
    stdout: /route +matrix\nupstream +http:\/\/127\.0\.0\.1:8008\n[^]*waits +210 s[^]*retry +once/,
  });
  t.match(portico(['explain', 'POST', '/_matrix/client/v3/createRoom']), { stdout: /retry +never/ });
  t.match(portico(['explain', 'GET', '/_matrix/%2e%2e/_synapse/admin/v1/x']), {
    status: 1,
    stdout: /route +denied\nrefused +404 ROUTE_DENIED/,
  });
  t.match(portico(['explain', 'GET', '/_matrix/a\\b']), {
    status: 1,
    stdout: /refused +400 REQUEST_TARGET_INVALID/,
  });
  const admin = ['explain', 'GET', '/_synapse/admin/v2/users', '--from', '192.0.2.9'];
  t.match(portico(admin), { status: 1 });
  t.match(portico(admin, { PORTICO_SYNAPSE_ADMIN_ALLOW: '192.0.2.0/24' }), {
    status: 0,
    stdout: /route +synapse-admin/,
  });
  const tunnels = JSON.stringify([{ path: '/xmpp-websocket', to: 'ws://127.0.0.1:5280' }]);
  t.match(portico(['explain', 'GET', '/xmpp-websocket?room=a'], { PORTICO_TUNNELS: tunnels }), {
    status: 0,
    stdout: /route +tunnel\nupstream +127\.0\.0\.1:5280/,
  });
  const routes = JSON.stringify([
    { path: '/app/', to: 'https://files.test:8443', strip: true, host: 'meet.test', max_body: '1KiB' },
    { path: '/app/own/', to: 'http://127.0.0.1:9000' },
  ]);
  t.match(portico(['explain', 'POST', '/app/x?y'], { PORTICO_ROUTES: routes }), {
    status: 0,
    stdout:
      /route +route\nrule +routes: \/app\/\nupstream +https:\/\/files\.test:8443\nhost +meet\.test\ntarget +\/x\?y\nbody +at most 1024 bytes\n/,
  });
  t.match(portico(['explain', 'GET', '/app/own/x'], { PORTICO_ROUTES: routes }), {
    status: 0,
    stdout: /rule +routes: \/app\/own\/\nupstream +http:\/\/127\.0\.0\.1:9000\n.*\ntarget +\/app\/own\/x\n/,
  });
  const proxied = [
    'explain',
    'GET',
    'http://inner/call-config.json',
    '-H',
    'X-Forwarded-Proto: https',
    '-H',
    'X-Forwarded-For: 203.0.113.7',
  ];
  t.match(portico(proxied, { PORTICO_TRUSTED_PROXIES: '127.0.0.1' }), {
    status: 0,
    stdout: /client +203\.0\.113\.7, by https:\/\/inner\nroute +own/,
  });
});

await t.test('an old Node gets one clear line from the built entry', async (t) => {
  // `npm test` builds first. The sources an old Node cannot load at all: `npm start` brings one that can.
  const entry = join(REPOSITORY_DIR, 'dist/main.js');
  t.ok(existsSync(entry), 'built: npm run build');
  const pretended = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
    await import(${JSON.stringify(entry)});`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', pretended], {
    encoding: 'utf8',
  });
  t.equal(status, 1);
  t.equal(stderr, 'portico needs Node.js 24 or later; this is 20.20.2.\n');
});

await t.test('the built entry runs, as in the image', async (t) => {
  const { status, stdout } = spawnSync(process.execPath, [join(REPOSITORY_DIR, 'dist/main.js'), 'check'], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  t.equal(status, 0);
  t.match(stdout, /^synapse:$/m);
});
