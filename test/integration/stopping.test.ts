// SIGTERM to a gateway process: no new work, held polls answered, running requests ended, exit 0 in bounded time.

import { once } from 'node:events';
import { connect } from 'node:net';

import t from 'tap';

import { spawnGateway } from '../harness/gateway-process.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const test = eachLane(t);

t.setTimeout(180_000);

await test('a stop answers polls, lets a download finish, accepts nothing new, and exits 0', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket, target }) => {
    if (!target.startsWith('/_matrix/slow')) return;
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
    setTimeout(() => socket.write('half'), 1_000);
  });
  const gateway = await spawnGateway(t, { ...lane.environment, PORTICO_SYNAPSE_URL: upstream.url });
  const idle = connect(gateway.port, '127.0.0.1');
  const poll = sendRaw(
    gateway.port,
    'GET /_matrix/client/v3/sync?timeout=30000 HTTP/1.1\r\nHost: h\r\n\r\n',
    { timeoutMs: 10_000 },
  );
  const slow = sendRaw(gateway.port, 'GET /_matrix/slow HTTP/1.1\r\nHost: h\r\n\r\n', { timeoutMs: 10_000 });
  await until(() => upstream.requests.length === 2);
  const exit = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  const answered = await poll;
  t.equal(answered.status, 503);
  t.match(answered.text, /Retry-After: 2\r\n[^]*"errcode":"M_UNKNOWN"/);
  t.match(
    (await sendRaw(gateway.port, 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n')).text,
    /^$/,
    'nobody is let in any more',
  );
  t.match((await slow).text, /halfhalf$/, 'what had begun is finished');
  t.strictSame(await exit, [0, null]);
  idle.destroy();
  t.match(gateway.logged.at(-1), { msg: 'stopped' });
});

await test('what does not end is cut off at limits.drain_timeout', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, () => undefined);
  const gateway = await spawnGateway(t, {
    ...lane.environment,
    PORTICO_SYNAPSE_URL: upstream.url,
    PORTICO_LIMITS_DRAIN_TIMEOUT: '500ms',
  });
  const stuck = sendRaw(gateway.port, 'GET /_matrix/stuck HTTP/1.1\r\nHost: h\r\n\r\n', {
    timeoutMs: 10_000,
  });
  await until(() => upstream.requests.length === 1);
  const exit = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.ok((await stuck).isClosed);
});

await t.test('SIGHUP does not end the process', async (t) => {
  const gateway = await spawnGateway(t, {});
  gateway.child.kill('SIGHUP');
  await until(() => gateway.logged.some((line) => /SIGHUP is ignored/.test(String(line['msg']))));
  t.equal((await fetch(`${gateway.url}/health`)).status, 200);
});

await t.test('a config that is refused, and a port in use, end the start with their reason', async (t) => {
  await t.rejects(spawnGateway(t, { PORTICO_SYNAPSE_URL: 'ftp://x' }), /exited with 1/);
  const first = await spawnGateway(t, {});
  await t.rejects(spawnGateway(t, { PORTICO_LISTEN: `127.0.0.1:${first.port}` }), /exited with 1/);
});

await test('a poll of Socket.IO that belongs to no socket is answered, and holds nothing up', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, () => undefined);
  const gateway = await spawnGateway(t, {
    ...lane.environment,
    PORTICO_SYNAPSE_URL: upstream.url,
    PORTICO_LIMITS_DRAIN_TIMEOUT: '40s',
  });
  const polled = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
  const opened = await fetch(polled).then((response) => response.text());
  const sid = /"sid":"([^"]*)"/.exec(opened)?.[1];
  const poll = sendRaw(
    gateway.port,
    `GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: h\r\n\r\n`,
    { timeoutMs: 30_000 },
  );
  // Nothing tells that it is held: what has gone through to Synapse after it has come after it.
  await fetch(`${gateway.url}/_matrix/static`, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
  const exit = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  t.equal((await poll).status, 200, 'by the end of its session, not by being cut off');
  t.strictSame(await exit, [0, null]);
  t.match(gateway.logged.at(-1), { msg: 'stopped' });
});
