// Tunnels: what passes through, byte for byte, and what the client is told when nothing can.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';

import { startGateway } from '../harness/gateway.ts';
import { agree, gauge, openTunnel, startTunnel, tunnelsOpen } from '../harness/tunnel.ts';
import { connectRaw, offerTo, startRawUpstream } from '../harness/raw-upgrades.ts';
import { until } from '../harness/until.ts';

await t.test('the upstream is asked what the client asked, and the client told what it said', async (t) => {
  const rig = await startTunnel(
    t,
    (end) =>
      end.write(
        'HTTP/1.1 101 Sure\r\nX-A: 1\r\nx-a: \u00e9\r\nUpgrade: websocket\r\nKeep-Alive: 5\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n\r\nfirst bytes',
      ),
    { host: 'meet.test' },
  );
  const more =
    'Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-B: \u00e9\r\nX-Forwarded-For: 6.6.6.6\r\nOrigin: https://elsewhere.test\r\n';
  const client = connectRaw(t, rig.port, `${offerTo('/x?room=%2F%zz&&', more)}early bytes`);
  await until(() => client.body !== '' && rig.upstream.connections[0]?.body !== '');
  t.equal(
    client.text,
    'HTTP/1.1 101 Sure\r\nX-A: 1\r\nx-a: \u00e9\r\nSec-WebSocket-Protocol: xmpp\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst bytes',
  );
  const [asked] = rig.upstream.connections;
  const id = /X-Request-Id: (.+)/.exec(asked?.head ?? '')?.[1];
  t.equal(
    asked?.text,
    [
      'GET /x?room=%2F%zz&& HTTP/1.1',
      'Host: meet.test',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: xmpp',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'X-B: \u00e9',
      'Origin: https://elsewhere.test',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: chat.test',
      `X-Request-Id: ${id}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      '',
      'early bytes',
    ].join('\r\n'),
  );
});

await t.test('a prefix is replaced by the path of the upstream', async (t) => {
  const upstream = await startRawUpstream(t, agree);
  const tunnels = [{ path: '/lk/', to: `ws://127.0.0.1:${upstream.port}/` }];
  const { port } = await startGateway(t, { tunnels });
  const client = connectRaw(t, port, offerTo('/lk/rtc/v1?a=%7E'));
  await until(() => client.head !== '');
  t.match(upstream.connections[0]?.head, /^GET \/rtc\/v1\?a=%7E HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
  const climbing = connectRaw(t, port, offerTo('/lk/%2e%2e/health'));
  await until(() => climbing.isClosed || climbing.hasEnded);
  t.match(climbing.head, /^HTTP\/1\.1 404 /);
  t.equal(upstream.connections.length, 1, 'which nobody was asked');
});

await t.test('any answer but 101 arrives as it is, and the connection is closed', async (t) => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: \u00e9\r\n\r\nno!\n',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: \u00e9\r\nConnection: close',
      'no!\n',
    ],
    [
      'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      'HTTP/1.1 404 Not Found\r\nConnection: close',
      'abcde',
    ],
    [
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close',
      '',
    ],
    [
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}',
      'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\nConnection: close',
      '{}',
    ],
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close',
      '.',
    ],
  ];
  let answer = '';
  const rig = await startTunnel(t, (end) => end.write(answer));
  for (const [said, head, body] of cases) {
    answer = said;
    const client = connectRaw(t, rig.port, `${offerTo('/x')}early`);
    await until(() => client.hasEnded);
    client.socket.end();
    await until(() => client.isClosed && rig.upstream.open() === 0);
    t.equal(client.head, head);
    t.equal(client.body, body, head);
    t.equal(rig.upstream.connections.at(-1)?.body, '', 'early bytes are for a 101 only');
  }
});

await t.test('an answer that ends at the end of the connection does so here, too', async (t) => {
  const rig = await startTunnel(t, ({ socket }) => socket.end('HTTP/1.1 500 Oh\r\n\r\nsome text'));
  const client = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => client.hasEnded);
  t.equal(client.text, 'HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nsome text');
});

await t.test('an answer that breaks off looks complete to nobody', async (t) => {
  const rig = await startTunnel(t, (end) => {
    end.write('HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nsome');
    setTimeout(() => end.socket.destroy(), 20);
  });
  const client = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => client.isClosed);
  t.notOk(client.hasEnded, 'a reset, not an end');
});

await t.test('what the upstream does not do is answered by us', async (t) => {
  const rig = await startTunnel(t, ({ socket }) => socket.destroy());
  const broken = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => broken.hasEnded);
  t.match(broken.head, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  t.match(JSON.parse(broken.body), { code: 'UPSTREAM_FAILED', error: /service behind this path broke off/ });

  const tunnels = [{ path: '/gone', to: `ws://127.0.0.1:${await closedPort()}` }];
  const other = await startGateway(t, { tunnels });
  const unreachable = connectRaw(t, other.port, offerTo('/gone'));
  await until(() => unreachable.hasEnded);
  t.match(unreachable.head, /^HTTP\/1\.1 502 /);
  t.match(JSON.parse(unreachable.body), { code: 'UPSTREAM_UNREACHABLE', error: /cannot be reached/ });
  const plain = await fetch(`${other.url}/gone`);
  t.equal(plain.status, 502);
  t.match(await plain.json(), { code: 'UPSTREAM_UNREACHABLE', error: /service behind/ });
  const unknown = connectRaw(t, other.port, offerTo('/elsewhere'));
  await until(() => unknown.hasEnded);
  t.match(unknown.head, /^HTTP\/1\.1 404 /);
});

