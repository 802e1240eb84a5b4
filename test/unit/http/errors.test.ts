// The written form of every code of the registry, as Matrix JSON and as JSON of our own.

import t from 'tap';

import { ERRORS, errorEntry, type ErrorCode } from '../../../src/errors.ts';
import { errorAnswer } from '../../../src/http/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

function field(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((item, i) => i % 2 === 0 && item.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}

await t.test('every code is Matrix JSON with CORS where a Matrix client asks', async (t) => {
  for (const code of CODES) {
    const entry = errorEntry(code);
    const answer = errorAnswer(code, { method: 'GET', path: '/_matrix/client/versions', isMatrix: true });
    const body: unknown = JSON.parse(answer.body.toString());
    t.equal(answer.status, entry.status, `${code} has its status`);
    t.match(body, { errcode: entry.errcode, error: entry.text }, `${code} has errcode and error`);
    t.equal(field(answer.headers, 'content-type'), 'application/json', `${code} is JSON`);
    t.equal(field(answer.headers, 'access-control-allow-origin'), '*', `${code} may be read by any page`);
    t.equal(field(answer.headers, 'cache-control'), 'no-store', `${code} is kept by no cache`);
    t.equal(answer.closes, entry.closes === true, `${code} ends the connection if the registry says so`);
  }
});

await t.test('every other code is JSON with its name elsewhere', async (t) => {
  for (const code of CODES.filter((name) => name !== 'ROUTE_NOT_FOUND')) {
    const answer = errorAnswer(code, { method: 'GET', path: '/api/x', isMatrix: false });
    t.same(JSON.parse(answer.body.toString()), { error: errorEntry(code).text, code }, code);
  }
});

await t.test('a path that nothing serves is named, in the words that users search for', async (t) => {
  const rows: readonly [method: string, path: string, message: string][] = [
    ['GET', '/x', 'Cannot GET /x'],
    ['POST', '/x', 'Cannot POST /x'],
    ['GET', '/"<>', 'Cannot GET /"<>'],
    ['GET', `/${'a'.repeat(500)}`, `Cannot GET /${'a'.repeat(199)}`],
  ];
  for (const [method, path, message] of rows) {
    const { body, status } = errorAnswer('ROUTE_NOT_FOUND', { method, path, isMatrix: false });
    t.equal(status, 404, `${message}: status`);
    t.same(JSON.parse(body.toString()), { error: 'Not Found', message }, message);
  }
});

await t.test('a path that nothing serves is not named to a Matrix client', async (t) => {
  const { body } = errorAnswer('ROUTE_NOT_FOUND', { method: 'GET', path: '/_matrix/x', isMatrix: true });
  t.same(JSON.parse(body.toString()), { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' });
});

await t.test('a head that could not be read has neither method nor path, and an answer anyway', async (t) => {
  const { body } = errorAnswer('REQUEST_MALFORMED', { method: undefined, path: undefined, isMatrix: false });
  const error = errorEntry('REQUEST_MALFORMED').text;
  t.same(JSON.parse(body.toString()), { error, code: 'REQUEST_MALFORMED' });
});

await t.test('Retry-After stands where trying again can help, and nowhere else', async (t) => {
  for (const code of CODES) {
    const { retryAfterSeconds, status } = errorEntry(code);
    const said = field(
      errorAnswer(code, { method: 'GET', path: undefined, isMatrix: true }).headers,
      'retry-after',
    );
    t.equal(said, retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds), code);
    if ([429, 502, 503, 504].includes(status)) t.ok(said, `${code} is an answer to come back after`);
  }
});

await t.test('M_LIMIT_EXCEEDED says in milliseconds when to come back', async (t) => {
  for (const code of CODES) {
    const { errcode, retryAfterSeconds = 0 } = errorEntry(code);
    const { body: json } = errorAnswer(code, { method: 'GET', path: undefined, isMatrix: true });
    const body = JSON.parse(json.toString()) as { retry_after_ms?: unknown };
    t.equal(
      body.retry_after_ms,
      errcode === 'M_LIMIT_EXCEEDED' ? retryAfterSeconds * 1000 : undefined,
      `${code}: ${errcode}`,
    );
  }
});

await t.test('a method that is not allowed names those that are', async (t) => {
  const answer = errorAnswer('METHOD_NOT_ALLOWED', {
    method: 'GET',
    path: '/call-config.json',
    isMatrix: false,
  });
  t.equal(field(answer.headers, 'allow'), 'GET, HEAD, OPTIONS');
});

await t.test('no header name stands twice, and framing is left to whoever sends', async (t) => {
  for (const code of CODES) {
    const { headers } = errorAnswer(code, { method: 'GET', path: '/', isMatrix: true });
    const names = headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    t.equal(new Set(names).size, names.length, `${code} has each name once`);
    for (const name of ['content-length', 'transfer-encoding', 'connection']) {
      t.notOk(names.includes(name), `${code} has no ${name}`);
    }
  }
});

await t.test('an answer to a Matrix client repeats nothing of the request', async (t) => {
  const asked = { method: 'GET', path: '/_matrix/CANARY<script>\r\nX-Evil: 1', isMatrix: true };
  for (const code of CODES) {
    const { headers, body } = errorAnswer(code, asked);
    t.notMatch(`${headers.join('\n')}${body.toString()}`, /CANARY|script|X-Evil/, code);
  }
});
