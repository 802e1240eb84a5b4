// What the upstream of the lane tests says, by the name that stands in the target (`?answer=chunked`): answers in every
// framing that there is, and such as no honest server gives. Data; origin.ts writes them.

/** Ends the connection, orderly or with a reset, or leaves it open without a further byte. */
export interface Ending {
  readonly atLast: 'end' | 'reset' | 'hold';
}

/** Texts are written as latin1 one after another, each on its own turn of the event loop. */
export type Script = readonly (string | { readonly repeat: string; readonly times: number } | Ending)[];

export interface Answer {
  /** Up to and with the empty line; all that is said to a HEAD. */
  readonly head: string;
  readonly body?: Script;
  /** Whether it comes as soon as the head of the request is there. */
  readonly isEarly?: boolean;
  /** What becomes of a connection that has carried an answer before, in place of this one. */
  readonly whenReused?: Ending;
  /** Interim answers, or anything else that comes before the head. */
  readonly before?: string;
}

const END: Ending = { atLast: 'end' };
const RESET: Ending = { atLast: 'reset' };
const HOLD: Ending = { atLast: 'hold' };

const OK = 'HTTP/1.1 200 OK\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';

function whole(headers: string, body: string, statusLine = OK): Answer {
  return { head: `${statusLine}${headers}Content-Length: ${body.length}\r\n\r\n`, body: [body] };
}

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

export const DEFAULT_ANSWER = whole(JSON_TYPE, '{"ok":true}');

