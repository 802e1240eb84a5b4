// The head of an answer: what is passed on of it, where its body ends, whether the connection lives on, and what is no
// head at all.

import t from 'tap';

import {
  isNoHead,
  readAnswerHead,
  type AnswerBody,
  type AnswerHead,
} from '../../../src/splice/answer-head.ts';
import { readPlainAnswer } from '../../../src/splice/plain-answer.ts';

/** As a connection reads it: in the quick way, if its form is the plain one. */
function readHead(text: string): AnswerHead | undefined {
  return readPlainAnswer(Buffer.from(`${text}\r\n`, 'latin1')) ?? readAnswerHead(text);
}

function read(...lines: readonly string[]) {
  const head = readHead(lines.map((line) => `${line}\r\n`).join(''));
  if (head === undefined) return undefined;
  const passedOn = head.lines.toString('latin1');
  const statusLineEnd = passedOn.indexOf('\r\n');
  const fieldLines = passedOn.slice(statusLineEnd + 2);
  return { ...head, reason: passedOn.slice('HTTP/1.1 200 '.length, statusLineEnd), fieldLines };
}

function bodyOf(status: number, ...fields: readonly string[]): AnswerBody | undefined {
  return read(`HTTP/1.1 ${status} Whatever`, ...fields)?.body;
}

await t.test('an ordinary answer is read, and its lines are passed on as they are', async (t) => {
  const lines = 'Server: Synapse\r\nDate: now\r\nContent-Type: application/json\r\nContent-Length: 42\r\n';
  const text = `HTTP/1.1 200 OK\r\n${lines}`;
  t.same(readHead(text), {
    status: 200,
    lines: Buffer.from(text),
    bytes: text.length + 2,
    body: { kind: 'length', bytes: 42 },
    isLast: false,
  });
});

await t.test('fields of one hop are taken out, and so are those that Connection names', async (t) => {
  const hopByHop = [
    'Connection: keep-alive, X-Own',
    'Keep-Alive: timeout=60',
    'Proxy-Connection: keep-alive',
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: Basic a',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: h2c',
    'HTTP2-Settings: a',
    'X-OWN: a',
  ];
  const head = read('HTTP/1.1 200 OK', 'X-A: a', ...hopByHop, 'content-length: 3', 'X-B: b');
  t.equal(head?.fieldLines, 'X-A: a\r\ncontent-length: 3\r\nX-B: b\r\n', 'together');
  for (const line of hopByHop.slice(0, -1)) {
    const alone = read('HTTP/1.1 200 OK', 'Content-Length: 3', line.toUpperCase(), 'X-B: b');
    t.equal(alone?.fieldLines, 'Content-Length: 3\r\nX-B: b\r\n', line);
  }
  const lookalike = 'X-Connection: a\r\nContent-Length: 3\r\nX-A: te: trailers\r\n';
  t.equal(
    read('HTTP/1.1 200 OK', ...lookalike.split('\r\n').slice(0, -1))?.fieldLines,
    lookalike,
    'others are left alone',
  );
});

await t.test(
  'the end of a body is found by its length, its chunks, or the end of the connection',
  async (t) => {
    t.same(bodyOf(200, 'Content-Length: 0'), { kind: 'length', bytes: 0 });
    t.same(bodyOf(200, 'CONTENT-LENGTH: 007'), { kind: 'length', bytes: 7 });
    t.same(bodyOf(200, `Content-Length: ${'9'.repeat(15)}`), { kind: 'length', bytes: 999_999_999_999_999 });
    t.same(bodyOf(200, 'Transfer-Encoding: chunked'), { kind: 'chunked' });
    t.same(bodyOf(200, 'transfer-encoding:CHUNKED'), { kind: 'chunked' });
    t.same(bodyOf(200), { kind: 'until-close' }, 'nothing said');
    t.same(bodyOf(200, 'X-A: a'), { kind: 'until-close' }, 'nothing of it said');
    for (const status of [100, 101, 103, 199, 204, 304]) {
      for (const field of ['X-A: a', 'Content-Length: 5', 'Transfer-Encoding: chunked'])
        t.same(bodyOf(status, field), { kind: 'length', bytes: 0 }, `a ${status} has no body, with ${field}`);
    }
    for (const status of [200, 201, 205, 301, 404, 500, 999])
      t.same(bodyOf(status, 'Content-Length: 5'), { kind: 'length', bytes: 5 }, `a ${status} has one`);
  },
);

await t.test('an answer whose end could be found in two ways is none', async (t) => {
  const rows: readonly [fields: readonly string[], why: string][] = [
    [['Content-Length: 5', 'Content-Length: 6'], 'two lengths'],
    [['Content-Length: 5', 'content-length: 5'], 'the same length twice'],
    [['Content-Length: 5', 'X-A: a', 'Content-Length: five'], 'a length, then one that is none'],
    [['Content-Length: five', 'X-A: a', 'Content-Length: 5'], 'the other way round'],
    [['Content-Length: 5', 'Content-Length:6'], 'the second one without a blank'],
    [['Content-Length: 5', 'Content-Length:'], 'the second one empty'],
    [['Content-Length: 5, 5'], 'a list'],
    [['Content-Length: +5'], 'a sign'],
    [['Content-Length: -5'], 'a negative length'],
    [['Content-Length: 0x5'], 'hex'],
    [['Content-Length: 5 5'], 'two in one'],
    [['Content-Length: '], 'an empty length'],
    [[`Content-Length: ${'1'.repeat(16)}`], 'more than can be counted'],
    [['Content-Length: 5', 'Transfer-Encoding: chunked'], 'a length and chunks'],
    [['Transfer-Encoding: chunked', 'Content-Length: 0'], 'chunks and a length'],
    [['Transfer-Encoding: gzip, chunked'], 'another coding below the chunks'],
    [['Transfer-Encoding: gzip'], 'another coding'],
    [['Transfer-Encoding: identity'], 'no coding, said'],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 'chunked twice'],
    [['Transfer-Encoding: '], 'an empty coding'],
  ];
  for (const [fields, why] of rows) t.equal(read('HTTP/1.1 200 OK', ...fields), undefined, why);
});

