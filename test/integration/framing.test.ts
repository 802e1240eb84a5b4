// Hostile framing on raw sockets (threat cases A01 to A14, A19, A24, A25, A27, A39): what is not canonical gets its
// refusal, the connection is closed, and not one byte reaches Synapse.

import t from 'tap';

import { startGateway } from '../harness/gateway.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { headerValues, startRecordingUpstream } from '../harness/recording-upstream.ts';
import { until } from '../harness/until.ts';

const H = 'Host: portico.test\r\n';
const P = '/_matrix/client/v3/x';

const post = (headers: string, body = ''): string => `POST ${P} HTTP/1.1\r\n${H}${headers}\r\n${body}`;
const get = (headers: string): string => `GET ${P} HTTP/1.1\r\n${H}${headers}\r\n`;
const target = (text: string): string => `GET ${text} HTTP/1.1\r\n${H}\r\n`;

/** Name, bytes, expected status. */
const REFUSED: readonly (readonly [string, string, number])[] = [
  [
    'A01 Content-Length with Transfer-Encoding',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  [
    'A01 the same in the other order',
    post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
    400,
  ],
  ['A02 two different lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'abcdef'), 400],
  ['A02 two equal lengths', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'abcde'), 400],
  ['A02 a list of lengths', post('Content-Length: 5, 5\r\n', 'abcde'), 400],
  ...[
    '+5',
    '-5',
    '0x5',
    '5;',
    '5_0',
    '010',
    '1,1',
    '5 5',
    '',
    '18446744073709551616',
    '99999999999999999',
  ].map(
    (value) =>
      [
        `A03 the length ${JSON.stringify(value)}`,
        post(`Content-Length: ${value}\r\n`, 'abcdeabcde'),
        400,
      ] as const,
  ),
  ...[
    ',chunked',
    'chunked,',
    'xchunked',
    'chunked, identity',
    'identity',
    'gzip, chunked',
    '\x0bchunked',
    'chunked;q=1',
    '"chunked"',
    '',
  ].map(
    (value) =>
      [
        `A04 the coding ${JSON.stringify(value)}`,
        post(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n'),
        400,
      ] as const,
  ),
  ['A04 two codings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['A04 a blank before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
  ['A05 a coding on HTTP/1.0', `POST ${P} HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['A08 bare LF after the request line', `GET ${P} HTTP/1.1\nHost: a\n\n`, 400],
  ['A08 bare LF between fields', get('X: a\nY: b\r\n'), 400],
  ['A08 bare CR in a value', get('X: a\rY: b\r\n'), 400],
  ['A08 CVE-2025-23167 a lone CR before the end', `GET ${P} HTTP/1.1\r\n${H}\rX: y\r\n\r\n`, 400],
  ['A08 NUL in a value', get('X: a\0b\r\n'), 400],
  ['A08 a control byte in a value', get('X: a\x01b\r\n'), 400],
  ['A09 a blank before the colon', get('X : a\r\n'), 400],
  ['A09 an empty name', get(': a\r\n'), 400],
  ['A09 no colon', get('Xabc\r\n'), 400],
  ['A09 obs-fold', get('X: a\r\n b\r\n'), 400],
  ['A09 a fold before the first field', `GET ${P} HTTP/1.1\r\n b: c\r\n${H}\r\n`, 400],
  ['A09 a parenthesis in a name', get('X(: a\r\n'), 400],
  ['A09 a byte above 127 in a name', get('X\x80: a\r\n'), 400],
  ['A10 300 fields', get('a: b\r\n'.repeat(300)), 431],
  ['A10 a 17 KiB field', get(`a: ${'b'.repeat(17_000)}\r\n`), 431],
  ['A10 a 17 KiB request line', target(`/_matrix/${'b'.repeat(17_000)}`), 431],
  ['A24 asterisk form with GET', target('*'), 400],
  ['A24 a target without a slash', target('_matrix/x'), 400],
  ['a raw backslash in the target', target('/_matrix/a\\b'), 400],
  ['a fragment in the target', target('/_matrix/a#b'), 400],
  ['a blank in the target', target('/_matrix/a b'), 400],
  ['a byte above 127 in the target', target('/_matrix/\x80'), 400],
  ['a percent sign that encodes nothing', target('/_matrix/%zz'), 400],
  ['A25 no Host', `GET ${P} HTTP/1.1\r\n\r\n`, 400],
  ['A25 two Hosts', `GET ${P} HTTP/1.1\r\n${H}Host: b\r\n\r\n`, 400],
  ...['', 'user@a', 'a/b', 'a b', 'a:99999', 'a:b', 'a,b@c', 'http://a'].map(
    (value) =>
      [`A25 the Host ${JSON.stringify(value)}`, `GET ${P} HTTP/1.1\r\nHost: ${value}\r\n\r\n`, 400] as const,
  ),
  ['A25 an absolute target of another authority', `GET http://other${P} HTTP/1.1\r\n${H}\r\n`, 400],
  ['A27 TRACE', `TRACE ${P} HTTP/1.1\r\n${H}\r\n`, 405],
  ['A27 CONNECT', `CONNECT synapse:8008 HTTP/1.1\r\n${H}\r\n`, 405],
  ['an unknown method', `FOO ${P} HTTP/1.1\r\n${H}\r\n`, 400],
  ['HTTP/2.0 in clear', `GET ${P} HTTP/2.0\r\n${H}\r\n`, 505],
  ['A19 the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['HTTP/0.9', `GET ${P}\r\n\r\n`, 505],
];

await t.test('what is not canonical is refused, closed, and reaches nobody', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { synapse: { url: upstream.url } });
  for (const [name, bytes, status] of REFUSED) {
    const answer = await sendRaw(port, bytes);
    t.equal(answer.status, status, `${name}: status`);
    t.ok(answer.isClosed, `${name}: the connection is closed`);
    t.match(answer.text, /\r\nConnection: close\r\n/i, `${name}: says so`);
  }
  t.equal(upstream.receivedBytes(), 0, 'not one byte went upstream');
  t.equal((await sendRaw(port, get(''), { answers: 1 })).status, 200, 'and the gateway lives');
});

await t.test('A06 a bad chunk ends the request upstream without a last chunk', async (t) => {
  for (const size of ['0x5', '+5', '5_', ' 5', '5\r', 'fffffffffffffffff', '', '5 ', '5;\n']) {
    const upstream = await startRecordingUpstream(t);
    const { port } = await startGateway(t, { synapse: { url: upstream.url } });
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

await t.test('A11 trailers are dropped, and forbidden ones refuse the request', async (t) => {
  const bodies: string[] = [];
  const upstream = await startRecordingUpstream(t, ({ socket }, body) => {
    bodies.push(body.toString());
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const { port } = await startGateway(t, { synapse: { url: upstream.url } });
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

await t.test('A39 a Trailer field announces nothing to anybody', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { synapse: { url: upstream.url } });
  for (const value of ['x', 'Content-Length', '(']) {
    t.equal((await sendRaw(port, get(`Trailer: ${value}\r\n`), { answers: 1 })).status, 200);
  }
  t.ok(upstream.requests.every((request) => headerValues(request, 'trailer').length === 0));
});

await t.test('A12 pipelined requests reach Synapse one after another, in order', async (t) => {
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
  const { port } = await startGateway(t, { synapse: { url: upstream.url } });
  const three = [1, 2, 3].map((n) => `GET /_matrix/${n} HTTP/1.1\r\n${H}\r\n`).join('');
  const answer = await sendRaw(port, three, { answers: 3 });
  t.strictSame(
    events,
    [1, 2, 3].flatMap((n) => [`arrived /_matrix/${n}`, `answered /_matrix/${n}`]),
  );
  t.match(answer.text, /\/_matrix\/1[^]*\/_matrix\/2[^]*\/_matrix\/3/, 'answered in order too');
});

await t.test(
  'A12 a valid request followed by garbage: the first is answered, then 400 and close',
  async (t) => {
    const upstream = await startRecordingUpstream(t, ({ socket }) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst'), 50);
    });
    const { port } = await startGateway(t, { synapse: { url: upstream.url } });
    const answer = await sendRaw(port, `${get('')}GARBAGE\r\n\r\n`);
    t.match(answer.text, /^HTTP\/1\.1 200 [^]*first[^]*HTTP\/1\.1 400 /);
    t.ok(answer.isClosed);
    t.equal(upstream.requests.length, 1);
  },
);

await t.test('A13 a body that ends early aborts the request upstream', async (t) => {
  const upstream = await startRecordingUpstream(t, () => t.fail('no whole request may arrive'));
  const { port } = await startGateway(t, { synapse: { url: upstream.url } });
  const answer = await sendRaw(port, post('Content-Length: 100\r\n', 'only this'), { end: true });
  t.ok(answer.isClosed);
  await until(() => upstream.openSockets.size === 0);
  t.equal(upstream.openSockets.size, 0, 'Synapse is not left waiting');
});

await t.test('A14 Expect: 100-continue gets one interim and one final answer', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { port } = await startGateway(t, { synapse: { url: upstream.url, max_upload: '10' } });
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

await t.test(
  'Upgrade outside the upgrade paths, h2c too, is dropped with its Connection member',
  async (t) => {
    const upstream = await startRecordingUpstream(t);
    const { port } = await startGateway(t, { synapse: { url: upstream.url } });
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
  },
);
