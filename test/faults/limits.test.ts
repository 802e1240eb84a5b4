// Every limit of the front door breached once (threat cases A40, A41, A46, A47, A49): what breaches it is ended in
// time, everybody else is served, and the process lives.

import { connect, type Socket } from 'node:net';

import t from 'tap';

import { spawnGateway } from '../harness/gateway-process.ts';
import { startGateway } from '../harness/gateway.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const test = eachLane(t);

const GET_HEALTH = 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n';

t.setTimeout(120_000);

await test('A46 a head that does not arrive in time is ended with 408, also if it never begins', async (t, lane) => {
  const { port } = await startGateway(t, { ...lane.config, limits: { header_timeout: '1s' } });
  const startedMs = performance.now();
  const [silent, slow, probe] = await Promise.all([
    sendRaw(port, '', { timeoutMs: 8_000 }),
    sendRaw(port, 'GET / HTTP/1.1\r\nHost', { timeoutMs: 8_000 }),
    sendRaw(port, GET_HEALTH, { answers: 1 }),
  ]);
  t.ok(silent.isClosed, 'a silent connection is closed');
  t.equal(slow.status, 408);
  t.ok(slow.isClosed);
  t.ok(performance.now() - startedMs < 5_000, 'within the limit and the interval of its check');
  t.equal(probe.status, 200, 'others are served meanwhile');
});

await test('A46 one byte at a time does not extend the limit', async (t, lane) => {
  const { port } = await startGateway(t, { ...lane.config, limits: { header_timeout: '1s' } });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const drip = setInterval(() => socket.write('a'), 100);
  t.teardown(() => clearInterval(drip));
  socket.write('GET / HTTP/1.1\r\nX: ');
  const startedMs = performance.now();
  await new Promise((resolve) => socket.once('close', resolve));
  t.ok(performance.now() - startedMs < 5_000);
});

await test('A47 the body of a request to ourselves that does not come is ended with 408', async (t, lane) => {
  const { port } = await startGateway(t, { ...lane.config, limits: { body_idle_timeout: '500ms' } });
  const head = 'POST /api/calls/initiate HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n';
  for (const framing of ['Content-Length: 100\r\n\r\n{', 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n']) {
    const answer = await sendRaw(port, head + framing, { timeoutMs: 10_000 });
    t.equal(answer.status, 408, framing);
    t.equal(answer.text.match(/^HTTP/gm)?.length, 1, 'one answer');
    t.ok(answer.isClosed);
  }
  t.equal((await sendRaw(port, GET_HEALTH, { answers: 1 })).status, 200, 'and the gateway lives');
});

await test('A49 connections of one address beyond the limit get 429, others are served', async (t, lane) => {
  const { port } = await startGateway(t, { ...lane.config, limits: { connections_per_address: 3 } });
  const held = await hold(port, 3);
  const refused = await sendRaw(port, GET_HEALTH);
  t.equal(refused.status, 429);
  t.match(refused.text, /Retry-After: 5\r\n[^]*"errcode":"M_LIMIT_EXCEEDED"[^]*"retry_after_ms":5000/);
  held[0]?.destroy();
  await until(async () => (await sendRaw(port, GET_HEALTH, { answers: 1 })).status === 200);
  held.forEach((socket) => socket.destroy());
});

await test('A49 a trusted proxy stands for many clients: only the limit of all connections counts', async (t, lane) => {
  const { port } = await startGateway(t, {
    ...lane.config,
    trusted_proxies: ['127.0.0.1'],
    limits: { connections_per_address: 1, connections: 4 },
  });
  const held = await hold(port, 4);
  const refused = await sendRaw(port, GET_HEALTH);
  t.equal(refused.status, 503);
  t.match(refused.text, /Retry-After/);
  held.forEach((socket) => socket.destroy());
  await until(async () => (await sendRaw(port, GET_HEALTH, { answers: 1 })).status === 200);
});

await test('more pipelined requests than anybody needs end the connection', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, () => undefined);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const answer = await sendRaw(port, 'GET /_matrix/x HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100));
  t.ok(answer.isClosed);
  t.ok(upstream.requests.length <= 1, 'at most the first was begun');
});

await test('A40 names that JavaScript objects have themselves are ordinary header names and members', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const answer = await sendRaw(port, `GET /_matrix/x HTTP/1.1\r\nHost: h\r\n${name}: x\r\n\r\n`, {
      answers: 1,
    });
    t.equal(answer.status, 200, name);
    t.match(upstream.requests.at(-1)?.head, `${name}: x`);
  }
  t.equal(Object.hasOwn(Object.prototype, 'x'), false);
});

await test('A41 clients that reset at every point of an exchange leave no socket and no exception', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n');
    socket.write(Buffer.alloc(200_000));
  });
  const gateway = await spawnGateway(t, { ...lane.environment, PORTICO_SYNAPSE_URL: upstream.url });
  const bytes =
    'POST /_matrix/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n';
  const resetAfter = (sentBytes: number, receivedBytes: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(gateway.port, '127.0.0.1');
      let received = 0;
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.on('connect', () => {
        socket.write(bytes.slice(0, sentBytes), () => {
          if (receivedBytes === 0) socket.resetAndDestroy();
        });
      });
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received >= receivedBytes) socket.resetAndDestroy();
      });
    });
  const points = Array.from({ length: 20 }, (_, i) =>
    i < 15
      ? ([Math.ceil((bytes.length * (i + 1)) / 15), 0] as const)
      : ([bytes.length, (i - 14) * 30_000] as const),
  );
  for (let round = 0; round < 20; round += 1)
    await Promise.all(points.map(([sent, got]) => resetAfter(sent, got)));
  t.equal((await sendRaw(gateway.port, GET_HEALTH, { answers: 1 })).status, 200, 'alive after 400 resets');
  await until(() => [...upstream.openSockets].length <= 20);
  const errors = gateway.logged.filter((line) => Number(line['level']) >= 50);
  t.strictSame(errors, [], 'nothing was logged as an error');
  t.equal(gateway.child.exitCode, null);
});

async function hold(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  );
  // Answered once, so that each is surely counted.
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve) => {
          socket.write(GET_HEALTH);
          socket.once('data', resolve);
        }),
    ),
  );
  return sockets;
}
