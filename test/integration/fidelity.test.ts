// Bytes are sacred: what a client wrote arrives at Synapse as it was, and what must not arrive does not.
// Against a recording upstream, because the real Synapse does not tell what it received.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { socketPath } from '../harness/socket-path.ts';
import { headerValues, startRecordingUpstream } from '../harness/recording-upstream.ts';

const test = eachLane(t);

const corpus = (name: string): string[] =>
  readFileSync(new URL(`../corpus/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));

await test('every target of the corpus arrives byte for byte', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const targets = corpus('targets.txt');
  t.ok(targets.length >= 200, `${targets.length} targets`);
  for (const target of targets) {
    const answer = await sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, { answers: 1 });
    t.equal(answer.status, 200, target);
    t.equal(upstream.requests.at(-1)?.requestLine, `GET ${target} HTTP/1.1`);
  }
  t.equal(upstream.requests.length, targets.length);
});

await test('an absolute target goes out in origin form', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  await sendRaw(port, 'GET http://h:8/_matrix/a%2Fb?x HTTP/1.1\r\nHost: h:8\r\n\r\n', { answers: 1 });
  t.equal(upstream.requests[0]?.requestLine, 'GET /_matrix/a%2Fb?x HTTP/1.1');
});

await test('A20 not one forbidden target reaches Synapse', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const targets = corpus('forbidden-targets.txt');
  t.ok(targets.length >= 500, `${targets.length} targets`);
  for (const target of targets) {
    const answer = await sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, { answers: 1 });
    // As it is sent: one byte for each character, so that an exotic one may become the `?` of a query.
    const [path] = Buffer.from(target, 'latin1').toString('latin1').split('?');
    const isOwn = path === '/' || path === '/health' || path === '/ready';
    t.ok(answer.status === 404 || answer.status === 400 || isOwn, `${answer.status} ${target}`);
  }
  t.equal(upstream.receivedBytes(), 0);
});

await test('/_synapse/admin reaches Synapse only from synapse.admin_allow', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const request = 'GET /_synapse/admin/v2/users HTTP/1.1\r\nHost: h\r\n\r\n';
  const refusing = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url, admin_allow: ['192.0.2.0/24'] },
  });
  t.equal((await sendRaw(refusing.port, request, { answers: 1 })).status, 404);
  const spoofed = request.replace('\r\n\r\n', '\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n');
  t.equal(
    (await sendRaw(refusing.port, spoofed, { answers: 1 })).status,
    404,
    'a claimed address does not help',
  );
  t.equal(upstream.requests.length, 0);
  const allowing = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url, admin_allow: ['127.0.0.0/8'] },
  });
  t.equal((await sendRaw(allowing.port, request, { answers: 1 })).status, 200);
  t.equal((await sendRaw(allowing.port, request.replace('admin', 'metrics'), { answers: 1 })).status, 404);
});

await test('header order, case and duplicates are kept, and ours come last', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  await sendRaw(
    port,
    [
      'PUT /_matrix/federation/v1/send/1 HTTP/1.1',
      'X-First: 1',
      'AUTHORIZATION: X-Matrix origin=a,key="ed25519:1",sig="x"',
      'Authorization: X-Matrix origin=a,key="ed25519:2",sig="y"',
      'Host: Example.org:8448',
      'x-empty:',
      'Cookie: a=b',
      'X-Latin: caf\xe9',
      'Content-Length: 2',
      '',
      '{}',
    ].join('\r\n'),
    { answers: 1 },
  );
  const lines = upstream.requests[0]?.headers.filter(
    ([name]) => !/^(host|connection|content-length)$/i.test(name),
  );
  t.match(lines, [
    ['X-First', '1'],
    ['AUTHORIZATION', 'X-Matrix origin=a,key="ed25519:1",sig="x"'],
    ['Authorization', 'X-Matrix origin=a,key="ed25519:2",sig="y"'],
    ['x-empty', ''],
    ['Cookie', 'a=b'],
    ['X-Latin', 'caf\xe9'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Host', 'Example.org:8448'],
    ['X-Request-Id', /^[0-9a-f]{16}$/],
  ]);
  t.strictSame(upstream.requests[0] && headerValues(upstream.requests[0], 'host'), ['Example.org:8448']);
});

await test('what Synapse answers arrives as it came: status, reason, order, duplicates, bytes', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => {
    socket.write(
      'HTTP/1.1 418 Short and stout\r\nSet-Cookie: a=1\r\nX-Latin: caf\xe9\r\nset-cookie: b=2\r\nServer: Synapse\r\n' +
        'Connection: keep-alive, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=9\r\nDate: yesterday\r\nContent-Length: 4\r\n\r\n\0\xff\r\n',
      'latin1',
    );
  });
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const { text } = await sendRaw(port, 'GET /_matrix/x HTTP/1.1\r\nHost: h\r\n\r\n', {
    answers: 1,
    timeoutMs: 500,
  });
  t.match(
    text,
    /^HTTP\/1\.1 418 Short and stout\r\nSet-Cookie: a=1\r\nX-Latin: caf\xe9\r\nset-cookie: b=2\r\nServer: Synapse\r\nDate: yesterday\r\n/,
  );
  t.notMatch(text, /X-Gone|timeout=9/);
  t.ok(text.endsWith('\r\n\r\n\0\xff\r\n'));
});

await test('HEAD, 204 and 304 have no body and invent no length', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket, requestLine, target }) => {
    if (requestLine.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    else socket.write(`HTTP/1.1 ${target.slice(-3)} x\r\nETag: "e"\r\n\r\n`);
  });
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const head = await sendRaw(port, 'HEAD /_matrix/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  t.match(head.text, /\r\nContent-Length: 1000\r\n[^]*\r\n\r\n$/);
  for (const status of ['204', '304']) {
    const { text } = await sendRaw(
      port,
      `GET /_matrix/${status} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
    );
    t.match(text, new RegExp(`^HTTP/1.1 ${status} `));
    t.notMatch(text, /content-length|transfer-encoding/i);
  }
});

