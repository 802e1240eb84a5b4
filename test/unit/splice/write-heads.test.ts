// The text of heads, byte by byte: of requests for Synapse, of its answers, of answers of our own.

import t from 'tap';

import { preflightAnswer } from '../../../src/http/preflight.ts';
import { readAnswerHead } from '../../../src/splice/answer-head.ts';
import {
  answerHeadEnd,
  answerLines,
  answerSetting,
  answerText,
  forwardedFieldLines,
  requestHeadText,
  type AnswerSetting,
} from '../../../src/splice/write-heads.ts';
import { headOf, type HeadParts } from '../../harness/heads.ts';
import { passageOf } from './exchanges.ts';

const OWN_LINES =
  'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: gateway.test\r\nX-Request-Id: ';
const KEEP = 'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n';
const PLAIN = answerSetting(75_000, undefined);
const STRICT = answerSetting(75_000, 'max-age=1');
const NOW_MS = 1_700_000_000_000;
const DATE = 'Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n';

function forwarded(headers: readonly string[], host = 'gateway.test'): string {
  return forwardedFieldLines(headOf({ headers: ['Host', host, ...headers] }), passageOf().client);
}

function requestHead(parts: HeadParts): string {
  const lines = 'host: gateway.test\r\nX-A: a\r\nX-Request-Id: ';
  return requestHeadText(passageOf(parts), `${parts.method} ${parts.target} HTTP/1.1\r\n`, lines);
}

function answerHead(fieldLines: string, closes: boolean, setting: AnswerSetting): string {
  const head = readAnswerHead(`HTTP/1.1 200 OK\r\n${fieldLines}`);
  if (head === undefined) throw new Error('the head of this test is none');
  return Buffer.concat([answerLines(head, setting), answerHeadEnd(head, closes, setting)]).toString('latin1');
}

await t.test('Synapse gets the lines of the client in their order, and ours behind them', async (t) => {
  t.equal(
    forwarded(['accept', '*/*', 'X-A', 'a', 'X-A', 'b']),
    `host: gateway.test\r\nconnection: keep-alive\r\naccept: */*\r\nX-A: a\r\nX-A: b\r\n${OWN_LINES}`,
  );
  t.equal(
    forwarded([], 'gateway.test:8008'),
    `host: gateway.test:8008\r\nconnection: keep-alive\r\n${OWN_LINES}`,
    'the Host as it came',
  );
});

await t.test('what a client may not say, or is said in another place, is not among them', async (t) => {
  const dropped = ['Connection', 'keep-alive', 'X-Forwarded-For', '6.6.6.6', 'x_forwarded_host', 'evil'];
  dropped.push(
    'CONTENT-LENGTH',
    '2',
    'X-Request-Id',
    'mine',
    'Forwarded',
    'for=6.6.6.6',
    'Proxy-Authorization',
    'a',
  );
  t.equal(
    forwarded(['X-A', 'a', ...dropped, 'X-B', 'b']),
    `host: gateway.test\r\nconnection: keep-alive\r\nX-A: a\r\nX-B: b\r\n${OWN_LINES}`,
  );
});

await t.test('the head of a request says how long its body is, where it may have one', async (t) => {
  const rows: readonly [parts: HeadParts, framing: string][] = [
    [{ method: 'GET' }, ''],
    [{ method: 'DELETE' }, ''],
    [{ method: 'POST' }, 'content-length: 0\r\n'],
    [{ method: 'PUT' }, 'content-length: 0\r\n'],
    [{ method: 'POST', headers: ['Content-Length', '0'] }, 'content-length: 0\r\n'],
    [{ method: 'PUT', headers: ['Content-Length', '12'] }, 'content-length: 12\r\n'],
  ];
  for (const [parts, framing] of rows) {
    t.equal(
      requestHead({ ...parts, target: '/_matrix/a?b' }),
      `${parts.method} /_matrix/a?b HTTP/1.1\r\nhost: gateway.test\r\nX-A: a\r\nX-Request-Id: id-1\r\n${framing}\r\n`,
      JSON.stringify(parts),
    );
  }
});

await t.test('an answer keeps its lines, and says whether the connection stays', async (t) => {
  const lines = 'Server: Synapse\r\nContent-Length: 3\r\n';
  t.equal(
    answerHead(lines, false, PLAIN),
    `HTTP/1.1 200 OK\r\n${lines}Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n`,
  );
  t.equal(answerHead(lines, true, PLAIN), `HTTP/1.1 200 OK\r\n${lines}Connection: close\r\n\r\n`);
});

