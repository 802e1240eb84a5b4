// The grammar of request heads, form by form: what is accepted, and by which code everything else is refused.
// What Node's parser refuses before it (bare LF, obs-fold, odd names) needs bytes on a socket and is tested there.

import t from 'tap';

import { isAuthority, MAX_HEADER_LINES, readHead, type BodyFraming } from '../../../src/http/head.ts';
import { corpusTargets } from '../../harness/heads.ts';

const HOST = ['Host', 'gateway.test'];

function read(target: string, rawHeaders: readonly string[] = HOST, method = 'GET', httpVersion = '1.1') {
  const verdict = readHead({ method, target, httpVersion, rawHeaders });
  return 'refused' in verdict ? { refused: verdict.refused, head: undefined } : { refused: '', ...verdict };
}

function headerLines(count: number): string[] {
  return [...HOST, ...Array.from({ length: count - 1 }, (_, i) => [`X-${i}`, '']).flat()];
}

await t.test(
  'a target in origin form is split at its first question mark and otherwise left alone',
  async (t) => {
    const rows: readonly [target: string, path: string, query: string | undefined][] = [
      ['/', '/', undefined],
      ['/?', '/', ''],
      ['/a?b', '/a', 'b'],
      ['/a?b?c', '/a', 'b?c'],
      ['/a??', '/a', '?'],
      ['//a//b/', '//a//b/', undefined],
      ['/a/../b/./c', '/a/../b/./c', undefined],
      ['/%2F%2f%23%25%C3%a4', '/%2F%2f%23%25%C3%a4', undefined],
      ['/a?%zz&100%', '/a', '%zz&100%'],
      ["/!$&'()*+,-.09:;=@AZ[]_az~", "/!$&'()*+,-.09:;=@AZ[]_az~", undefined],
      ['/"<>^`{|}', '/"<>^`{|}', undefined],
      ['/a?"<>^`{|}[]', '/a', '"<>^`{|}[]'],
    ];
    for (const [target, path, query] of rows) {
      const { head } = read(target);
      t.match(head, { target, path }, `${target} has the path ${path}`);
      t.equal(head?.query, query, `${target} has the query ${query}`);
    }
  },
);

await t.test('a target that could be read in two ways is refused', async (t) => {
  const rows: readonly [target: string, why: string][] = [
    ['', 'empty'],
    ['admin', 'no leading slash'],
    ['?a', 'query alone'],
    ['*', 'asterisk form is for OPTIONS'],
    ['/*#', 'fragment after an asterisk'],
    ['gateway.test:443', 'authority form is for CONNECT'],
    ['/a#b', 'fragment in the path'],
    ['/a?b#c', 'fragment in the query'],
    ['/a\\b', 'backslash in the path'],
    ['/a?b\\c', 'backslash in the query'],
    ['\\a', 'backslash in place of the slash'],
    ['/a b', 'blank in the path'],
    ['/a?b c', 'blank in the query'],
    ['/a\tb', 'tab'],
    ['/a\0', 'NUL'],
    ['/a\rb', 'carriage return'],
    ['/a\nb', 'line feed'],
    ['/a?b\nc', 'line feed in the query'],
    ['/a\n', 'line feed at the end, which `$` of a careless pattern lets through'],
    ['/a?b\n', 'line feed at the end of the query'],
    ['/\x7f', 'DEL'],
    ['/\x80', 'a byte beyond ASCII'],
    ['/a?\xff', 'a byte beyond ASCII in the query'],
    ['/%', 'percent with nothing behind it'],
    ['/%2', 'percent with one digit'],
    ['/%2g', 'percent with a letter that is no digit'],
    ['/%%32e', 'percent before a percent'],
    ['/%u002e', 'IIS encoding'],
    ['http:/a', 'absolute form with one slash'],
    ['http:a', 'absolute form with none'],
    ['ftp://gateway.test/', 'another scheme'],
    ['ws://gateway.test/', 'the scheme of WebSockets'],
    ['http://gateway.test/a#b', 'fragment in absolute form'],
    ['http://gateway.test/a\\b', 'backslash in absolute form'],
    ['http://gateway.test/%', 'bad percent-encoding in absolute form'],
  ];
  for (const [target, why] of rows) t.equal(read(target).refused, 'REQUEST_TARGET_INVALID', why);
});