await t.test('the connection lives on unless the answer ends it, or is one of an old version', async (t) => {
  const rows: readonly [version: string, connection: string | undefined, isLast: boolean][] = [
    ['1.1', undefined, false],
    ['1.1', 'keep-alive', false],
    ['1.1', 'close', true],
    ['1.1', 'CLOSE', true],
    ['1.1', 'X-A, close', true],
    ['1.1', 'close , X-A', true],
    ['1.1', 'closed', false],
    ['1.1', 'not-close', false],
    ['1.0', undefined, true],
    ['1.0', 'keep-alive', false],
    ['1.0', 'X-A,\tKeep-Alive', false],
    ['1.0', 'keep-alive, close', true],
    ['0.9', undefined, true],
    ['2.0', undefined, true],
  ];
  for (const [version, connection, isLast] of rows) {
    const fields = connection === undefined ? [] : [`Connection: ${connection}`];
    const head = read(`HTTP/${version} 200 OK`, 'Content-Length: 0', ...fields);
    t.equal(head?.isLast, isLast, `HTTP/${version}, ${connection}`);
  }
  t.equal(
    read('HTTP/1.1 200 OK', 'Connection: a', 'Connection: close')?.isLast,
    true,
    'nothing said of the end',
  );
  t.equal(
    read('HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: a', 'Connection: close')?.isLast,
    true,
    'in the second of two lines',
  );
  t.equal(read('HTTP/1.1 200 OK', 'X-A: a')?.isLast, true, 'an answer that ends with its connection');
});

await t.test('a reason is passed on if a client can be told it', async (t) => {
  const rows: readonly [says: string, reason: string | undefined][] = [
    ['HTTP/1.1 200 OK', 'OK'],
    ['HTTP/1.1 200 All is well', 'All is well'],
    ['HTTP/1.1 200 ', ''],
    ['HTTP/1.1 200', ''],
    ['HTTP/1.1 200 a\tb', 'a\tb'],
    ['HTTP/1.1 200 \xe4', ''],
    ['HTTP/1.1 200OK', undefined],
    ['HTTP/1.1 200 \x7f', undefined],
    ['HTTP/1.1 200 a\0', undefined],
    ['HTTP/1.1 200 a\rb', undefined],
  ];
  for (const [statusLine, reason] of rows)
    t.equal(read(statusLine, 'Content-Length: 0')?.reason, reason, JSON.stringify(statusLine));
});

await t.test('what has no status line, or a line that is no field, is no head', async (t) => {
  const statusLines = [
    '',
    'HTTP/1.1',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1  200 OK',
  ];
  statusLines.push('HTTP/1.2 200 OK', 'HTTP/3.0 200 OK', 'http/1.1 200 OK', ' HTTP/1.1 200 OK', 'ICY 200 OK');
  statusLines.push('HTTP/1.1 2x0 OK', 'GET / HTTP/1.1', 'HTTP/1.1 -20 OK', 'HTTP/1.1\t200 OK');
  for (const line of statusLines) t.equal(read(line, 'Content-Length: 0'), undefined, JSON.stringify(line));
  const fields = ['no colon', 'X-A : a', ' X-A: a', '\tX-A: a', ': a', 'X(A): a', 'X-\xe4: a', 'X-A: a\0'];
  fields.push('X-A: a\x7f', 'X-A: a\rb', 'X-A: a\nb', 'X-A: \x01');
  for (const line of fields)
    t.equal(read('HTTP/1.1 200 OK', 'Content-Length: 0', line, 'X-B: b'), undefined, JSON.stringify(line));
  t.equal(
    read('HTTP/1.1 200 OK', 'Content-Length: 0', 'X-A:\ta\xe4b \t', 'X-B:')?.fieldLines,
    'Content-Length: 0\r\nX-A: a\xe4b\r\nX-B: \r\n',
    'blanks around a value are none of it',
  );
});

await t.test('the beginning of a head is told from what will never be one', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nX-A: a\r\n';
  for (let length = 0; length <= head.length; length += 1)
    t.notOk(isNoHead(head.slice(0, length)), `the first ${length} bytes of one`);
  for (const text of [
    '\n',
    'X',
    'HTTP:',
    'http/',
    '<html>',
    `${head}a\n`,
    `${head}a\rb`,
    'HTTP/1.1 200 OK\n',
    '\0',
  ])
    t.ok(isNoHead(text), JSON.stringify(text));
  t.ok(isNoHead('HTTP/1.1 200 OK\r\r'), 'a carriage return before another');
  t.notOk(isNoHead('\r'), 'half of an empty line before one');
});

await t.test('the longest head that is none is seen without delay', async (t) => {
  const values = [' '.repeat(16_000), '\t '.repeat(8_000), 'a '.repeat(8_000), 'a'.repeat(16_000)];
  for (const value of values) {
    for (const line of [`X-A:${value}\0`, `X-A: a${value}\0`, value, `${value}:`]) {
      const before = process.cpuUsage();
      read('HTTP/1.1 200 OK', 'Content-Length: 0', line);
      const usedMs = process.cpuUsage(before).user / 1000;
      t.ok(usedMs < 100, `${JSON.stringify(line.slice(0, 8))} took ${usedMs} ms`);
    }
  }
});