await test('a GET with a body, an empty POST and an odd Content-Type pass', async (t, lane) => {
  const bodies: string[] = [];
  const upstream = await startRecordingUpstream(t, ({ socket }, body) => {
    bodies.push(body.toString());
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  const send = (head: string, body = '') => sendRaw(port, `${head}Host: h\r\n\r\n${body}`, { answers: 1 });
  await send('GET /_matrix/x HTTP/1.1\r\nContent-Length: 3\r\n', 'abc');
  await send('POST /_matrix/x HTTP/1.1\r\nContent-Length: 0\r\n');
  await send('POST /_matrix/x HTTP/1.1\r\n');
  await send('POST /_matrix/x HTTP/1.1\r\nContent-Type: garbage\r\nContent-Length: 3\r\n', 'abc');
  await send('DELETE /_matrix/x HTTP/1.1\r\nContent-Length: 3\r\n', 'abc');
  t.strictSame(bodies, ['abc', '', '', 'abc', 'abc']);
});

await test('one client address for Synapse, whatever a client claims', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const claims = [
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-for: 6.6.6.6\r\nX-FORWARDED-FOR: 7.7.7.7',
    'X_Forwarded_For: 6.6.6.6',
    'X.Forwarded.For: 6.6.6.6',
    'X-Real-IP: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'Connection: X-Forwarded-For, X-Forwarded-Proto, Host, Authorization',
    'X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\nX-Request-Id: evil',
  ];
  const { port } = await startGateway(t, { ...lane.config, synapse: { url: upstream.url } });
  for (const claim of claims) {
    await sendRaw(port, `GET /_matrix/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\n${claim}\r\n\r\n`, {
      answers: 1,
    });
    const request = upstream.requests.at(-1);
    t.notMatch(request?.head, /6\.6\.6\.6|7\.7\.7\.7|evil|https/, claim);
    t.match(
      request?.head,
      /\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n/,
      claim,
    );
    t.match(request?.head, /\r\nAuthorization: Bearer t\r\n/, claim);
  }
});

await test('a trusted proxy is believed: the last address before it, its scheme, host and request id', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, {
    ...lane.config,
    synapse: { url: upstream.url },
    trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
  });
  await sendRaw(
    port,
    'GET /_matrix/x HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 6.6.6.6, [2001:db8::7]:443\r\nX-Forwarded-For: 10.1.2.3\r\n' +
      'X-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.example.org\r\nX-Request-Id: outer-1\r\n\r\n',
    { answers: 1 },
  );
  t.match(
    upstream.requests[0]?.head,
    /X-Forwarded-For: 2001:db8::7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: chat\.example\.org\r\nX-Request-Id: outer-1$/,
  );
  t.equal(upstream.requests[0]?.headers.filter(([name]) => /^x-forwarded-for$/i.test(name)).length, 1);
});