await t.test('an answer without a length goes on in chunks', async (t) => {
  for (const lines of ['X-A: a\r\nTransfer-Encoding: chunked\r\n', 'X-A: a\r\n']) {
    t.equal(
      answerHead(lines, false, PLAIN),
      `HTTP/1.1 200 OK\r\nX-A: a\r\n${KEEP}Transfer-Encoding: chunked\r\n\r\n`,
    );
  }
});

await t.test('what an answer says of strict transport is replaced by what we say, once', async (t) => {
  const ours = 'Strict-Transport-Security: max-age=1\r\n';
  const rows: readonly [lines: string, kept: string][] = [
    ['Content-Length: 3\r\n', 'Content-Length: 3\r\n'],
    ['Strict-Transport-Security: max-age=9; preload\r\nContent-Length: 3\r\n', 'Content-Length: 3\r\n'],
    ['Content-Length: 3\r\nstrict-transport-security: a\r\nX-A: a\r\n', 'Content-Length: 3\r\nX-A: a\r\n'],
    [
      'STRICT-TRANSPORT-SECURITY: a\r\nStrict-Transport-Security: b\r\nContent-Length: 3\r\n',
      'Content-Length: 3\r\n',
    ],
    [
      'Content-Length: 3\r\nX-Strict-Transport-Security: a\r\n',
      'Content-Length: 3\r\nX-Strict-Transport-Security: a\r\n',
    ],
    ['Content-Length: 3\r\nX-A: strict-transport-security: a\r\n', undefined],
  ].map(([lines = '', kept = lines]) => [lines, kept]);
  for (const [lines, kept] of rows) {
    t.equal(answerHead(lines, false, STRICT), `HTTP/1.1 200 OK\r\n${kept}${ours}${KEEP}\r\n`, lines);
    t.equal(
      answerHead(lines, true, STRICT),
      `HTTP/1.1 200 OK\r\n${kept}Connection: close\r\n${ours}\r\n`,
      'closing',
    );
    t.equal(answerHead(lines, false, PLAIN), `HTTP/1.1 200 OK\r\n${lines}${KEEP}\r\n`, 'without one of ours');
  }
});

await t.test('an answer of our own is whole, with its length and date', async (t) => {
  const answer = { status: 404, headers: ['X-A', 'a'], body: Buffer.from('{"ä":1}'), closes: false };
  const begin = 'HTTP/1.1 404 Not Found\r\nX-A: a\r\nContent-Length: 8\r\n';
  const end = '\r\n{"\xc3\xa4":1}';
  const rows: readonly [closes: boolean, setting: AnswerSetting, lines: string][] = [
    [false, PLAIN, `${DATE}${KEEP}`],
    [true, PLAIN, `Connection: close\r\n${DATE}`],
    [false, STRICT, `Strict-Transport-Security: max-age=1\r\n${DATE}${KEEP}`],
    [true, STRICT, `Connection: close\r\nStrict-Transport-Security: max-age=1\r\n${DATE}`],
  ];
  for (const [closes, setting, lines] of rows)
    t.equal(answerText(answer, closes, NOW_MS, setting), `${begin}${lines}${end}`, lines);
});

await t.test('an answer without a body has no length', async (t) => {
  const text = answerText(preflightAnswer('/_matrix/a'), false, NOW_MS, PLAIN);
  t.match(text, /^HTTP\/1\.1 204 No Content\r\nAccess-Control-Allow-Origin: \*\r\n/);
  t.notMatch(text, /content-length/i);
  t.ok(text.endsWith(`${DATE}${KEEP}\r\n`), 'and ends with its head');
  const empty = answerText(
    { status: 200, headers: [], body: Buffer.alloc(0), closes: false },
    false,
    NOW_MS,
    PLAIN,
  );
  t.equal(empty, `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${DATE}${KEEP}\r\n`, 'one of length 0 says so');
});

await t.test('a client is told how long it may keep its connection, in whole seconds', async (t) => {
  t.equal(
    answerSetting(75_000, undefined).keepAliveLines,
    'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n',
  );
  t.equal(
    answerSetting(5_999, undefined).keepAliveLines,
    'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n',
  );
});
