// When Synapse is away, slow, or breaks off, and when the client is or does: who is told what, and what is cleaned up.
// Against an upstream that misbehaves on purpose; the same with the real Synapse is in synapse.test.ts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { respondEmpty, startRecordingUpstream, type Respond } from '../harness/recording-upstream.ts';
import { socketPath } from '../harness/socket-path.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

const test = eachLane(t);

const GET_SYNC = 'GET /_matrix/client/v3/sync?timeout=30000&access_token=canary HTTP/1.1\r\nHost: h\r\n\r\n';
const ignore: Respond = () => undefined;

await test('Synapse away: 502 in the Matrix shape with CORS, health stays, and it works again once it is back', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  t.equal((await fetch(`${url}/_matrix/client/versions`)).status, 200);
  t.strictSame(await (await fetch(`${url}/ready`)).json(), { ready: true, synapse: true, store: true });
  await upstream.stop();
  const away = await fetch(`${url}/_matrix/client/versions`);
  t.equal(away.status, 502);
  t.equal(away.headers.get('access-control-allow-origin'), '*');
  t.equal(away.headers.get('retry-after'), '2');
  t.strictSame(await away.json(), { errcode: 'M_UNKNOWN', error: 'The homeserver cannot be reached' });
  t.equal((await fetch(`${url}/_matrix/x`, { method: 'POST', body: 'x' })).status, 502, 'a POST too');
  t.equal((await fetch(`${url}/health`)).status, 200);
  await upstream.restart();
  t.equal((await fetch(`${url}/_matrix/client/versions`)).status, 200);
});

await test('a connection that does not open in time gives 502 too', async (t, lane) => {
  // A stopped process whose queue of connections is full: the kernel answers no further one.
  const script = `const s = require('node:net').createServer().listen(
    { port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
  const stopped = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => stopped.kill('SIGKILL'));
  const [line] = (await once(stopped.stdout, 'data')) as [Buffer];
  stopped.kill('SIGSTOP');
  const port = Number(line.toString());
  const queue = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.teardown(() => queue.forEach((socket) => socket.destroy()));
  await until(() => queue.filter((socket) => !socket.connecting).length >= 2);
  const { url } = await startGateway(t, {
    ...lane.config,
    synapse: { url: `http://127.0.0.1:${port}`, connect_timeout: '300ms' },
  });
  const answer = await fetch(`${url}/_matrix/x`);
  t.equal(answer.status, 502);
  t.match(await answer.json(), { error: 'The homeserver cannot be reached' });
});

await test('a body that breaks off aborts the client connection, never a clean end', async (t, lane) => {
  const answers: Readonly<Record<string, string>> = {
    length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart',
    chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
    garbage: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n',
  };
  const upstream = await startRecordingUpstream(t, ({ socket, target }) => {
    socket.write(answers[target.slice('/_matrix/'.length)] ?? '');
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  const { port, logged } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const kind of Object.keys(answers)) {
    for (const version of ['1.1', '1.0']) {
      const answer = await sendRaw(port, `GET /_matrix/${kind} HTTP/${version}\r\nHost: h\r\n\r\n`);
      t.ok(answer.isReset, `${kind} on HTTP/${version}: a reset`);
      t.notMatch(answer.text, /\r\n0\r\n\r\n$/, `${kind}: no last chunk`);
    }
  }
  await until(() => logged.filter((line) => line['msg'] === 'request').length === 6);
  t.match(logged.filter((line) => line['msg'] === 'request')[0], {
    ended_by: 'upstream',
    code: 'UPSTREAM_FAILED',
  });
});

await test('the same on a Unix socket, which knows no reset', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  const path = socketPath(t);
  await startGateway(t, {
    ...lane.config,
    listen: ['127.0.0.1:0', `unix:${path}`],
    synapse: { url: upstream.url },
  });
  const answer = await sendRaw(path, 'GET /_matrix/x HTTP/1.1\r\nHost: h\r\n\r\n');
  t.ok(answer.isClosed);
  t.ok(answer.text.endsWith('part'), 'shorter than its Content-Length');
});

await test('a client that leaves a /sync frees the upstream', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ignore);
  // A clock that stands still: it is the client's leaving that frees, and no timer.
  const clock = new TestClock(Date.now());
  const document = { ...lane.config, synapse: { url: upstream.url } };
  const { port, logged, gateway } = await startGateway(t, document, { clock });
  const client = connect(port, '127.0.0.1');
  client.write(GET_SYNC);
  await until(() => upstream.requests.length === 1);
  t.match(
    await (await fetch(`http://127.0.0.1:${portOf(gateway.observeAddresses)}/metrics`)).text(),
    /^portico_held_polls 1$/m,
  );
  client.destroy();
  await until(() => upstream.openSockets.size === 0);
  await until(() => logged.some((line) => line['route'] === 'matrix'));
  const line = logged.find((entry) => entry['route'] === 'matrix');
  t.match(line, { ended_by: 'client', status: 0 });
  t.notMatch(JSON.stringify(logged), /canary/, 'the token is in no log line');
});

