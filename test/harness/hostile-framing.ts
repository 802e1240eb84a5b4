// Requests that can be read in more than one way, or in none, and the status by which each is refused (threat cases A01 to
// A27): raw bytes as latin1. Data; who sends them, and what must not happen then, is the test's.

export const H = 'Host: portico.test\r\n';
export const P = '/_matrix/client/v3/x';

export const post = (headers: string, body = ''): string => `POST ${P} HTTP/1.1\r\n${H}${headers}\r\n${body}`;
export const get = (headers: string): string => `GET ${P} HTTP/1.1\r\n${H}${headers}\r\n`;
const target = (text: string): string => `GET ${text} HTTP/1.1\r\n${H}\r\n`;

/** Name, bytes, expected status. */
export const REFUSED: readonly (readonly [string, string, number])[] = [
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
