// Routes: what reaches the service behind one and what comes back, what is refused here, and which limits are its own.

import { request as httpRequest } from 'node:http';

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { eachLane } from '../harness/lanes/each-lane.ts';
import { connectRaw, offerTo } from '../harness/raw-upgrades.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const test = eachLane(t);

const CLOSE = 'Connection: close\r\n\r\n';

await test('the service is asked what the client asked, and the client told what it said', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) =>
    socket.write('HTTP/1.1 207 Fine\r\nX-A: 1\r\nx-a: \u00e9\r\nContent-Length: 5\r\n\r\nhello', 'latin1'),
  );
  const routes = [{ path: '/http-bind', to: `${upstream.url}/bosh`, host: 'meet.test' }];
  const gateway = await startGateway(t, { ...lane.config, routes, public_url: 'https://chat.test' });
  const answer = await sendRaw(
    gateway.port,
    'POST /http-bind?room=%2f&&x HTTP/1.1\r\nHost: chat.test:81\r\nX-B: \u00e9\r\nX-B: 2\r\nOrigin: https://a.b\r\n' +
      'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Prefix: /evil\r\nX-Hop: 1\r\n' +
      `Upgrade: h2c\r\nContent-Length: 6\r\nConnection: close, X-Hop, Upgrade\r\n\r\n<body>`,
  );
  t.match(
    answer.text,
    /^HTTP\/1\.1 207 Fine\r\nX-A: 1\r\nx-a: \u00e9\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/,
  );
  const [asked] = upstream.requests;
  t.equal(asked?.requestLine, 'POST /bosh?room=%2f&&x HTTP/1.1');
  const fields = asked?.headers.filter(([name]) => !/^(?:connection|x-request-id)$/i.test(name));
  t.strictSame(
    fields?.map(([name, value]) => [name.toLowerCase(), value]),
    [
      ['host', 'meet.test'],
      ['x-b', '\u00e9'],
      ['x-b', '2'],
      ['origin', 'https://a.b'],
      ['x-forwarded-for', '127.0.0.1'],
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-host', 'chat.test:81'],
      ['content-length', '6'],
    ],
  );
  await until(() => gateway.logged.some(({ msg }) => msg === 'request'));
  t.match(
    gateway.logged.find(({ msg }) => msg === 'request'),
    { route: 'route', upstream: upstream.url, status: 207, ended_by: 'complete' },
  );
  const metrics = await fetch(`${gateway.observeUrl}/metrics`).then((response) => response.text());
  t.match(metrics, 'portico_requests_total{route="route",status="207",ended_by="complete"} 1');
});

