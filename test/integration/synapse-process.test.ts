// The ground that other integration tests stand on: a real Synapse starts, restarts and leaves nothing behind, and two
// foreign clients live a whole life on it directly. What they observe through the gateway is compared elsewhere.

import type { Buffer } from 'node:buffer';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { runDemo, type DemoOptions } from '../../src/cli/demo/demo.ts';
import { lockHolderPid, takeLock, tryLock } from '../../src/cli/demo/lock.ts';
import { matrixCall } from '../../src/cli/demo/matrix-call.ts';
import { pause } from '../../src/cli/demo/pause.ts';
import type { Out } from '../../src/cli/demo/progress.ts';
import { startSynapse } from '../../src/cli/demo/synapse-process.ts';
import { ensureVenv } from '../../src/cli/demo/venv.ts';
import { systemClock } from '../../src/clock.ts';
import { systemRandom } from '../../src/random.ts';
import { journey } from '../harness/js-sdk-journey.ts';
import { REPOSITORY_DIR, STATE_DIR } from '../harness/places.ts';
import { NEEDED_COMMANDS, prepare } from '../harness/prepare.ts';
import { runNioClient } from '../harness/python.ts';
import { ensureTemplate, startTestSynapse, type HasTeardown } from '../harness/synapse.ts';

const MIB = 1024 * 1024;

t.setTimeout(300_000);

await t.test('a test Synapse lets its users log in and tells in its log who asked', async (test) => {
  const synapse = await startTestSynapse(test);
  const session = await synapse.login(synapse.alice);
  test.equal(session.userId, '@alice:localhost');
  const line = await synapse.waitForAccess(({ target }) => target === '/_matrix/client/v3/login');
  test.match(line, { clientAddress: '127.0.0.1', method: 'POST', status: 200 });
});

await t.test('a killed Synapse comes back on its port and still knows its tokens', async (test) => {
  const synapse = await startTestSynapse(test);
  const { accessToken } = await synapse.login(synapse.bob);
  const firstPid = synapse.pid();
  const whoami = async (): Promise<unknown> =>
    (
      await matrixCall({
        baseUrl: synapse.url,
        method: 'GET',
        path: '/_matrix/client/v3/account/whoami',
        token: accessToken,
      })
    ).body['user_id'];

  await synapse.kill();
  test.notOk(isAlive(firstPid));
  await test.rejects(whoami(), { code: 'ECONNREFUSED' });
  await synapse.start();
  test.not(synapse.pid(), firstPid);
  test.equal(await whoami(), '@bob:localhost');

  const secondPid = synapse.pid();
  await synapse.stop();
  await synapse.stop();
  test.notOk(isAlive(secondPid));
});

await t.test('a Synapse that cannot start fails with its own last words', async (test) => {
  await test.rejects(startTestSynapse(test, { extraConfig: { server_name: 'not a name' } }), {
    name: 'DemoFailure',
    message: /Synapse ended with exit code 1[^]*not a name/,
  });
});

await t.test('a port that is taken fails when it was asked for', async (test) => {
  const synapse = await startTestSynapse(test);
  const { venv } = await ensureTemplate();
  const dataDir = await temporaryDir(test);
  const again = startSynapse({
    venv,
    dataDir,
    serverName: 'localhost',
    port: synapse.port,
    clock: systemClock,
    random: systemRandom,
  });
  await test.rejects(again, { message: /Failed to listen on TCP port/ });
});

await t.test('Synapse ends with the process that started it, even when that is killed', async (test) => {
  const { venv } = await ensureTemplate();
  const dataDir = await temporaryDir(test);
  const parent = runScript(
    t,
    `
    import { startSynapse } from ${moduleName('src/cli/demo/synapse-process.ts')};
    import { systemClock as clock } from ${moduleName('src/clock.ts')};
    import { systemRandom as random } from ${moduleName('src/random.ts')};
    const venv = ${JSON.stringify(venv)};
    const dataDir = ${JSON.stringify(dataDir)};
    const synapse = await startSynapse({ venv, dataDir, serverName: 'localhost', clock, random });
    console.log(synapse.url);`,
  );
  const url = await firstOutput(parent);
  test.ok(await answers(url));
  parent.kill('SIGKILL');
  const deadlineMs = systemClock.monotonicMs() + 15_000;
  while ((await answers(url)) && systemClock.monotonicMs() < deadlineMs) await pause(50);
  test.notOk(await answers(url), 'its port is closed');
});

await t.test('without Python the demo says what to install and names the way around', async (test) => {
  const stateDir = await temporaryDir(test);
  const { exitCode, text } = await runDemoOnce(stateDir, undefined, { PATH: join(stateDir, 'empty') });
  test.equal(exitCode, 1);
  test.match(text, /needs Python 3\.10 or newer[^]*no Python was found[^]*apt-get install[^]*--synapse URL/);
});