await t.test('an absolute target goes on in origin form, if its authority is the Host', async (t) => {
  const rows: readonly [target: string, host: string, origin: string][] = [
    ['http://gateway.test/a?b', 'gateway.test', '/a?b'],
    ['HTTP://gateway.test/a', 'gateway.test', '/a'],
    ['https://gateway.test/a', 'gateway.test', '/a'],
    ['http://GATEWAY.test/a', 'gateway.TEST', '/a'],
    ['http://gateway.test:8448/a', 'gateway.test:8448', '/a'],
    ['http://[::1]:3000/a', '[::1]:3000', '/a'],
    ['http://gateway.test', 'gateway.test', '/'],
    ['http://gateway.test?x=1', 'gateway.test', '/?x=1'],
    ['http://gateway.test//a', 'gateway.test', '//a'],
    ['http://gateway.test/http://other.test/', 'gateway.test', '/http://other.test/'],
  ];
  for (const [target, host, origin] of rows) {
    t.equal(read(target, ['Host', host]).head?.target, origin, `${target} becomes ${origin}`);
  }
  const refused: readonly [target: string, headers: readonly string[], why: string][] = [
    ['http://other.test/', HOST, 'another host'],
    ['http://gateway.test:80/', HOST, 'a port that Host has not'],
    ['http://gateway.test/', ['Host', 'gateway.test:80'], 'a port that the target has not'],
    ['http://gateway.test./', HOST, 'a trailing dot'],
    ['http://user@gateway.test/', HOST, 'userinfo'],
    ['http://user@gateway.test/', ['Host', 'user@gateway.test'], 'userinfo in both'],
    ['http:///a', HOST, 'an empty authority'],
    ['http://gateway.test/', [], 'no Host'],
    ['http://169.254.169.254/', HOST, 'an address that only the gateway can reach'],
  ];
  for (const [target, headers, why] of refused) {
    t.equal(read(target, headers).refused, 'REQUEST_HOST_INVALID', why);
  }
  const old = read('http://gateway.test/', [], 'GET', '1.0');
  t.equal(old.refused, 'REQUEST_HOST_INVALID', 'HTTP/1.0 with an authority that no Host confirms');
});

await t.test('the asterisk is a target of OPTIONS only', async (t) => {
  t.match(read('*', HOST, 'OPTIONS').head, { target: '*', path: '*' }, 'OPTIONS');
  for (const method of ['GET', 'POST', 'PRI']) {
    t.equal(read('*', HOST, method).refused, 'REQUEST_TARGET_INVALID', method);
  }
});