await t.test('a handshake that is not one is 502, one that takes too long 504', async (t) => {
  let answer = '';
  const rig = await startTunnel(t, (end) => end.write(answer));
  for (const head of ['', 'Upgrade: h2c\r\nConnection: Upgrade\r\n']) {
    answer = `HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`;
    const client = connectRaw(t, rig.port, offerTo('/x'));
    await until(() => client.hasEnded);
    t.match(client.head, /^HTTP\/1\.1 502 /, `101 with ${head}`);
  }
  answer = '';
  const client = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => rig.upstream.connections.at(-1)?.head !== '' && rig.upstream.connections.length === 3);
  rig.clock.advance(29_000);
  t.equal(client.text, '', 'not yet');
  rig.clock.advance(2_000);
  await until(() => client.hasEnded);
  t.match(client.head, /^HTTP\/1\.1 504 /);
  await until(() => rig.upstream.open() === 0);
  t.pass('and the upstream is left alone');
});

await t.test('bytes pass in both directions, held back while the reader does not read', async (t) => {
  const rig = await startTunnel(t);
  const { client, server } = await openTunnel(t, rig);
  client.write('to the upstream');
  server.write('to the client');
  await until(() => server.body === 'to the upstream' && client.body === 'to the client');

  client.socket.pause();
  const before = process.memoryUsage().rss;
  const piece = Buffer.alloc(1024 * 1024, 'a');
  let sent = 0;
  let isHeldBack = false;
  while (!isHeldBack && sent < 64) {
    sent += 1;
    if (server.socket.write(piece)) continue;
    isHeldBack = await Promise.race([
      once(server.socket, 'drain').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 500)),
    ]);
  }
  t.ok(isHeldBack, `held back after ${sent} MiB`);
  t.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024, 'and not kept in memory');
  client.socket.resume();
  const expected = sent * piece.length + 'to the client'.length;
  await until(() => client.body.length === expected, 20_000);
  t.equal(client.body.length, expected, 'everything arrives');
});

await t.test('an ordinary request on the path goes to the same server', async (t) => {
  const rig = await startTunnel(
    t,
    (end) => end.write('HTTP/1.1 207 Fine\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhello'),
    { host: 'meet.test' },
  );
  const client = connectRaw(
    t,
    rig.port,
    'GET /x?room=%2f HTTP/1.1\r\nHost: chat.test\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n',
  );
  await until(() => client.hasEnded);
  t.match(client.head, /^HTTP\/1\.1 207 Fine\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n/);
  t.equal(client.body, 'hello');
  const [asked] = rig.upstream.connections;
  t.match(asked?.head, /^GET \/x\?room=%2f HTTP\/1\.1\r\n/);
  t.match(asked?.head, /^host: meet\.test\r$/im);
  t.match(asked?.head, /^x-forwarded-for: 127\.0\.0\.1\r$/im);
  t.notMatch(asked?.head, /upgrade|6\.6\.6\.6/i);
  await until(() => rig.logged.some((line) => line['msg'] === 'request' && line['route'] === 'tunnel'));
});

await t.test('what passed is logged and counted', async (t) => {
  const rig = await startTunnel(t);
  const { client, server } = await openTunnel(t, rig);
  t.equal(await tunnelsOpen(rig, 1), 1);
  client.write('four');
  server.write('three');
  await until(() => client.body === 'three' && server.body === 'four');
  server.socket.end();
  await until(() => client.hasEnded);
  client.socket.end();
  await until(() => rig.logged.some(({ msg }) => msg === 'tunnel'));
  t.match(
    rig.logged.find(({ msg }) => msg === 'tunnel'),
    { route: 'tunnel', status: 101, ended_by: 'complete', received_bytes: 4, sent_bytes: 5 },
  );
  t.equal(await gauge(rig, 'portico_tunnel_bytes_total{to="client"}'), 5);
  t.equal(await gauge(rig, 'portico_tunnel_bytes_total{to="upstream"}'), 4);
});

await t.test('a WebSocket server and client agree on what they like, through the tunnel', async (t) => {
  for (const perMessageDeflate of [true, false]) {
    const service = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate });
    await once(service, 'listening');
    t.teardown(() => service.close());
    service.on('connection', (socket) =>
      socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary })),
    );
    const { port: servicePort } = service.address() as AddressInfo;
    const { port } = await startGateway(t, {
      tunnels: [{ path: '/ws', to: `ws://127.0.0.1:${servicePort}` }],
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['xmpp', 'other']);
    const heard: Buffer[] = [];
    client.on('message', (data: Buffer) => heard.push(data));
    await once(client, 'open');
    t.equal(client.protocol, 'xmpp');
    t.equal(client.extensions.includes('permessage-deflate'), perMessageDeflate);
    const sizes = [0, 1, 125, 126, 65_536, 3_000_000];
    for (const size of sizes) client.send(Buffer.alloc(size, 'z'));
    await until(() => heard.length === sizes.length, 10_000);
    t.same(
      heard.map(({ length }) => length),
      sizes,
    );
    client.close(4001, 'enough');
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    t.same([code, reason.toString()], [4001, 'enough']);
  }
});

await t.test('signaling keeps its paths beside a tunnel', async (t) => {
  const rig = await startTunnel(t);
  const own = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
  await once(own, 'open');
  own.terminate();
  t.equal(rig.upstream.connections.length, 0);
});

async function closedPort(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