await t.test('without a package index the demo says so and names the way around', async (test) => {
  const stateDir = await temporaryDir(test);
  // Port 1 of loopback: refused at once.
  const env = { ...process.env, PIP_INDEX_URL: 'http://127.0.0.1:1/', PIP_FIND_LINKS: '', PIP_RETRIES: '0' };
  const { exitCode, text } = await runDemoOnce(stateDir, undefined, env);
  test.equal(exitCode, 1);
  test.match(text, /package index \(PyPI\) cannot be reached[^]*--synapse URL/);
  test.notOk(
    existsSync(join(stateDir, 'venv', 'portico-complete')),
    'a failed install is not taken for a complete one',
  );
});

await t.test('an existing server is used as it is', async (test) => {
  const stateDir = await temporaryDir(test);
  const { exitCode, text } = await runDemoOnce(stateDir, undefined, process.env, 'http://127.0.0.1:1');
  test.equal(exitCode, 0);
  test.match(text, /Synapse behind +http:\/\/127\.0\.0\.1:1\n/);
  test.notMatch(text, /password/);
  test.notOk(existsSync(join(stateDir, 'venv')));
});

await t.test(
  'two installers at once make one environment, and a half-finished one is redone',
  async (test) => {
    const dir = join(await temporaryDir(test), 'venv');
    await mkdir(dir);
    await writeFile(join(dir, 'left-over'), '');
    const outs = [collect(), collect()];
    const install = async (out: Out): Promise<unknown> =>
      // pip itself is in every new environment: nothing is downloaded.
      ensureVenv({ dir, title: 'nothing', requirements: ['pip'], out, clock: systemClock });
    await Promise.all(outs.map(install));
    const texts = outs.map((out) => out.text());
    test.equal(texts.filter((text) => /Installed nothing/.test(text)).length, 1);
    test.equal(texts.filter((text) => new RegExp(`Waiting for process ${process.pid}`).test(text)).length, 1);
    test.notOk(existsSync(join(dir, 'left-over')));
    const third = collect();
    await install(third);
    test.equal(third.text(), '', 'a complete one is left alone');
  },
);

await t.test('a lock is let go by the death of its holder', async (test) => {
  const path = join(await temporaryDir(test), 'lock');
  const holder = runScript(
    t,
    `
    import { takeLock } from ${moduleName('src/cli/demo/lock.ts')};
    await takeLock(${JSON.stringify(path)});
    console.log('held');
    setInterval(() => undefined, 60_000);`,
  );
  await firstOutput(holder);
  test.equal(await tryLock(path), undefined);
  test.equal(await lockHolderPid(path), holder.pid);
  const taken = takeLock(path, { onWait: () => holder.kill('SIGKILL') });
  await (await taken).release();
  await (await taken).release();
  const again = await tryLock(path);
  test.ok(again);
  await again?.release();
});