await t.test('exactly one valid Host is needed', async (t) => {
  const accepted = [
    'gateway.test',
    'GATEWAY.test',
    'gateway.test.',
    'gateway.test:3000',
    'gateway.test:0',
    'gateway.test:65535',
    'localhost',
    '127.0.0.1:8008',
    '[::1]',
    '[2001:DB8::1]:8448',
    '[::ffff:192.0.2.1]',
    '192.0.2.1.example',
    'xn--bcher-kva.example',
    'under_score.test',
  ];
  for (const host of accepted)
    t.equal(read('/', ['Host', host]).head?.host, host, `${host} is kept as it is`);

  const refused: readonly [host: string, why: string][] = [
    ['', 'empty'],
    [' ', 'blank'],
    ['user@gateway.test', 'userinfo'],
    ['user:password@gateway.test', 'userinfo with a password'],
    ['gateway.test/path', 'path'],
    ['gateway.test?x', 'query'],
    ['gateway.test#x', 'fragment'],
    ['gateway.test other.test', 'two in one'],
    ['gateway.test, other.test', 'a list'],
    ['gateway.test:', 'port without digits'],
    ['gateway.test:65536', 'port beyond the last'],
    ['gateway.test:http', 'port in letters'],
    ['gateway.test:-1', 'negative port'],
    ['gateway.test:80:80', 'two ports'],
    [':80', 'no name'],
    ['::1', 'IPv6 without brackets'],
    ['[::1', 'unclosed bracket'],
    ['[::1]x', 'letters behind the bracket'],
    ['[fe80::1%25eth0]', 'zone'],
    ['[]', 'empty brackets'],
    ['http://gateway.test', 'scheme'],
    ['gateway.test\\', 'backslash'],
    ['gat%65way.test', 'percent-encoding'],
    ['gäteway.test', 'letters beyond ASCII'],
    ['gateway.test\t', 'tab'],
    ['gateway.test\n', 'line feed'],
    ['a'.repeat(256), 'longer than a name can be'],
    ['1.2.3.4.5', 'five numbers'],
    ['256.256.256.256', 'numbers that are no bytes'],
    ['0x100000000', 'a number beyond the last address'],
    ['[....]', 'dots in brackets'],
    ['[::::]', 'colons in brackets'],
    ['[1.2.3.4]', 'IPv4 in brackets'],
    ['[1::2::3]', 'zeros left out twice'],
    ['256.256.256.256:80', 'numbers that are no bytes, with a port'],
  ];
  for (const [host, why] of refused) {
    t.equal(read('/', ['Host', host]).refused, 'REQUEST_HOST_INVALID', why);
    t.notOk(isAuthority(host), `${why}, wherever it stands`);
  }
  for (const name of ['Host', 'host', 'HOST']) {
    t.equal(
      read('/', [...HOST, name, 'gateway.test']).refused,
      'REQUEST_HOST_INVALID',
      `a second as ${name}`,
    );
    t.equal(read('/', [name, 'gateway.test']).head?.host, 'gateway.test', `the only one as ${name}`);
  }
  t.equal(read('/', []).refused, 'REQUEST_HOST_INVALID', 'none in HTTP/1.1');
  t.match(read('/', [], 'GET', '1.0'), { refused: '', head: { host: undefined } }, 'none in HTTP/1.0');
});

await t.test('a body has one length, in plain digits, or is chunked', async (t) => {
  const accepted: readonly [headers: readonly string[], body: BodyFraming, why: string][] = [
    [[], { kind: 'none' }, 'neither field'],
    [['Content-Length', '0'], { kind: 'length', bytes: 0 }, 'zero'],
    [['content-LENGTH', '5'], { kind: 'length', bytes: 5 }, 'any case of the name'],
    [['Content-Length', '5368709120'], { kind: 'length', bytes: 5_368_709_120 }, 'more than 32 bits'],
    [['Transfer-Encoding', 'chunked'], { kind: 'chunked' }, 'chunked'],
    [['transfer-encoding', 'Chunked'], { kind: 'chunked' }, 'chunked in another case'],
    [['TRANSFER-ENCODING', 'CHUNKED'], { kind: 'chunked' }, 'chunked in capitals'],
  ];
  for (const [headers, body, why] of accepted) {
    t.same(read('/', [...HOST, ...headers], 'POST').head?.body, body, why);
  }

  const lengths = ['+5', '-5', '0x5', '5 ', ' 5', '', '010', '00', '5;', '5_0', '5,6', '5, 5', '5.0', '1e1'];
  lengths.push('18446744073709551616', '٥', '5\n', 'five', '5 5', '5\t', 'Infinity', 'NaN');
  for (const length of lengths) {
    const { refused } = read('/', [...HOST, 'Content-Length', length], 'POST');
    t.equal(refused, 'REQUEST_FRAMING_AMBIGUOUS', `Content-Length ${JSON.stringify(length)}`);
  }
  const encodings = [',chunked', 'chunked,', 'xchunked', 'chunkedx', 'chunked, identity', 'identity', ''];
  encodings.push('gzip, chunked', 'gzip', '\vchunked', 'chunked ', ' chunked', 'chunked;a=b', '"chunked"');
  encodings.push('chunked, chunked', 'chunked\n', 'CHUNKED\0', 'ｃhunked');
  for (const encoding of encodings) {
    const { refused } = read('/', [...HOST, 'Transfer-Encoding', encoding], 'POST');
    t.equal(refused, 'REQUEST_FRAMING_AMBIGUOUS', `Transfer-Encoding ${JSON.stringify(encoding)}`);
  }
  const pairs: readonly [headers: readonly string[], why: string][] = [
    [['Content-Length', '5', 'Content-Length', '6'], 'two lengths'],
    [['Content-Length', '5', 'content-length', '5'], 'the same length twice'],
    [['Content-Length', '5', 'Transfer-Encoding', 'chunked'], 'a length and chunked'],
    [['Transfer-Encoding', 'chunked', 'Content-Length', '0'], 'chunked and a length'],
    [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], 'chunked twice'],
    [['Transfer-Encoding', 'chunked', 'transfer-encoding', 'identity'], 'chunked, then identity'],
  ];
  for (const [headers, why] of pairs) {
    t.equal(read('/', [...HOST, ...headers], 'POST').refused, 'REQUEST_FRAMING_AMBIGUOUS', why);
  }
  const old = read('/', [...HOST, 'Transfer-Encoding', 'chunked'], 'POST', '1.0');
  t.equal(old.refused, 'REQUEST_FRAMING_AMBIGUOUS', 'chunked in HTTP/1.0, which knows no chunks');
  const oldLength = read('/', ['Content-Length', '5'], 'POST', '1.0');
  t.same(oldLength.head?.body, { kind: 'length', bytes: 5 }, 'a length in HTTP/1.0');
});

