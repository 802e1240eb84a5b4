// Whoever reads the log may go, stand still, or have no room left: the gateway serves on, and stops when it is told to.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';

import t from 'tap';

import { freePort, spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { until } from '../harness/until.ts';

t.setTimeout(60_000);

/** Of which each makes a line of more than 1,000 characters. */
const LONG_PATH = `/_matrix/client/${'x'.repeat(6_000)}`;
/** Their lines are more than twice what may wait for a reader. */
const MANY = 8_000;

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

await t.test('a log that goes to a disk without room', async (t) => {
  const port = await freePort();
  const gateway = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      PORTICO_LISTEN: `127.0.0.1:${port}`,
      PORTICO_OBSERVE_LISTEN: '127.0.0.1:0',
      PORTICO_STORE_URL: `sqlite:${t.testdir()}/portico.db`,
    },
    stdio: ['ignore', openSync('/dev/full', 'w'), 'inherit'],
  });
  t.teardown(() => gateway.kill('SIGKILL'));
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(answers);
  for (let n = 0; n < 3; n += 1)
    t.equal((await fetch(`http://127.0.0.1:${port}/_matrix/client/versions`)).status, 502);
  const exit = once(gateway, 'exit');
  gateway.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
});
