// `portico demo` as a user runs it: what it prints works, Ctrl-C leaves nothing behind, and it starts again as quickly.
// The steps of the demo one by one are in synapse-process.test.ts.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { REPOSITORY_DIR, STATE_DIR } from '../harness/places.ts';
import { ensureTemplate } from '../harness/synapse.ts';

t.setTimeout(120_000);

await t.test('the printed URL, users and passwords work, and Ctrl-C stops everything', async (t) => {
  // The test's own folder, with the installed Synapse of the checkout: nothing of a demo that runs there is touched.
  await ensureTemplate();
  const cwd = t.testdir();
  mkdirSync(join(cwd, '.synapse'));
  for (const name of ['venv', 'venv.lock']) symlinkSync(join(STATE_DIR, name), join(cwd, '.synapse', name));

  let firstTookMs: number | undefined;
  for (const start of ['first', 'second']) {
    const startedMs = performance.now();
    const { child, printed } = startDemo(cwd);
    t.teardown(() => child.kill('SIGKILL'));
    const text = await printed;
    const tookMs = performance.now() - startedMs;
    const url = /Homeserver URL +(\S+)/.exec(text)?.[1] ?? '';
    const synapseUrl = /Synapse behind +(\S+)/.exec(text)?.[1] ?? '';
    t.match(await (await fetch(/Call config +(\S+)/.exec(text)?.[1] ?? '')).json(), { homeserverUrl: url });
    const page = await fetch(/Call page +(\S+)/.exec(text)?.[1] ?? '');
    t.match(await page.text(), /<title>Portico<\/title>/, 'the call page is there');

    for (const user of ['alice', 'bob']) {
      const password = new RegExp(`@${user}:localhost +password (\\S+)`).exec(text)?.[1];
      const login = await fetch(`${url}/_matrix/client/v3/login`, {
        method: 'POST',
        body: JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user }, password }),
      });
      t.equal(login.status, 200, `${user} logs in through the gateway`);
      const { access_token: token } = (await login.json()) as { access_token: string };
      const sync = await fetch(`${url}/_matrix/client/v3/sync`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const { rooms } = (await sync.json()) as { rooms: { join: Record<string, unknown> } };
      t.equal(Object.keys(rooms.join).length, 1, `${user} syncs and is in the shared room`);
    }
    // The first one makes a homeserver with its users; nothing of that is done again.
    firstTookMs ??= tookMs;
    t.ok(
      tookMs <= 2 * firstTookMs,
      `the ${start} start took ${(tookMs / firstTookMs).toFixed(1)} times the first`,
    );

    const exit = once(child, 'exit');
    // What a terminal does at Ctrl-C: the signal goes to the whole foreground process group.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    t.strictSame(await exit, [0, null]);
    await t.rejects(fetch(`${synapseUrl}/health`), 'Synapse is gone');
    await t.rejects(fetch(`${url}/health`), 'the gateway is gone');
  }
});

await t.test('a call page that is switched off is not named', async (t) => {
  const off = { PORTICO_CALL_PAGE_ENABLED: 'false' };
  const { child, printed } = startDemo(t.testdir(), ['--synapse', 'http://127.0.0.1:9'], off);
  t.teardown(() => child.kill('SIGKILL'));
  const text = await printed;
  t.match(text, /Homeserver URL +http/);
  t.notMatch(text, /call page/i);
});

function startDemo(
  cwd: string,
  options: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): { child: ChildProcess; printed: Promise<string> } {
  const child = spawn(process.execPath, [join(REPOSITORY_DIR, 'src/main.ts'), 'demo', ...options], {
    cwd,
    detached: true,
    env: {
      ...process.env,
      PORTICO_LISTEN: '127.0.0.1:0',
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Ctrl-C stops everything')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`the demo exited with ${code}: ${text}`)));
  });
  return { child, printed };
}
