// Which request heads are plain, and every way in which one is not: a single byte makes the difference.

import t from 'tap';

import { readPlainFields, readPlainHead } from '../../../src/splice/request-head.ts';

const MAX_BYTES = 16_384;
const TARGET = '/_matrix/client/v3/sync?since=s1';
const LINES = 'Host: gateway.test\r\nAccept: */*\r\n';

function read(text: string, maxBytes = MAX_BYTES) {
  const head = readPlainHead(Buffer.from(text, 'latin1'), maxBytes);
  if (head === undefined) return undefined;
  const { method, target, bytes } = head;
  return { method, target, fieldLines: head.text.slice(head.fieldsAt, head.fieldsEnd), bytes };
}

await t.test('a plain head is cut into its parts, and counted with its empty line', async (t) => {
  const head = `GET ${TARGET} HTTP/1.1\r\n${LINES}\r\n`;
  const expected = { method: 'GET', target: TARGET, fieldLines: LINES, bytes: head.length };
  t.same(read(head), expected, 'alone');
  t.same(read(`${head}{"a":1}`), expected, 'with what follows it');
  t.same(read(`${head}${head}`), expected, 'with another behind it');
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
    t.equal(read(`${method} / HTTP/1.1\r\n${LINES}\r\n`)?.method, method, method);
});

await t.test('a start line that is anything else is not plain', async (t) => {
  const rows: readonly [startLine: string, why: string][] = [
    ['HEAD / HTTP/1.1', 'an answer without a body'],
    ['PATCH / HTTP/1.1', 'another method'],
    ['CONNECT gateway.test:443 HTTP/1.1', 'a tunnel'],
    ['get / HTTP/1.1', 'a method in small letters'],
    ['GETS / HTTP/1.1', 'a method with a letter more'],
    [' GET / HTTP/1.1', 'a blank before it'],
    ['\r\nGET / HTTP/1.1', 'an empty line before it'],
    ['GET  / HTTP/1.1', 'two blanks'],
    ['GET\t/ HTTP/1.1', 'a tab'],
    ['GET / HTTP/1.1 ', 'a blank behind it'],
    ['GET /  HTTP/1.1', 'two blanks behind the target'],
    ['GET /a b HTTP/1.1', 'a blank in the target'],
    ['GET / HTTP/1.0', 'an older version'],
    ['GET / HTTP/2.0', 'a newer version'],
    ['GET / http/1.1', 'the version in small letters'],
    ['GET / HTTP/1.10', 'a digit more'],
    ['GET /', 'no version'],
    ['GET HTTP/1.1', 'no target'],
    ['GET * HTTP/1.1', 'asterisk form'],
    ['GET http://gateway.test/ HTTP/1.1', 'absolute form'],
    ['GET a/ HTTP/1.1', 'no leading slash'],
    ['GET /\x7f HTTP/1.1', 'DEL'],
    ['GET /\xe4 HTTP/1.1', 'a byte beyond ASCII'],
    ['GET /\0 HTTP/1.1', 'NUL'],
    ['GET /\n HTTP/1.1', 'a bare line feed'],
    ['GET /\r HTTP/1.1', 'a bare carriage return'],
    ['GET / HTTP/1.1\n', 'a line feed too many'],
    ['GET / HTTP/1.1\nHost: other.test', 'a line that ends in a bare line feed'],
    ['', 'nothing'],
  ];
  for (const [startLine, why] of rows) t.equal(read(`${startLine}\r\n${LINES}\r\n`), undefined, why);
});

await t.test('a head is plain only if it is there as a whole', async (t) => {
  const head = `GET ${TARGET} HTTP/1.1\r\n${LINES}\r\n`;
  for (let length = 0; length < head.length; length += 1)
    t.equal(read(head.slice(0, length)), undefined, `its first ${length} bytes`);
});

await t.test('a head of as many bytes as are allowed is read, and a longer one is not', async (t) => {
  const head = `GET ${TARGET} HTTP/1.1\r\n${LINES}\r\n`;
  t.equal(read(head, head.length)?.bytes, head.length, 'exactly as many');
  t.equal(read(head, head.length - 1), undefined, 'one more');
  t.equal(
    read(`${head}${'x'.repeat(MAX_BYTES)}`, head.length)?.bytes,
    head.length,
    'what follows is no part',
  );
});

