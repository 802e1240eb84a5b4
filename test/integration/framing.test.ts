// Hostile framing on raw sockets (threat cases A01 to A14, A19, A24, A25, A27, A39): what is not canonical gets its
// refusal, the connection is closed, and not one byte reaches Synapse.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { get, H, post, REFUSED } from '../harness/hostile-framing.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { headerValues, startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const test = eachLane(t);

await test('what is not canonical is refused, closed, and reaches nobody', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const [name, bytes, status] of REFUSED) {
    const answer = await sendRaw(port, bytes);
    t.equal(answer.status, status, `${name}: status`);
    t.ok(answer.isClosed, `${name}: the connection is closed`);
    t.match(answer.text, /\r\nConnection: close\r\n/i, `${name}: says so`);
  }
  t.equal(upstream.receivedBytes(), 0, 'not one byte went upstream');
  t.equal((await sendRaw(port, get(''), { answers: 1 })).status, 200, 'and the gateway lives');
});

await test('A06 a bad chunk ends the request upstream without a last chunk', async (t, lane) => {
  for (const size of ['0x5', '+5', '5_', ' 5', '5\r', 'fffffffffffffffff', '', '5 ', '5;\n']) {
    const upstream = await startRecordingUpstream(t);
    const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
    const answer = await sendRaw(
      port,
      post('Transfer-Encoding: chunked\r\n', `3\r\nabc\r\n${size}\r\nabcde\r\n0\r\n\r\n`),
    );
    t.equal(answer.status, 400, `${JSON.stringify(size)}: 400`);
    t.ok(answer.isClosed, `${JSON.stringify(size)}: closed`);
    await until(() => upstream.openSockets.size === 0);
    t.equal(upstream.openSockets.size, 0, `${JSON.stringify(size)}: the connection to Synapse is gone`);
  }
});

await test('A11 trailers are dropped, and forbidden ones refuse the request', async (t, lane) => {
  const bodies: string[] = [];
  const upstream = await startRecordingUpstream(t, ({ socket }, body) => {
    bodies.push(body.toString());
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const chunked = 'Transfer-Encoding: chunked\r\n';
  const harmless = await sendRaw(port, post(chunked, '3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n'), {
    answers: 1,
  });
  t.equal(harmless.status, 200);
  t.match(bodies[0], /abc/, 'the body went on');
  t.notMatch(bodies[0], /checksum/i, 'without its trailer');
  for (const name of ['Authorization', 'Host', 'Transfer-Encoding', 'content-length']) {
    const answer = await sendRaw(port, post(chunked, `3\r\nabc\r\n0\r\n${name}: 1\r\n\r\n`));
    t.equal(answer.status, 400, name);
    t.equal(bodies.length, 1, `${name}: no whole request reached Synapse`);
  }
});

await test('A39 a Trailer field announces nothing to anybody', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const value of ['x', 'Content-Length', '(']) {
    t.equal((await sendRaw(port, get(`Trailer: ${value}\r\n`), { answers: 1 })).status, 200);
  }
  t.ok(upstream.requests.every((request) => headerValues(request, 'trailer').length === 0));
});

await test('A12 pipelined requests reach Synapse one after another, in order', async (t, lane) => {
  const events: string[] = [];
  const upstream = await startRecordingUpstream(
    t,
    ({ socket, target: path }) => {
      // The first is answered last if they run side by side.
      setTimeout(
        () => {
          events.push(`answered ${path}`);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
        },
        path.endsWith('1') ? 150 : 10,
      );
    },
    ({ target: path }) => events.push(`arrived ${path}`),
  );
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const three = [1, 2, 3].map((n) => `GET /_matrix/${n} HTTP/1.1\r\n${H}\r\n`).join('');
  const answer = await sendRaw(port, three, { answers: 3 });
  t.strictSame(
    events,
    [1, 2, 3].flatMap((n) => [`arrived /_matrix/${n}`, `answered /_matrix/${n}`]),
  );
  t.match(answer.text, /\/_matrix\/1[^]*\/_matrix\/2[^]*\/_matrix\/3/, 'answered in order too');
});

await test('A12 a valid request followed by garbage: the first is answered, then 400 and close', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst'), 50);
  });
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const answer = await sendRaw(port, `${get('')}GARBAGE\r\n\r\n`);
  t.match(answer.text, /^HTTP\/1\.1 200 [^]*first[^]*HTTP\/1\.1 400 /);
  t.ok(answer.isClosed);
  t.equal(upstream.requests.length, 1);
});

await test('A13 a body that ends early aborts the request upstream', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, () => t.fail('no whole request may arrive'));
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const answer = await sendRaw(port, post('Content-Length: 100\r\n', 'only this'), { end: true });
  t.ok(answer.isClosed);
  await until(() => upstream.openSockets.size === 0);
  t.equal(upstream.openSockets.size, 0, 'Synapse is not left waiting');
});

await test('A14 Expect: 100-continue gets one interim and one final answer', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url, max_upload: '10' },
  });
  const small = await sendRaw(port, post('Expect: 100-continue\r\nContent-Length: 3\r\n', 'abc'), {
    answers: 2,
  });
  t.match(small.text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  t.notMatch(upstream.requests[0]?.head, /expect/i, 'Synapse is not asked');
  const large = await sendRaw(port, post('Expect: 100-continue\r\nContent-Length: 11\r\n'), { answers: 1 });
  t.equal(large.status, 413, 'what is refused anyway is not asked for');
  const odd = await sendRaw(port, post('Expect: y 100-continue\r\nContent-Length: 3\r\n', 'abc'), {
    answers: 1,
  });
  t.equal(odd.text.match(/^HTTP/gm)?.length, 1, 'an expectation of nothing known is nothing to wait for');
});

await test('Upgrade outside the upgrade paths, h2c too, is dropped with its Connection member', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const offers = [
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n',
    'Connection: upgrade\r\nUpgrade: foo\r\n',
  ];
  for (const offer of offers) t.equal((await sendRaw(port, get(offer), { answers: 1 })).status, 200);
  for (const request of upstream.requests) {
    t.strictSame(headerValues(request, 'upgrade'), []);
    t.strictSame(headerValues(request, 'http2-settings'), []);
    t.notMatch(headerValues(request, 'connection').join(), /upgrade/i);
  }
});