await t.test('only an Expect of exactly 100-continue is taken for one', async (t) => {
  const rows: readonly [value: string, expects: boolean][] = [
    ['100-continue', true],
    ['100-Continue', true],
    ['y 100-continue', false],
    ['100-continue, x', false],
    ['', false],
  ];
  for (const [value, expects] of rows) {
    const { head } = read('/', [...HOST, 'Expect', value], 'PUT');
    t.equal(head?.expectsContinue, expects, JSON.stringify(value));
  }
  t.equal(read('/').head?.expectsContinue, false, 'no Expect');
});

await t.test('methods that would have us do something else than forward are refused', async (t) => {
  for (const method of ['CONNECT', 'TRACE']) {
    t.equal(read('/', HOST, method).refused, 'REQUEST_METHOD_REFUSED', method);
  }
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND']) {
    t.equal(read('/', HOST, method).head?.method, method, method);
  }
});

await t.test('only HTTP/1.1 and HTTP/1.0 are served', async (t) => {
  for (const version of ['0.9', '1.2', '2.0', '', '1.10']) {
    t.equal(read('/', HOST, 'GET', version).refused, 'REQUEST_VERSION_UNSUPPORTED', `HTTP/${version}`);
  }
});

await t.test('a hundred header lines are accepted and one more is refused', async (t) => {
  t.equal(read('/', headerLines(MAX_HEADER_LINES)).refused, '', 'exactly as many as allowed');
  t.equal(read('/', headerLines(MAX_HEADER_LINES + 1)).refused, 'REQUEST_HEADERS_TOO_LARGE', 'one more');
});

await t.test('header names that are members of every object are fields like others', async (t) => {
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
  const odd = ['__proto__', 'x', 'constructor', 'x', 'toString', 'x', 'hasOwnProperty', 'x'];
  t.same(read('/', [...HOST, ...odd]).head?.rawHeaders, [...HOST, ...odd], 'kept in place');
  t.same(Object.getOwnPropertyNames(Object.prototype).toSorted(), before, 'and the prototype is as it was');
});

await t.test('every target that real clients send is accepted byte for byte', async (t) => {
  for (const target of corpusTargets('targets')) t.equal(read(target).head?.target, target, target);
});
