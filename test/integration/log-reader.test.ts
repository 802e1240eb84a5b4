// Whoever reads the log may go, stand still, or have no room left: the gateway serves on, and stops when it is told to.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';

import t, { type Test } from 'tap';

import { freePort, spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { until } from '../harness/until.ts';

t.setTimeout(150_000);

/** Of which each makes a line of more than 1,000 characters. */
const LONG_PATH = `/_matrix/client/${'x'.repeat(6_000)}`;
/** Their lines are half as much again as may wait for a reader. */
const MANY = 5_000;

async function stopped({ child }: GatewayProcess): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  return exit;
}

function isTold(line: Readonly<Record<string, unknown>>): boolean {
  return String(line['msg']).startsWith('log lines were dropped');
}

for (const isRead of [false, true])
  await t.test(`a log whose reader has gone, ${isRead ? 'and was missed' : 'unnoticed'}`, async (t) => {
    const gateway = await spawnGateway(t, {});
    gateway.child.stdout?.destroy();
    if (isRead)
      for (let n = 0; n < 3; n += 1)
        t.equal((await fetch(`${gateway.url}/_matrix/client/versions`)).status, 502);
    t.strictSame(await stopped(gateway), [0, null]);
  });

await t.test('a log whose reader stands still for a time', async (t) => {
  const gateway = await spawnGateway(t, {});
  gateway.child.stdout?.pause();
  for (let n = 0; n < MANY; n += 1) await (await fetch(gateway.url + LONG_PATH)).arrayBuffer();
  t.equal(gateway.logged.length, 1, 'nothing has been read so far');
  gateway.child.stdout?.resume();
  await until(() => gateway.logged.some(isTold));
  const requests = gateway.logged.filter(({ route }) => route === 'matrix').length;
  t.ok(requests > 1_000, 'what could wait was kept, every line whole');
  t.match(gateway.logged.find(isTold), { level: 40, lines: MANY - requests }, 'and the others were counted');
  t.strictSame(await stopped(gateway), [0, null]);
});

await t.test('a log whose reader stands still at the stop', async (t) => {
  const gateway = await spawnGateway(t, {});
  gateway.child.stdout?.pause();
  for (let n = 0; n < MANY / 8; n += 1) await (await fetch(gateway.url + LONG_PATH)).arrayBuffer();
  t.strictSame(await stopped(gateway), [0, null]);
});

await t.test('a log for people, whose reader stands still for a time', async (t) => {
  const { child, url } = await spawnUnread(t, 'pipe', { PORTICO_LOG_PRETTY: 'true' });
  for (let n = 0; n < MANY; n += 1) await (await fetch(url + LONG_PATH)).arrayBuffer();
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => (text += piece.toString()));
  await until(() => /WARN: log lines were dropped/.test(text));
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.match(text, /INFO: stopped\n$/);
});

await t.test('a log that goes to a disk without room', async (t) => {
  const { child, url } = await spawnUnread(t, openSync('/dev/full', 'w'), {});
  for (let n = 0; n < 3; n += 1) t.equal((await fetch(`${url}/_matrix/client/versions`)).status, 502);
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
});

/** A gateway whose port is known beforehand, for nobody reads its log so far. */
async function spawnUnread(
  t: Test,
  output: 'pipe' | number,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      PORTICO_LISTEN: new URL(url).host,
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      PORTICO_STORE_URL: `sqlite:${t.testdir()}/portico.db`,
      ...environment,
    },
    stdio: ['ignore', output, 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const isServing = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(isServing);
  return { child, url };
}