await test('a client that leaves in the middle of an upload frees the upstream', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ignore);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const client = connect(port, '127.0.0.1');
  client.write('POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc');
  await until(() => upstream.requests.length === 1);
  client.destroy();
  await until(() => upstream.openSockets.size === 0);
  t.pass();
});

await test('no answer in time: 504; a /sync waits its own timeout on top', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ignore);
  const { url } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url, response_timeout: '1s' },
  });
  const started = performance.now();
  const [quick, poll] = await Promise.all([
    fetch(`${url}/_matrix/x`).then((answer) => ({
      status: answer.status,
      afterMs: performance.now() - started,
    })),
    fetch(`${url}/_matrix/client/v3/sync?timeout=3000`).then((answer) => ({
      status: answer.status,
      afterMs: performance.now() - started,
    })),
  ]);
  t.equal(quick.status, 504);
  t.equal(poll.status, 504);
  t.ok(
    poll.afterMs > quick.afterMs + 1_500,
    `${Math.round(quick.afterMs)} ms, ${Math.round(poll.afterMs)} ms`,
  );
});

await test('an upload is limited by its pauses, not by its length', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url },
    limits: { body_idle_timeout: '400ms' },
  });
  const head = 'POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n';
  const slow = connect(port, '127.0.0.1');
  slow.write(head);
  let text = '';
  slow.on('data', (chunk) => (text += chunk.toString()));
  for (let i = 0; i < 12; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    slow.write('x');
  }
  await until(() => text !== '');
  t.match(text, /^HTTP\/1\.1 200 /, 'twelve bytes in 1.2 s, with a limit of 0.4 s');
  slow.destroy();
  const stalled = await sendRaw(port, `${head}abc`);
  t.equal(stalled.status, 408, 'but not with a pause longer than that');
  await until(() => upstream.openSockets.size <= 1);
  t.equal(upstream.requests.length, 2);
});

await test('a reader that stops is cut off, and Synapse is paused meanwhile', async (t, lane) => {
  let writtenBytes = 0;
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
    const chunk = Buffer.alloc(65_536);
    const fill = (): void => {
      while (!socket.destroyed && socket.write(chunk)) writtenBytes += chunk.length;
    };
    socket.on('drain', fill);
    fill();
  });
  const { port } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url },
    limits: { body_idle_timeout: '1s' },
  });
  const client = connect(port, '127.0.0.1');
  client.pause();
  client.write('GET /_matrix/media/x HTTP/1.1\r\nHost: h\r\n\r\n');
  await until(() => upstream.requests.length === 1);
  await until(() => upstream.openSockets.size === 0, 10_000);
  t.ok(writtenBytes < 64 * 1024 * 1024, `${writtenBytes} bytes left Synapse for a client that read none`);
  client.destroy();
});