await test('every request goes to the route of the longest path, by the path that it has there', async (t, lane) => {
  const [one, two] = [await startRecordingUpstream(t), await startRecordingUpstream(t)];
  const synapse = await startRecordingUpstream(t);
  const gateway = await startGateway(t, {
    ...lane.config,
    synapse: { url: synapse.url },
    routes: [
      { path: '/kept/', to: one.url },
      { path: '/app/', to: one.url, strip: true },
      { path: '/app/two/', to: `${two.url}/base/` },
      { path: '/exact', to: two.url, strip: true },
    ],
  });
  const cases: readonly (readonly [target: string, expected: string | number])[] = [
    ['/kept/a/b?c', 'one /kept/a/b?c'],
    ['/kept//a%2F%2f?', 'one /kept//a%2F%2f?'],
    ['/kept//%2F..%2f?', 404],
    ['/app/', 'one /'],
    ['/app/?a=/app/', 'one /?a=/app/'],
    ['/app//evil.test/x', 'one /evil.test/x'],
    ['/app/x/%7e;a=b', 'one /x/%7e;a=b'],
    ['/app/two/x', 'two /base/x'],
    ['/app/two', 'one /two'],
    ['/exact', 'two /'],
    ['/exact?a', 'two /?a'],
    ['/exact/', 404],
    ['/Exact', 404],
    ['/app', 404],
    ['/app/../health', 404],
    ['/app/%2e%2e/health', 404],
    ['/app/..;/health', 404],
    ['/health', 200],
    ['/_synapse/metrics', 404],
  ];
  for (const [target, expected] of cases) {
    const before = [one, two].map(({ requests }) => requests.length);
    const answer = await sendRaw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}`);
    const asked = [one, two].flatMap(({ requests }, i) =>
      requests.slice(before[i]).map(({ target: seen }) => `${i === 0 ? 'one' : 'two'} ${seen}`),
    );
    if (typeof expected === 'string') t.strictSame(asked, [expected], target);
    else t.strictSame([answer.status, asked], [expected, []], target);
  }
  t.equal(synapse.requests.filter(({ target }) => !target.startsWith('/_matrix/')).length, 0);
});

await test('a body beyond max_body is refused, whether it says its length or not', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const routes = [
    { path: '/small', to: upstream.url, max_body: 10 },
    { path: '/large', to: upstream.url, max_body: '2MiB' },
  ];
  const gateway = await startGateway(t, { ...lane.config, routes, synapse: { max_upload: '1MiB' } });
  const post = (path: string, body: Buffer, isChunked = false): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = isChunked
        ? { 'Transfer-Encoding': 'chunked' }
        : { 'Content-Length': body.length, Expect: '100-continue' };
      const asked = httpRequest(`${gateway.url}${path}`, { method: 'POST', headers, agent: false });
      asked.on('response', (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject);
      if (isChunked) asked.end(body);
      else asked.on('continue', () => asked.end(body)).flushHeaders();
    });
  t.equal((await post('/small', Buffer.alloc(10))).status, 200);
  t.equal((await post('/small', Buffer.alloc(10), true)).status, 200);
  for (const isChunked of [false, true]) {
    const { status, text } = await post('/small', Buffer.alloc(11), isChunked);
    t.equal(status, 413);
    t.match(JSON.parse(text), { code: 'BODY_TOO_LARGE', error: /.+/, errcode: undefined });
  }
  t.equal((await post('/large', Buffer.alloc(2 * 1024 * 1024))).status, 200, "more than Synapse's limit");
  t.equal((await post('/large', Buffer.alloc(2 * 1024 * 1024 + 1))).status, 413);
});

await test('what the service does not do is answered by us, in our own form', async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket }) => socket.destroy());
  const gone = await startRecordingUpstream(t);
  await gone.stop();
  const routes = [
    { path: '/breaks', to: upstream.url },
    { path: '/gone', to: gone.url },
  ];
  const gateway = await startGateway(t, { ...lane.config, routes });
  for (const [path, code, error] of [
    ['/breaks', 'UPSTREAM_FAILED', /service behind this path broke off/],
    ['/gone', 'UPSTREAM_UNREACHABLE', /service behind this path cannot be reached/],
  ] as const) {
    const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', body: 'x' });
    t.equal(answer.status, 502, path);
    t.match(await answer.json(), { code, error });
  }
  t.equal(upstream.requests.length, 1, 'a POST is not sent again');
});

await test("a held request is not cut by Synapse's limit, and let go with its client", async (t, lane) => {
  const upstream = await startRecordingUpstream(t, ({ socket, target }) => {
    if (target === '/held') return;
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate'), 4_000);
  });
  const routes = [{ path: '/r/', to: `${upstream.url}/` }];
  const synapse = { url: upstream.url, response_timeout: '1s' };
  const gateway = await startGateway(t, { ...lane.config, routes, synapse });
  const [late, cut] = await Promise.all(
    ['/r/late', '/_matrix/client/versions'].map((path) => fetch(`${gateway.url}${path}`)),
  );
  t.equal(late?.status, 200);
  t.equal(cut?.status, 504, 'as it does where it is meant');
  const client = connectRaw(t, gateway.port, 'GET /r/held HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => upstream.requests.some(({ target }) => target === '/held'));
  const held = upstream.requests.find(({ target }) => target === '/held');
  client.socket.destroy();
  await until(() => held?.socket.destroyed === true);
  t.pass('the service sees that nobody waits any more');
});

await test('an offer to upgrade is refused, as on every path without a tunnel', async (t, lane) => {
  const upstream = await startRecordingUpstream(t);
  const gateway = await startGateway(t, { ...lane.config, routes: [{ path: '/r/', to: upstream.url }] });
  const client = connectRaw(t, gateway.port, offerTo('/r/x'));
  await until(() => client.hasEnded);
  t.match(client.head, /^HTTP\/1\.1 404 /);
  t.equal(upstream.requests.length, 0);
});

await t.test('there is no route on the listener of the operator', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const gateway = await startGateway(t, { routes: [{ path: '/r/', to: upstream.url }] });
  t.equal((await fetch(`${gateway.observeUrl}/r/x`)).status, 404);
  t.equal(upstream.requests.length, 0);
});