export const ANSWERS: Readonly<Record<string, Answer>> = {
  // Framing by length.
  empty: whole('', ''),
  one: whole('', 'x'),
  binary: whole('Content-Type: application/octet-stream\r\n', '\0\xff\r\n\r\n\x80'),
  large: { head: `${OK}Content-Length: 262144\r\n\r\n`, body: [{ repeat: 'y'.repeat(4_096), times: 64 }] },
  split: {
    head: `${OK}Content-Length: 6\r\n\r\n`,
    body: ['a', 'b', 'c', 'd', 'e', 'f'],
  },
  // Framing by chunks.
  chunked: { head: CHUNKED, body: [`${chunk('hello')}${chunk(' world')}0\r\n\r\n`] },
  'chunked-slowly': { head: CHUNKED, body: ['5', '\r\nhel', 'lo\r', '\n0\r\n', '\r\n'] },
  'chunked-empty': { head: CHUNKED, body: ['0\r\n\r\n'] },
  'chunked-large': {
    head: CHUNKED,
    body: [{ repeat: chunk('z'.repeat(3_000)), times: 40 }, '0\r\n\r\n'],
  },
  'chunked-trailers': { head: CHUNKED, body: [`${chunk('abc')}0\r\nX-Sum: 1\r\nSet-Cookie: t=1\r\n\r\n`] },
  'chunked-extension': { head: CHUNKED, body: ['3;a=b\r\nabc\r\n0;c\r\n\r\n'] },
  'chunked-zeros': { head: CHUNKED, body: ['0003\r\nabc\r\n000\r\n\r\n'] },
  'chunked-in-the-middle': {
    head: `${OK}X-A: a\r\nTransfer-Encoding: chunked\r\nX-B: b\r\n\r\n`,
    body: [`${chunk('abc')}0\r\n\r\n`],
  },
  'chunked-capitals': {
    head: `${OK}TRANSFER-ENCODING: CHUNKED\r\n\r\n`,
    body: ['A\r\n0123456789\r\n0\r\n\r\n'],
  },
  'chunked-closes': {
    head: `${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    body: [`${chunk('abc')}0\r\n\r\n`, END],
  },
  // Framing by the end of the connection, and the old protocol.
  'until-close': { head: `${OK}${JSON_TYPE}\r\n`, body: ['{"until":', '"close"}', END] },
  'until-close-said': { head: `${OK}Connection: close\r\n\r\n`, body: ['bye', END] },
  'until-close-empty': { head: `${OK}\r\n`, body: [END] },
  'until-close-large': { head: `${OK}\r\n`, body: [{ repeat: 'w'.repeat(5_000), times: 30 }, END] },
  'http10-length': { head: 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n', body: ['old', END] },
  'http10-close': { head: 'HTTP/1.0 200 OK\r\n\r\n', body: ['older', END] },
  'http10-kept': {
    head: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n',
    body: ['old'],
  },
  'closes-after': { head: `${OK}Connection: close\r\nContent-Length: 2\r\n\r\n`, body: ['ok', END] },
  // No body by their nature.
  '204': { head: 'HTTP/1.1 204 No Content\r\nETag: "e"\r\n\r\n' },
  '204-length': { head: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' },
  '304': { head: 'HTTP/1.1 304 Not Modified\r\nETag: "e"\r\n\r\n' },
  '304-length': { head: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n' },
  '304-chunked': { head: 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n' },
  '205': { head: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n' },
  // Other statuses.
  '201': whole('Location: /x\r\n', '{}', 'HTTP/1.1 201 Created\r\n'),
  '302': whole('Location: https://a.test/?b=c#d\r\n', '', 'HTTP/1.1 302 Found\r\n'),
  '401': whole(
    JSON_TYPE,
    '{"errcode":"M_UNKNOWN_TOKEN","error":"no","soft_logout":false}',
    'HTTP/1.1 401 Unauthorized\r\n',
  ),
  '404': whole(JSON_TYPE, '{"errcode":"M_UNRECOGNIZED"}', 'HTTP/1.1 404 Not Found\r\n'),
  '429': whole(
    `${JSON_TYPE}Retry-After: 1\r\n`,
    '{"errcode":"M_LIMIT_EXCEEDED"}',
    'HTTP/1.1 429 Too Many Requests\r\n',
  ),
  '500': whole(JSON_TYPE, '{"errcode":"M_UNKNOWN"}', 'HTTP/1.1 500 Internal Server Error\r\n'),
  '418': whole('', 'tea', 'HTTP/1.1 418 Short and stout\r\n'),
  '599': whole('', 'x', 'HTTP/1.1 599 \r\n'),
  'no-reason': whole('', 'x', 'HTTP/1.1 200\r\n'),
  'reason-latin1': whole('', 'x', 'HTTP/1.1 200 caf\xe9\r\n'),
  'reason-long': whole('', 'x', `HTTP/1.1 200 ${'why '.repeat(50)}\r\n`),
  'reason-tab': whole('', 'x', 'HTTP/1.1 200 a\tb\r\n'),
  // Header fields.
  duplicates: whole(
    'Set-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nX-A: 2\r\nVary: a\r\nVary: b\r\n',
    'dup',
  ),
  spellings: whole(
    'x-lower: 1\r\nX-UPPER: 2\r\nX-Empty:\r\nX-Blank: \r\nx_under: 3\r\n__proto__: 4\r\n',
    'odd',
  ),
  blanks: whole('X-A:   1  \r\nX-B:\t2\t\r\nX-C: a  b\tc\r\n', 'blank'),
  latin1: whole('X-Latin: caf\xe9 \xff\x80\r\nContent-Disposition: inline; filename="\xfc"\r\n', 'latin'),
  dated: whole(
    'Server: Synapse/1.2\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nLast-Modified: yesterday\r\n',
    'dated',
  ),
  'hop-by-hop': whole(
    'Connection: keep-alive, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\nTE: trailers\r\nTrailer: X-Sum\r\nX-Stays: 1\r\n',
    'hops',
  ),
  'connection-odd': whole(
    'Connection: Content-Type, content-length ,, x-b\r\nContent-Type: a/b\r\nX-B: 1\r\n',
    'odd',
  ),
  'connection-twice': whole('Connection: x-a\r\nX-A: 1\r\nConnection: x-b\r\nX-B: 1\r\n', 'twice'),
  'keep-alive-short': whole('Connection: keep-alive\r\nKeep-Alive: timeout=1, max=1\r\n', 'short'),
  'upgrade-offered': whole('Connection: Upgrade\r\nUpgrade: h2c\r\n', 'stay'),
  'many-fields': whole(Array.from({ length: 150 }, (_, i) => `X-${i}: ${i}\r\n`).join(''), 'many'),
  'head-large': whole(`X-Large: ${'h'.repeat(14_000)}\r\n`, 'large'),
  'head-huge': whole(`X-Huge: ${'h'.repeat(100_000)}\r\n`, 'huge'),
  'head-split': { head: 'HTTP/1.1 200 OK\r\nX-A: 1', body: ['\r', '\nContent-Le', 'ngth: 2\r\n\r', '\nok'] },
  cors: whole(
    'Access-Control-Allow-Origin: *\r\naccess-control-allow-headers: X-A, Authorization\r\n',
    'cors',
  ),
  // Interim answers.
  continue: { ...whole('', 'went on'), before: 'HTTP/1.1 100 Continue\r\n\r\n' },
  hints: {
    ...whole('', 'hinted'),
    before: 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n',
  },
  processing: { ...whole('', 'done'), before: 'HTTP/1.1 102 Processing\r\n\r\n' },
  // At another time than after the request.
  early: { ...whole('', 'nope', 'HTTP/1.1 401 Unauthorized\r\n'), isEarly: true },
  'early-large': {
    head: 'HTTP/1.1 413 Too Large\r\nContent-Length: 20000\r\n\r\n',
    body: [{ repeat: 'e'.repeat(1_000), times: 20 }],
    isEarly: true,
  },
  'early-closes': {
    head: 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\n',
    body: ['no', END],
    isEarly: true,
  },
  never: { head: '', body: [HOLD] },
  // Broken off.
  nothing: { head: '', body: [END] },
  'nothing-reset': { head: '', body: [RESET] },
  'head-broken': { head: 'HTTP/1.1 200 OK\r\nContent-Le', body: [END] },
  'head-reset': { head: 'HTTP/1.1 200 OK\r\nContent-Le', body: [RESET] },
  'body-broken': { head: `${OK}Content-Length: 100\r\n\r\n`, body: ['part', END] },
  'body-reset': { head: `${OK}Content-Length: 100\r\n\r\n`, body: ['part', RESET] },
  'chunk-broken': { head: CHUNKED, body: [chunk('part'), END] },
  'chunk-reset': { head: CHUNKED, body: [chunk('part'), RESET] },
  'chunk-mid-reset': { head: CHUNKED, body: ['64\r\npart', RESET] },
  'body-held': { head: `${OK}Content-Length: 100\r\n\r\n`, body: ['part', HOLD] },
  'lost-if-reused': { ...whole('', 'second time'), whenReused: END },
  'reset-if-reused': { ...whole('', 'second time'), whenReused: RESET },
  // Nonsense.
  garbage: { head: 'GARBAGE\r\n\r\n' },
  http2: { head: 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n' },
  'status-short': { head: 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n' },
  'status-long': { head: 'HTTP/1.1 99999 OK\r\n\r\n' },
  'status-low': { head: 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n' },
  'status-high': { head: 'HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n' },
  switching: { head: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n' },
  'two-lengths': { head: `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`, body: ['abc'] },
  'same-lengths': { head: `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, body: ['abc'] },
  'length-list': { head: `${OK}Content-Length: 3, 3\r\n\r\n`, body: ['abc'] },
  'length-and-chunks': {
    head: `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    body: ['3\r\nabc\r\n0\r\n\r\n'],
  },
  'length-signed': { head: `${OK}Content-Length: +3\r\n\r\n`, body: ['abc'] },
  'length-hex': { head: `${OK}Content-Length: 0x3\r\n\r\n`, body: ['abc'] },
  'length-empty': { head: `${OK}Content-Length:\r\n\r\n`, body: ['abc'] },
  'length-zeros': { head: `${OK}Content-Length: 003\r\n\r\n`, body: ['abc'] },
  'length-vast': { head: `${OK}Content-Length: 99999999999999999999\r\n\r\n`, body: ['abc'] },
  'coding-gzip': { head: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  'coding-unknown': { head: `${OK}Transfer-Encoding: identity\r\n\r\n`, body: ['abc', END] },
  'chunk-garbage': { head: CHUNKED, body: [chunk('part'), 'zz\r\n'] },
  'chunk-signed': { head: CHUNKED, body: ['+3\r\nabc\r\n0\r\n\r\n'] },
  'chunk-bare-lf': { head: CHUNKED, body: ['3\nabc\n0\n\n'] },
  'chunk-long': { head: CHUNKED, body: ['3\r\nabcdef\r\n0\r\n\r\n'] },
  'field-folded': { head: `${OK}X-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-no-colon': { head: `${OK}XA 1\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-blank-name': { head: `${OK}X-A : 1\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-nul': { head: `${OK}X-A: a\0b\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-control': { head: `${OK}X-A: a\x01b\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-delete': { head: `${OK}X-A: a\x7fb\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-bare-cr': { head: `${OK}X-A: a\rb\r\nContent-Length: 2\r\n\r\n`, body: ['ok'] },
  'field-bare-lf': { head: 'HTTP/1.1 200 OK\nContent-Length: 2\n\n', body: ['ok'] },
  'lines-before': { head: `\r\n\r\n${OK}Content-Length: 2\r\n\r\n`, body: ['ok'] },
  poison: {
    head: `${OK}Content-Length: 4\r\n\r\n`,
    body: ['mineHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
  },
  'poison-later': {
    head: `${OK}Content-Length: 4\r\n\r\n`,
    body: ['mine', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
  },
  'poison-204': { head: 'HTTP/1.1 204 No Content\r\n\r\nbody where none may be' },
};

/** More than a connection holds that is not read. */
const VAST: Answer = {
  head: `${OK}Content-Length: 16777216\r\n\r\n`,
  body: [{ repeat: 'v'.repeat(65_536), times: 256 }],
};

/** All but the vast one, which is for a test of its own. */
export const ANSWER_NAMES: readonly string[] = Object.keys(ANSWERS);

/** The answer that a target asks for. */
export function answerTo(target: string): Answer {
  const name = /[?&]answer=([a-z0-9-]+)/.exec(target)?.[1] ?? '';
  if (name === 'vast') return VAST;
  return Object.hasOwn(ANSWERS, name) ? (ANSWERS[name] ?? DEFAULT_ANSWER) : DEFAULT_ANSWER;
}

/**
 * By which a connection is lost before any answer. On one that was used before, the request is sent again; which requests
 * share a connection is a lane's own business.
 */
export const LOSING_ANSWERS: readonly string[] = [
  'continue',
  'switching',
  'nothing',
  'nothing-reset',
  'head-broken',
  'head-reset',
  'lost-if-reused',
  'reset-if-reused',
];