await t.test('the demo makes accounts and a room, keeps them, and leaves no process', async (test) => {
  const stateDir = await temporaryDir(test);
  // The real installation, so that the test does not download it once more.
  await symlink(join(STATE_DIR, 'venv'), join(stateDir, 'venv'));
  const runs = [await runDemoOnce(stateDir), await runDemoOnce(stateDir)];
  for (const { exitCode, text, synapseUrl } of runs) {
    test.equal(exitCode, 0);
    test.match(text, /http:\/\/gateway\.test\/call-config\.json/);
    test.match(text, /@alice:localhost +password [0-9a-f]{18}\n/);
    test.match(text, /@bob:localhost +password [0-9a-f]{18}\n/);
    test.match(text, /#portico-demo:localhost/);
    test.match(text, /Ctrl-C stops everything/);
    await test.rejects(fetch(`${synapseUrl}/_matrix/client/versions`));
  }
  const passwords = runs.map(({ text }) => text.match(/password \S+/g));
  test.same(passwords[0], passwords[1]);
  const { mode } = await stat(join(stateDir, 'demo', 'accounts.json'));
  test.equal(mode & 0o777, 0o600);
});

await t.test('a second demo on the same data says that one runs', async (test) => {
  const stateDir = await temporaryDir(test);
  await symlink(join(STATE_DIR, 'venv'), join(stateDir, 'venv'));
  let second: { exitCode: number; text: string } | undefined;
  await runDemoOnce(stateDir, async () => {
    second = await runDemoOnce(stateDir);
  });
  test.equal(second?.exitCode, 1);
  test.match(second?.text, new RegExp(`already runs here \\(process ${process.pid}\\)`));
});

await t.test('matrix-nio lives a whole life on it', async (test) => {
  const synapse = await startTestSynapse(test);
  const { url: homeserverUrl, alice, bob } = synapse;
  const run = await runNioClient({ homeserverUrl, alice, bob, uploadMib: 8 });
  test.equal(run.exitCode, 0, run.output);
  test.equal(run.steps.length, 13);
  for (const step of run.steps) test.ok(step.ok, `${step.step}: ${step.err ?? 'ok'}`);
});

await t.test('matrix-nio reports a step that fails', async (test) => {
  const synapse = await startTestSynapse(test);
  const { url: homeserverUrl, bob } = synapse;
  const run = await runNioClient({
    homeserverUrl,
    alice: { user: 'alice', password: 'wrong' },
    bob,
    uploadMib: 1,
  });
  test.equal(run.exitCode, 1);
  test.match(run.steps, [{ step: 'login', ok: false, err: /M_FORBIDDEN/ }]);
});

await t.test('matrix-js-sdk lives a whole life on it', async (test) => {
  const synapse = await startTestSynapse(test);
  const { url: homeserverUrl, alice, bob } = synapse;
  const seen = await journey({ homeserverUrl, alice, bob, uploadBytes: 8 * MIB });
  test.equal(seen.aliasResolvedTo, seen.roomId);
  test.same(seen.membersSeenByBob, ['@alice:localhost', '@bob:localhost']);
  test.match(seen.heldSync, { status: 200, bodySeenByBob: 'wake up' });
  test.ok(
    seen.heldSync.wokenAfterMs < seen.heldSync.timeoutMs / 2,
    'woken by the message, not by its timeout',
  );
  test.equal(seen.media.receivedBytes, 8 * MIB);
  test.equal(seen.media.receivedSha256, seen.media.sentSha256);
  test.same(seen.thumbnail, { status: 200, contentType: 'image/png', isPng: true });
  test.match(seen.eventWithSlash.eventId, /\//);
  test.equal(seen.eventWithSlash.fetchedId, seen.eventWithSlash.eventId);
  test.ok(seen.typingSeenByBob);
  test.same(seen.afterLogout, { status: 401, errcode: 'M_UNKNOWN_TOKEN' });
  const targets = (await synapse.accessLines()).map(({ target }) => target);
  test.ok(
    targets.some((target) => /\/directory\/room\/%23journey%2F/.test(target)),
    'the alias arrived encoded',
  );
});

await t.test('the preparation is quick when all is there', async (test) => {
  const startedAtMs = systemClock.monotonicMs();
  const out = collect();
  const code = await prepare({ out, env: process.env, isRoot: false, neededCommands: NEEDED_COMMANDS });
  test.equal(code, 0, out.text());
  test.comment(`prepared in ${Math.round(systemClock.monotonicMs() - startedAtMs)} ms`);
});

await t.test('the preparation names the command to run when it may not install', async (test) => {
  const out = collect();
  const neededCommands = [{ command: 'no-such-command', debianPackage: 'some-package' }];
  const code = await prepare({ out, env: process.env, isRoot: false, neededCommands });
  test.equal(code, 1);
  test.match(
    out.text(),
    /need no-such-command[^]*sudo apt-get update && sudo apt-get install .*some-package/,
  );
});

interface DemoRun {
  exitCode: number;
  text: string;
  synapseUrl: string;
}

/** Ctrl-C follows as soon as the block is printed. */
async function runDemoOnce(
  stateDir: string,
  whileUp = async (): Promise<void> => undefined,
  env: NodeJS.ProcessEnv = process.env,
  givenSynapseUrl?: string,
): Promise<DemoRun> {
  const controller = new AbortController();
  const out = collect();
  let synapseUrl = '';
  const options: DemoOptions = {
    ...(givenSynapseUrl === undefined ? {} : { synapseUrl: givenSynapseUrl }),
    stateDir,
    env,
    out,
    signal: controller.signal,
    clock: systemClock,
    random: systemRandom,
    startGateway: async (given) => {
      synapseUrl = given.synapseUrl;
      await whileUp();
      setImmediate(() => controller.abort());
      return {
        url: 'http://gateway.test',
        callPage: 'served',
        drainAsked: new Promise(() => undefined),
        stop: async () => undefined,
      };
    },
  };
  const exitCode = await runDemo(options);
  return { exitCode, text: out.text(), synapseUrl };
}

function collect(): { write(text: string): void; text(): string } {
  let kept = '';
  return { write: (text) => (kept += text), text: () => kept };
}

async function temporaryDir(test: HasTeardown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'portico-test-'));
  test.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function runScript(test: HasTeardown, script: string): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.teardown(async () => child.kill('SIGKILL'));
  return child;
}

function moduleName(path: string): string {
  return JSON.stringify(join(REPOSITORY_DIR, path));
}

async function firstOutput(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its standard output is a pipe');
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  return printed.toString().trim();
}

async function answers(url: string): Promise<boolean> {
  try {
    await matrixCall({ baseUrl: url, method: 'GET', path: '/_matrix/client/versions' });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