await t.test('the names and values of plain lines are kept in their order and spelling', async (t) => {
  const lines = "Host: a\r\naccept: b  c\r\nAccept: d:e: f\r\nX!#$%&'*+.^_`|~0: ~\r\n";
  t.same(readPlainFields(lines), [
    'Host',
    'a',
    'accept',
    'b  c',
    'Accept',
    'd:e: f',
    "X!#$%&'*+.^_`|~0",
    '~',
  ]);
  t.same(readPlainFields('__proto__: x\r\nconstructor: y\r\n'), ['__proto__', 'x', 'constructor', 'y']);
  t.same(
    readPlainFields('CONNECTION: Keep-Alive\r\n'),
    ['CONNECTION', 'Keep-Alive'],
    'which says nothing new',
  );
});

await t.test('a line that a reader could take for something else is not plain', async (t) => {
  const rows: readonly [line: string, why: string][] = [
    ['X-A:1', 'no blank'],
    ['X-A:  1', 'two blanks'],
    ['X-A:\t1', 'a tab'],
    ['X-A: 1 ', 'a blank at the end'],
    ['X-A: 1\t', 'a tab at the end'],
    ['X-A: a\tb', 'a tab within'],
    ['X-A: ', 'an empty value'],
    ['X-A:', 'an empty value without a blank'],
    ['X-A : 1', 'a blank before the colon'],
    [' X-A: 1', 'a blank before the name, which continues the line before'],
    ['\tX-A: 1', 'a tab before the name'],
    [': 1', 'no name'],
    ['X-A', 'no colon'],
    ['X(A): 1', 'a name with a separator'],
    ['X-\xe4: 1', 'a name beyond ASCII'],
    ['X-A: \xe4', 'a value beyond ASCII'],
    ['X-A: \x7f', 'DEL'],
    ['X-A: \0', 'NUL'],
    ['X-A: a\nX-B: b', 'a bare line feed'],
    ['X-A: a\rX-B: b', 'a bare carriage return'],
    ['X-A: a\n', 'a line feed at its end'],
    ['X-A: a\r', 'a carriage return at its end'],
    ['', 'an empty line'],
  ];
  for (const [line, why] of rows) {
    t.equal(readPlainFields(`${line}\r\n`), undefined, `${why}, alone`);
    t.equal(readPlainFields(`Host: a\r\n${line}\r\nAccept: b\r\n`), undefined, `${why}, among others`);
  }
  t.equal(readPlainFields(''), undefined, 'no line at all');
  t.equal(readPlainFields('Host: a'), undefined, 'a line without its end');
});

await t.test('fields that ask for more than an answer are not plain', async (t) => {
  const lines = [
    'Connection: close',
    'Connection: keep-alive, X-A',
    'Connection: keep-alive,',
    'Connection: upgrade',
    'Connection: keep-alivex',
    'Expect: 100-continue',
    'Transfer-Encoding: chunked',
    'Upgrade: websocket',
    'Trailer: X-Sum',
    'TE: trailers',
    'HTTP2-Settings: AAMAAABkAAQ',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
  ];
  for (const line of lines) {
    for (const spelled of [line, line.toLowerCase(), line.toUpperCase()]) {
      t.equal(readPlainFields(`${spelled}\r\n`), undefined, spelled);
      t.equal(readPlainFields(`Host: a\r\n${spelled}\r\nX-A: b\r\n`), undefined, `${spelled} among others`);
    }
  }
  for (const line of ['X-Expect: a', 'Upgrade-Insecure-Requests: 1', 'X-TE: a', 'TEA: a', 'X-A: upgrade: b'])
    t.ok(readPlainFields(`${line}\r\n`), `${line} only looks like one`);
});

await t.test('the longest head that is not plain is seen without delay', async (t) => {
  const values = [' '.repeat(16_000), 'a '.repeat(8_000), 'a: '.repeat(5_000), '!\r'.repeat(8_000)];
  const heads = values.flatMap((value) => [`X-A: a${value}\r\n`, `X-A: a${value}b\r\n\0`, `${value}\r\n`]);
  heads.push('X-A: 1\r\n'.repeat(2_000), `${'X-A: 1\r\n'.repeat(2_000)}\0`, 'a'.repeat(16_000));
  for (const head of heads) {
    const before = process.cpuUsage();
    read(`GET / HTTP/1.1\r\n${head}\r\n`);
    readPlainFields(head);
    const usedMs = process.cpuUsage(before).user / 1000;
    t.ok(usedMs < 500, `${JSON.stringify(head.slice(0, 12))} took ${usedMs} ms`);
  }
});