await test('a small answer that nobody reads does not hold its connection for ever', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n`);
    socket.write(Buffer.alloc(8_000_000));
  });
  const { port, logged } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url },
    limits: { body_idle_timeout: '1s' },
  });
  const client = connect(port, '127.0.0.1');
  client.pause();
  client.write('GET /_matrix/x HTTP/1.1\r\nHost: h\r\n\r\n');
  await until(() => logged.some((line) => line['msg'] === 'request'), 10_000);
  t.match(logged.at(-1), { ended_by: 'client' });
  client.destroy();
});

await test('retry: once, on a reused connection that broke, for what is safe to repeat', async (t, lane) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['GET /_matrix/client/v3/account/whoami', '', true],
    ['HEAD /_matrix/x', '', true],
    ['PUT /_matrix/client/v3/rooms/!r:h/send/m.room.message/txn1', '{"body":"x"}', true],
    ['PUT /_matrix/client/v3/rooms/!r:h/redact/$e/txn1', '{}', true],
    ['PUT /_matrix/client/v3/sendToDevice/m.x/txn1', '{}', true],
    ['PUT /_matrix/federation/v1/send/1', '{}', true],
    ['PUT /_matrix/client/v3/rooms/!r:h/state/m.room.topic/', '{}', false],
    ['PUT /_matrix/client/v3/profile/@a:h/displayname', '{}', false],
    ['POST /_matrix/client/v3/createRoom', '{}', false],
    ['POST /_matrix/client/v3/rooms/!r:h/send/m.room.message', '{}', false],
    ['DELETE /_matrix/client/v3/devices/D', '', false],
  ];
  for (const breaks of ['reset', 'end'] as const) {
    for (const [line, body, isRepeated] of cases) {
      const upstream = await startRecordingUpstream(t, (request, received) => {
        if (request.numberOnConnection === 1) respondEmpty(request, received);
        else if (breaks === 'reset') request.socket.resetAndDestroy();
        else request.socket.end();
      });
      const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
      // The two lanes have connections of their own: what closes goes by the HTTP server in both, like a HEAD.
      const closes = line.startsWith('HEAD') ? 'Connection: close\r\n' : '';
      await sendRaw(port, `GET /_matrix/warm HTTP/1.1\r\nHost: h\r\n${closes}\r\n`, { answers: 1 });
      const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
      const answer = await sendRaw(port, `${line} HTTP/1.1\r\nHost: h\r\n${length}\r\n${body}`, {
        answers: 1,
      });
      const sent = upstream.requests.filter((request) => request.requestLine.startsWith(line)).length;
      t.equal(answer.status, isRepeated ? 200 : 502, `${breaks}: ${line}`);
      t.equal(sent, isRepeated ? 2 : 1, `${breaks}: ${line} is sent ${isRepeated ? 'twice' : 'once'}`);
    }
  }
});

await test('retry: never on a fresh connection, never more than once', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => socket.resetAndDestroy());
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  t.equal((await fetch(`${url}/_matrix/x`)).status, 502);
  t.equal(upstream.requests.length, 1);
});

await test('413 is ours: at once by the length, as soon as it is passed without one, and readable', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port, url } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url, max_upload: '64KiB' },
  });
  const known = await sendRaw(
    port,
    'POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n',
    {
      answers: 1,
    },
  );
  t.equal(known.status, 413);
  t.match(known.text, /access-control-allow-origin: \*[^]*"errcode":"M_TOO_LARGE"/i);
  t.equal(upstream.receivedBytes(), 0, 'Synapse hears nothing of it');

  const whole = await fetch(`${url}/_matrix/media/v3/upload`, {
    method: 'POST',
    body: new Uint8Array(8 * 1024 * 1024),
  });
  t.equal(whole.status, 413, 'a client that sends everything first still reads its answer');
  t.match(await whole.json(), { errcode: 'M_TOO_LARGE' });

  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
  const chunked = await sendRaw(
    port,
    `POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}${chunk}`,
    { answers: 1 },
  );
  t.equal(chunked.status, 413);
  await until(() => upstream.openSockets.size === 0);
  t.pass('and the request that Synapse had begun to read is gone');
});

await test('an answer before the body is through is relayed, and the connection closes after it', async (t, lane) => {
  const upstream = await startRecordingUpstream(
    t,
    () => t.fail('the body never ends'),
    ({ socket }) => socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope'),
  );
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const answer = await sendRaw(
    port,
    'POST /_matrix/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc',
    {
      timeoutMs: 8_000,
    },
  );
  t.match(answer.text, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*Connection: close\r\n[^]*nope$/);
  t.ok(answer.isClosed);
});

await test('A51 an upstream that talks nonsense gives 502, and the next request works', async (t, lane) => {
  const nonsense = [
    'GARBAGE\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc',
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'HTTP/1.1 99999 OK\r\n\r\n',
  ];
  const upstream = await startRecordingUpstream(t, (request, body) => {
    const index = Number(request.target.slice('/_matrix/'.length));
    if (Number.isNaN(index)) respondEmpty(request, body);
    else request.socket.write(nonsense[index] ?? '');
  });
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const index of nonsense.keys()) {
    t.equal((await fetch(`${url}/_matrix/${index}`)).status, 502, String(nonsense[index]).slice(0, 60));
    t.equal((await fetch(`${url}/_matrix/fine`)).status, 200);
  }
});

await test('A51 bytes after an answer are never given to the next request', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket, numberOnConnection }) => {
    const poison = numberOnConnection === 1 ? 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison' : '';
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine${poison}`);
  });
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (let i = 0; i < 5; i += 1) {
    const answer = await fetch(`${url}/_matrix/${i}`);
    if (answer.status === 200) t.equal(await answer.text(), 'mine');
    else t.equal(answer.status, 502);
  }
});

await test('interim answers are swallowed, the final one is relayed', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
  });
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  t.equal(await (await fetch(`${url}/_matrix/x`)).text(), 'ok');
});

function portOf(addresses: readonly { kind: string; port?: number }[]): number {
  return addresses.find((address) => address.kind === 'tcp')?.port ?? 0;
}
