// Whatever a client sends as one request, right or wrong, at the limits or over them: it is refused or forwarded in the
// same words by both lanes, and Synapse receives the same bytes.

import t from 'tap';

import { FORBIDDEN_TARGETS, TARGETS } from '../fuzz/request.ts';
import { FIELDS, METHODS, ODD_FIELDS, VERSIONS } from '../fuzz/dictionary.ts';
import { REFUSED } from '../harness/hostile-framing.ts';
import { compareAll, type NamedCase } from '../harness/lanes/compare.ts';
import { SETTING_NAMES } from '../harness/lanes/settings.ts';

t.setTimeout(170_000);

const HOST = 'Host: h\r\n';

function one(name: string, bytes: string, statuses?: readonly number[]): NamedCase {
  return { name, steps: [{ send: bytes }], ...(statuses === undefined ? {} : { statuses }) };
}

const lines = (count: number): string =>
  Array.from({ length: count - 1 }, (_, i) => `X-${i}: v\r\n`).join('');

const ofSize = (bytes: number): string => {
  const [before, after] = [`GET /_matrix/x HTTP/1.1\r\n${HOST}X-Fill: `, '\r\n\r\n'];
  return `${before}${'f'.repeat(bytes - before.length - after.length)}${after}`;
};

const post = (headers: string, body = ''): string =>
  `POST /_matrix/x HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;

const around = (limit: number): NamedCase[] =>
  [-40, -26, -25, -24, -23, -3, -2, -1, 0, 1, 2, 3, 40].map((more) =>
    one(`${limit + more} bytes`, ofSize(limit + more)),
  );

const withField = (line: string): string => `GET /_matrix/x HTTP/1.1\r\n${HOST}${line}\r\n\r\n`;

await t.test('what is not canonical', async (t) => {
  await compareAll(
    t,
    'plain',
    REFUSED.map(([name, bytes, status]) => one(name, bytes, [status])),
  );
});

await t.test('every target that real clients send', async (t) => {
  await compareAll(
    t,
    'plain',
    TARGETS.map((target) => one(target, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`, [200])),
  );
});

await t.test('every target that no client may reach Synapse by', async (t) => {
  await compareAll(
    t,
    'plain',
    FORBIDDEN_TARGETS.map((target) => one(target, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`)),
  );
});

await t.test('every header line of the dictionary, in every setting', async (t) => {
  for (const setting of SETTING_NAMES) {
    await compareAll(
      t,
      setting,
      [...FIELDS, ...ODD_FIELDS].map((line) => one(JSON.stringify(line), withField(line))),
    );
  }
});

await t.test('methods and versions', async (t) => {
  const methods = METHODS.map((method) =>
    one(`method ${method}`, `${method} /_matrix/x HTTP/1.1\r\n${HOST}\r\n`),
  );
  const versions = VERSIONS.map((version) =>
    one(`version ${version}`, `GET /_matrix/x ${version}\r\n${HOST}\r\n`),
  );
  const bodies = ['GET', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS', 'POST', 'PUT', 'QUERY'].map((method) =>
    one(`${method} with a body`, `${method} /_matrix/x HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`),
  );
  await compareAll(t, 'plain', [...methods, ...versions, ...bodies]);
});

await t.test('absolute targets, the asterisk, and who may ask for what', async (t) => {
  const asked = [
    'GET http://h/_matrix/x',
    'GET http://h/_matrix/x?a',
    'GET HTTP://H/_matrix/x',
    'GET http://other/_matrix/x',
    'GET http://h',
    'GET http://h?/_matrix/x',
    'OPTIONS *',
    'GET *',
    'OPTIONS /_matrix/x',
    'OPTIONS /_synapse/client/x',
    'OPTIONS /_synapse/admin/x',
    'OPTIONS /api/calls/initiate',
    'OPTIONS /nothing',
    'GET /health',
    'HEAD /health',
    'POST /health',
    'GET /ready',
    'GET /call-config.json',
    'GET /.well-known/matrix/client',
    'GET /_synapse/admin/v2/users',
    'GET /_synapse/client/x',
    'GET /_synapse/mas/x',
    'GET /r/x?y',
    'GET /_matrix/media/v3/own/x',
    'GET /xmpp-websocket',
    'GET /',
    'GET /nothing',
  ];
  for (const setting of SETTING_NAMES) {
    await compareAll(
      t,
      setting,
      asked.map((line) => one(line, `${line} HTTP/1.1\r\n${HOST}\r\n`)),
    );
  }
});

await t.test('heads at their limits', async (t) => {
  const counts = [99, 100, 101, 102].map((count) =>
    one(`${count} lines`, `GET /_matrix/x HTTP/1.1\r\n${HOST}${lines(count)}\r\n`, [
      count <= 100 ? 200 : 431,
    ]),
  );
  await compareAll(t, 'plain', [...counts, ...around(16_384)]);
  await compareAll(t, 'narrow', around(1_024));
});

await t.test('bodies: none, exact, short, long, in chunks, at the limit of an upload', async (t) => {
  const chunked = 'Transfer-Encoding: chunked\r\n';
  const cases = [
    one('no length', post('')),
    one('length 0', post('Content-Length: 0\r\n')),
    one('length 1', post('Content-Length: 1\r\n', 'a')),
    one('binary', post('Content-Length: 6\r\n', '\0\xff\r\n\r\n')),
    one('shorter than its length', post('Content-Length: 9\r\n', 'abc')),
    one('longer than its length', post('Content-Length: 3\r\n', 'abcdef')),
    one('a request behind its length', post('Content-Length: 3\r\n', `abc${post('')}`)),
    ...[63, 64, 65].map((bytes) =>
      one(`${bytes} bytes`, post(`Content-Length: ${bytes}\r\n`, 'b'.repeat(bytes))),
    ),
    one('large', post('Content-Length: 300000\r\n', 'b'.repeat(300_000))),
    one('one chunk', post(chunked, '3\r\nabc\r\n0\r\n\r\n')),
    one('many chunks', post(chunked, `${'1\r\na\r\n'.repeat(100)}0\r\n\r\n`)),
    one('no chunk', post(chunked, '0\r\n\r\n')),
    one('a chunk with an extension', post(chunked, '3;a=b\r\nabc\r\n0\r\n\r\n')),
    one('a trailer', post(chunked, '3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n')),
    one('a forbidden trailer', post(chunked, '3\r\nabc\r\n0\r\nHost: evil\r\n\r\n')),
    one('an unfinished chunk', post(chunked, '5\r\nabc')),
    one('a bad chunk', post(chunked, '3\r\nabc\r\nzz\r\n')),
    one('more in chunks than allowed', post(chunked, `50\r\n${'a'.repeat(80)}\r\n0\r\n\r\n`)),
    one('an expectation', post('Expect: 100-continue\r\nContent-Length: 3\r\n', 'abc')),
    one('an expectation of more than is allowed', post('Expect: 100-continue\r\nContent-Length: 65\r\n')),
    one('an expectation without a body', post('Expect: 100-continue\r\n')),
  ];
  await compareAll(t, 'plain', cases);
  await compareAll(t, 'narrow', cases);
  await compareAll(t, 'unix', cases);
});