await test('every listener serves the same routes, and call-config names the origin that was asked', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const path = socketPath(t);
  const { gateway } = await startGateway(t, {
    ...lane.config,
    listen: ['127.0.0.1:0', '127.0.0.1:0', `unix:${path}`],
    trusted_proxies: ['127.0.0.1'],
    synapse: { url: upstream.url },
  });
  const [first, second] = gateway.addresses.map((address) => (address.kind === 'tcp' ? address.port : 0));
  const cases: readonly (readonly [number | string, string, string])[] = [
    [first ?? 0, `Host: 127.0.0.1:${first}`, `http://127.0.0.1:${first}`],
    [second ?? 0, `Host: 127.0.0.1:${second}`, `http://127.0.0.1:${second}`],
    [path, 'Host: matrix.local', 'http://matrix.local'],
    [first ?? 0, 'Host: chat.example.org:80', 'http://chat.example.org'],
    [first ?? 0, 'Host: chat.example.org\r\nX-Forwarded-Proto: https', 'https://chat.example.org'],
    [first ?? 0, 'Host: inner:3000\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.b:443', 'https://a.b'],
    [first ?? 0, 'Host: inner\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.b:8443', 'https://a.b:8443'],
    [
      second ?? 0,
      'Host: x\r\nForwarded: for=192.0.2.1;proto=https;host="[2001:db8::1]:444"',
      'https://[2001:db8::1]:444',
    ],
    [path, 'Host: m.local\r\nX-Forwarded-Proto: https', 'http://m.local'],
  ];
  for (const [to, headers, origin] of cases) {
    const { text } = await sendRaw(
      to,
      `GET /call-config.json HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`,
    );
    const config: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
    t.strictSame(
      config,
      { baseUrl: origin, websocketUrl: origin, homeserverUrl: origin, iceServers: [] },
      headers,
    );
    t.match(text, /access-control-allow-origin: \*\r\n/i);
    t.match(text, /cache-control: no-store\r\n/i);
    const forwarded = await sendRaw(to, `GET /_matrix/x HTTP/1.1\r\n${headers}\r\n\r\n`, { answers: 1 });
    t.equal(forwarded.status, 200, `${String(to)} forwards too`);
  }
});

await t.test('public_url stands in every URL that is handed out', async (t) => {
  const { url } = await startGateway(t, {
    public_url: 'https://chat.example.org',
    ice: { stun: ['stun:s.example.org:3478'] },
  });
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  const origin = 'https://chat.example.org';
  t.strictSame(await get('/call-config.json'), {
    baseUrl: origin,
    websocketUrl: origin,
    homeserverUrl: origin,
    iceServers: [{ urls: ['stun:s.example.org:3478'] }],
  });
  t.strictSame(await get('/.well-known/matrix/client'), { 'm.homeserver': { base_url: origin } });
  t.strictSame(await get('/.well-known/matrix/server'), { 'm.server': 'chat.example.org:443' });
});

await test('a Unix socket upstream works like a port', async (t, lane) => {
  const path = socketPath(t);
  const server = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  t.teardown(() => server.close());
  const { url } = await startGateway(t, { ...lane.config, synapse: { url: `unix:${path}` } });
  t.equal(await (await fetch(`${url}/_matrix/a%2Fb`)).text(), '/_matrix/a%2Fb');
});

await t.test('a stale socket file of a killed process is taken over, a live one is not', async (t) => {
  const path = socketPath(t);
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await t.rejects(startGateway(t, { listen: [`unix:${path}`] }), /another program listens there/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  t.ok(existsSync(path), 'the socket file was left behind');
  await startGateway(t, { listen: ['127.0.0.1:0', `unix:${path}`] });
  t.equal((await sendRaw(path, 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n', { answers: 1 })).status, 200);
});

await t.test('an address in use is refused with its remedy, and nothing stays open', async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => void holder.listen(0, '127.0.0.1', resolve));
  t.teardown(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  await t.rejects(startGateway(t, { listen: [`127.0.0.1:${port}`] }), {
    message: `cannot listen on 127.0.0.1:${port}: another program listens there: stop it, or choose another address in \`listen\``,
  });
});
