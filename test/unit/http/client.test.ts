// Who asked and by which origin, for every kind of peer in front of the gateway.

import t from 'tap';

import type { ProxyPeer } from '../../../src/config/kinds/network.ts';
import { addressRanges } from '../../../src/http/address.ts';
import { readClient, requestOrigin, type Client, type Peer } from '../../../src/http/client.ts';
import { headOf } from '../../harness/heads.ts';

const TRUSTED: readonly ProxyPeer[] = [
  { kind: 'network', family: 'ipv4', address: '10.0.0.0', prefixLength: 8 },
  { kind: 'network', family: 'ipv6', address: 'fd00::', prefixLength: 8 },
];
const trusted = addressRanges(TRUSTED);
const PROXY: Peer = { address: '10.0.0.1', isUnix: false, isTls: false, localAuthority: '10.0.0.9:3000' };
const STRANGER: Peer = { ...PROXY, address: '203.0.113.9' };
const UNIX: Peer = { address: undefined, isUnix: true, isTls: false, localAuthority: 'localhost' };

function client(headers: readonly string[], peer: Peer = PROXY, ranges = trusted): Client {
  return readClient(headOf({ headers }), peer, ranges);
}

function directOrigin(headers: readonly string[], peer: Partial<Peer> = {}, httpVersion = '1.1'): string {
  const head = headOf({ headers, httpVersion });
  return requestOrigin(readClient(head, { ...STRANGER, ...peer }, trusted), undefined);
}

await t.test('the address of a direct client is that of its connection, whatever it claims', async (t) => {
  const claims: readonly [headers: readonly string[], why: string][] = [
    [[], 'no claim'],
    [['X-Forwarded-For', '192.0.2.1'], 'X-Forwarded-For'],
    [['X-Forwarded-For', '10.0.0.1'], "a trusted proxy's address in X-Forwarded-For"],
    [['Forwarded', 'for=192.0.2.1;proto=https;host=evil.test'], 'Forwarded'],
    [['X-Real-IP', '192.0.2.1'], 'X-Real-IP'],
    [['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'evil.test', 'X-Request-Id', 'x'], 'origin and id'],
  ];
  for (const [headers, why] of claims) {
    t.same(
      client(headers, STRANGER),
      {
        address: '203.0.113.9',
        scheme: 'http',
        host: 'gateway.test',
        isViaTrustedProxy: false,
        requestId: undefined,
      },
      why,
    );
  }
});

await t.test('peer addresses are written bare', async (t) => {
  const rows: readonly [address: string, bare: string][] = [
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ];
  for (const [address, bare] of rows) t.equal(client([], { ...STRANGER, address }).address, bare, address);
});

await t.test('a mapped IPv4 peer is recognised as the trusted proxy that it is', async (t) => {
  const peer = { ...PROXY, address: '::ffff:10.0.0.1' };
  t.equal(client(['X-Forwarded-For', '192.0.2.1'], peer).address, '192.0.2.1');
});

await t.test('behind trusted proxies the client is the nearest hop that is none of them', async (t) => {
  const long = Array.from({ length: 200 }, (_, i) => `10.1.0.${i}`).join(', ');
  const rows: readonly [headers: readonly string[], address: string, why: string][] = [
    [[], '10.0.0.1', 'no chain: the proxy itself asks'],
    [['X-Forwarded-For', '192.0.2.1'], '192.0.2.1', 'one hop'],
    [['X-Forwarded-For', '198.51.100.1, 192.0.2.1'], '192.0.2.1', 'what stands before it may be forged'],
    [['X-Forwarded-For', '192.0.2.1, 10.0.0.2'], '192.0.2.1', 'a second trusted proxy is passed over'],
    [['X-Forwarded-For', '192.0.2.1,10.0.0.2 ,\t10.0.0.3'], '192.0.2.1', 'blanks as they like'],
    [['X-Forwarded-For', '192.0.2.1', 'X-Forwarded-For', '10.0.0.2'], '192.0.2.1', 'two lines are one list'],
    [['X-Forwarded-For', '198.51.100.1', 'x-forwarded-for', '192.0.2.1'], '192.0.2.1', 'in their order'],
    [['X-Forwarded-For', '10.0.0.3, 10.0.0.2'], '10.0.0.3', 'all trusted: the outermost asks'],
    [['X-Forwarded-For', ', ,192.0.2.1,,'], '192.0.2.1', 'empty members are nothing'],
    [['X-Forwarded-For', '192.0.2.1:4711'], '192.0.2.1', 'a port (Azure)'],
    [['X-Forwarded-For', '[2001:db8::1]:4711'], '2001:db8::1', 'IPv6 with a port'],
    [['X-Forwarded-For', '2001:DB8::1'], '2001:db8::1', 'bare IPv6'],
    [['X-Forwarded-For', '::ffff:192.0.2.1'], '192.0.2.1', 'mapped IPv4'],
    [['X-Forwarded-For', '192.0.2.1, fd00::1'], '192.0.2.1', 'a trusted IPv6 hop'],
    [['X-Forwarded-For', 'unknown'], '10.0.0.1', 'unknown'],
    [['X-Forwarded-For', '192.0.2.1, garbage'], '10.0.0.1', 'garbage ends the chain'],
    [['X-Forwarded-For', '192.0.2.1, garbage, 10.0.0.2'], '10.0.0.2', 'garbage behind a trusted hop'],
    [['X-Forwarded-For', "192.0.2.1', '"], '10.0.0.1', 'quotes'],
    [['X-Forwarded-For', `192.0.2.1, ${long}`], '10.1.0.168', 'a chain of 200: only the nearest 32 count'],
    [['X-Forwarded-For', ''], '10.0.0.1', 'empty'],
    [['Forwarded', 'for=192.0.2.1'], '192.0.2.1', 'Forwarded'],
    [['Forwarded', 'For="192.0.2.1"'], '192.0.2.1', 'Forwarded, quoted, in another case'],
    [['Forwarded', 'for="[2001:db8::1]:4711"'], '2001:db8::1', 'Forwarded, IPv6 with a port'],
    [['Forwarded', 'for="192.0.2.1:4711"'], '192.0.2.1', 'Forwarded, a port'],
    [['Forwarded', 'for=192.0.2.1;proto=https, for=10.0.0.2'], '192.0.2.1', 'Forwarded, two elements'],
    [['Forwarded', 'for=198.51.100.1', 'Forwarded', 'for=192.0.2.1'], '192.0.2.1', 'Forwarded, two lines'],
    [['Forwarded', 'proto=https;for=192.0.2.1;by=10.0.0.1'], '192.0.2.1', 'Forwarded, other order'],
    [['Forwarded', 'for=_hidden'], '10.0.0.1', 'Forwarded, obfuscated'],
    [['Forwarded', 'for=unknown'], '10.0.0.1', 'Forwarded, unknown'],
    [['Forwarded', 'for=192.0.2.1, proto=https'], '10.0.0.1', 'Forwarded, an element without for'],
    [['Forwarded', ';;==,"'], '10.0.0.1', 'Forwarded, garbage'],
    [['Forwarded', 'for=198.51.100.1', 'X-Forwarded-For', '192.0.2.1'], '192.0.2.1', 'X-Forwarded-For first'],
    [
      ['X_Forwarded_For', '192.0.2.1', 'X.Forwarded.For', '192.0.2.1'],
      '10.0.0.1',
      'other spellings are nothing',
    ],
    [['X-Real-IP', '192.0.2.1'], '10.0.0.1', 'X-Real-IP is nothing'],
  ];
  for (const [headers, address, why] of rows) t.equal(client(headers).address, address, why);
});

await t.test('a trusted proxy names the origin that the client used', async (t) => {
  const rows: readonly [headers: readonly string[], origin: string, why: string][] = [
    [[], 'http://gateway.test', 'nothing said: the connection and Host'],
    [['X-Forwarded-Proto', 'https'], 'https://gateway.test', 'scheme'],
    [['X-Forwarded-Proto', 'HTTPS'], 'https://gateway.test', 'scheme in capitals'],
    [['X-Forwarded-Proto', 'http, https'], 'https://gateway.test', 'the last of several schemes'],
    [['X-Forwarded-Proto', 'wss'], 'http://gateway.test', 'a scheme that is none of ours'],
    [['X-Forwarded-Proto', 'javascript:'], 'http://gateway.test', 'garbage'],
    [['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'chat.test'], 'https://chat.test', 'scheme and host'],
    [['X-Forwarded-Host', 'other.test, chat.test'], 'http://chat.test', 'the last of several hosts'],
    [['X-Forwarded-Host', 'other.test', 'X-Forwarded-Host', 'chat.test'], 'http://chat.test', 'in lines'],
    [['X-Forwarded-Proto', 'http', 'x-forwarded-proto', 'https'], 'https://gateway.test', 'schemes in lines'],
    [['X-Forwarded-Host', ', chat.test ,'], 'http://chat.test', 'empty members are nothing'],
    [
      ['X-Forwarded-Host', '256.256.256.256'],
      'http://gateway.test',
      'what looks like an address and is none',
    ],
    [['X-Forwarded-Host', 'chat.test:8448'], 'http://chat.test:8448', 'a port is kept'],
    [['X-Forwarded-Host', 'chat.test:80'], 'http://chat.test', "the scheme's own port is not"],
    [
      ['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'chat.test:443'],
      'https://chat.test',
      'nor that of TLS',
    ],
    [
      ['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'chat.test:80'],
      'https://chat.test:80',
      "http's under TLS",
    ],
    [['X-Forwarded-Host', 'chat.test:8080'], 'http://chat.test:8080', 'a port that begins like the own'],
    [['X-Forwarded-Host', '[2001:db8::1]:80'], 'http://[2001:db8::1]', 'IPv6'],
    [['X-Forwarded-Host', 'user@chat.test'], 'http://gateway.test', 'userinfo'],
    [['X-Forwarded-Host', 'chat.test/path'], 'http://gateway.test', 'a path'],
    [['X-Forwarded-Host', 'chat.test"><script>'], 'http://gateway.test', 'markup'],
    [['X-Forwarded-Host', ''], 'http://gateway.test', 'empty'],
    [['Forwarded', 'for=192.0.2.1;proto=https;host=chat.test'], 'https://chat.test', 'Forwarded'],
    [['Forwarded', 'host="chat.test:8448";proto=https'], 'https://chat.test:8448', 'Forwarded, quoted'],
    [['Forwarded', 'proto=http;host=b, proto=https;host=chat.test'], 'https://chat.test', 'its last element'],
    [
      ['Forwarded', 'host=chat.test', 'X-Forwarded-Host', ''],
      'http://chat.test',
      'an empty field hides nothing',
    ],
    [
      ['X-Forwarded-Host', ' , ', 'Forwarded', 'host=chat.test'],
      'http://chat.test',
      'nor does an empty list',
    ],
    [['X-Forwarded-Proto', '', 'Forwarded', 'proto=https'], 'https://gateway.test', 'nor an empty scheme'],
    [['Forwarded', 'proto=https', 'X-Forwarded-Proto', 'http'], 'http://gateway.test', 'X-Forwarded first'],
  ];
  for (const [headers, origin, why] of rows) {
    t.equal(requestOrigin(client(headers), undefined), origin, why);
  }
});

/** What the fields of a request are after proxies that each append to them, the outermost first. */
function appended(own: readonly string[], proxies: readonly (readonly string[])[]): string[] {
  const names = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host'];
  return names.flatMap((name, i) => {
    const members = [own, ...proxies].map((said) => said[i] ?? '');
    return [name, members.filter((member) => member !== '').join(', ')];
  });
}

/** One field in several lines. */
function lines(name: string, ...values: readonly string[]): string[] {
  return values.flatMap((value) => [name, value]);
}

await t.test('what a client invents is passed over behind proxies that append to it', async (t) => {
  const outer = ['192.0.2.1', 'https', 'chat.test'];
  const inner = ['10.0.0.2', 'http', 'inner.test'];
  const inmost = ['10.0.0.3', 'http', 'inmost.test'];
  const inventions: readonly [own: readonly string[], why: string][] = [
    [[], 'nothing'],
    [['198.51.100.1'], 'an address'],
    [['10.0.0.7'], "a trusted proxy's address"],
    [['10.0.0.7, 10.0.0.8, 10.0.0.9'], 'several of them'],
    [['', 'http'], 'a scheme'],
    [['', '', 'evil.test'], 'a host'],
    [['', 'http, http', 'evil.test, evil.test'], 'several of both'],
    [['198.51.100.1', 'http', 'evil.test'], 'one of each'],
    [['garbage', 'javascript:', 'user@evil.test'], 'garbage'],
  ];
  for (const [own, why] of inventions) {
    for (const proxies of [[outer], [outer, inner], [outer, inner, inmost]]) {
      const seen = client(appended(own, proxies));
      const expected = { address: '192.0.2.1', scheme: 'https', host: 'chat.test' };
      t.match(seen, expected, `${why}, behind ${proxies.length}`);
    }
  }
});

await t.test('the member that counts stands as far from the end as the client does', async (t) => {
  const two = ['X-Forwarded-For', '192.0.2.1, 10.0.0.2'];
  const rows: readonly [headers: readonly string[], origin: string, why: string][] = [
    [[...two, 'X-Forwarded-Proto', 'https, http'], 'https://gateway.test', 'both proxies append a scheme'],
    [[...two, 'X-Forwarded-Host', 'chat.test, inner.test'], 'http://chat.test', 'both append a host'],
    [
      [...two, 'X-Forwarded-Host', 'chat.test', 'X-Forwarded-Host', 'inner.test'],
      'http://chat.test',
      'in lines',
    ],
    [
      ['X-Forwarded-Host', 'evil.test', ...two, 'X-Forwarded-Host', 'chat.test, inner.test'],
      'http://chat.test',
      "the client's own line stands before theirs",
    ],
    [
      [
        ...lines('X-Forwarded-For', '198.51.100.1', '192.0.2.1', '10.0.0.2'),
        ...lines('X-Forwarded-Proto', 'http', 'https', 'http'),
      ],
      'https://gateway.test',
      'every member in a line of its own',
    ],
    [[...two, 'X-Forwarded-Proto', 'https'], 'https://gateway.test', 'one proxy speaks for both'],
    [
      [...two, 'X-Forwarded-Host', 'chat.test, user@inner.test'],
      'http://chat.test',
      'garbage of the inner one',
    ],
    [
      [...two, 'X-Forwarded-Host', 'user@a.test, inner.test'],
      'http://gateway.test',
      'garbage of the outer one',
    ],
    [
      ['X-Forwarded-For', '192.0.2.1, garbage, 10.0.0.2', 'X-Forwarded-Host', 'evil.test, chat.test'],
      'http://chat.test',
      'hops behind garbage do not count',
    ],
    [
      ['X-Forwarded-For', '198.51.100.1, 192.0.2.1', 'X-Forwarded-Host', 'evil.test, chat.test'],
      'http://chat.test',
      'nor do those behind the client',
    ],
    [
      ['X-Forwarded-For', '10.0.0.3, 10.0.0.2', 'X-Forwarded-Host', 'evil.test, chat.test, inner.test'],
      'http://chat.test',
      'a chain of trusted proxies alone',
    ],
    [
      ['Forwarded', 'for=198.51.100.1;host=evil.test, for=192.0.2.1;host=chat.test;proto=https'],
      'https://chat.test',
      'Forwarded behind one proxy',
    ],
    [
      [
        'Forwarded',
        'for=a;host=evil.test, for=192.0.2.1;host=chat.test;proto=https, for=10.0.0.2;host=b;proto=http',
      ],
      'https://chat.test',
      'Forwarded behind two',
    ],
  ];
  for (const [headers, origin, why] of rows) {
    t.equal(requestOrigin(client(headers), undefined), origin, why);
  }
});

await t.test('without a proxy the origin is that of the connection and Host', async (t) => {
  t.equal(directOrigin(['Host', 'gateway.test:3000']), 'http://gateway.test:3000', 'with its port');
  t.equal(directOrigin(['Host', 'gateway.test:80']), 'http://gateway.test', "but the scheme's own");
  t.equal(directOrigin(['Host', 'gateway.test:443']), 'http://gateway.test:443', 'which 443 is not of http');
  t.equal(
    directOrigin(['Host', 'gateway.test:443'], { isTls: true }),
    'https://gateway.test',
    'but of https',
  );
  t.equal(directOrigin([], {}, '1.0'), 'http://10.0.0.9:3000', 'the listener, when HTTP/1.0 names no Host');
});

await t.test('a configured public URL outweighs whatever the request says', async (t) => {
  const headers = ['X-Forwarded-Host', 'other.test'];
  t.equal(requestOrigin(client(headers), 'https://chat.test'), 'https://chat.test');
});

await t.test('a Unix peer is this machine, and a proxy only if the configuration says so', async (t) => {
  const headers = ['X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'https'];
  const plain = client(headers, UNIX);
  t.match(plain, { address: '127.0.0.1', scheme: 'http', isViaTrustedProxy: false }, 'not trusted');
  const trustedUnix = addressRanges([...TRUSTED, { kind: 'unix' }]);
  t.match(client(headers, UNIX, trustedUnix), { address: '192.0.2.1', scheme: 'https' }, 'trusted');
  t.match(client([], UNIX, trustedUnix), { address: '127.0.0.1' }, 'trusted, and asking for itself');
  t.match(client(headers, STRANGER, trustedUnix), { address: '203.0.113.9' }, 'which no TCP peer gains by');
});

await t.test("a trusted proxy's request id is taken over if it is a usable one", async (t) => {
  const usable = [
    'a',
    '8f14e45f-ceea-467f',
    'Root=1-67891233-abcdef012345678912345678',
    'a'.repeat(128),
    'a+b/c==@d:e',
  ];
  for (const id of usable) t.equal(client(['X-Request-Id', id]).requestId, id, id);
  const refused = [
    '',
    ' ',
    'a b',
    'a\nb',
    'a"b',
    '<x>',
    'ä',
    'a;b',
    '{"a":1}',
    '\u001b[31m',
    'a'.repeat(129),
  ];
  for (const id of refused) {
    t.equal(client(['X-Request-Id', id]).requestId, undefined, JSON.stringify(id));
  }
});

await t.test('a Forwarded that a client invented fills in nothing that its proxy left out', async (t) => {
  const invented = client([
    'X-Forwarded-For',
    '192.0.2.1',
    'X-Forwarded-Proto',
    'https',
    'Forwarded',
    'for=198.51.100.1;host=evil.test',
  ]);
  t.match(invented, { address: '192.0.2.1', scheme: 'https', host: 'gateway.test' });
});

await t.test('an element of Forwarded without a parameter keeps the place of its hop', async (t) => {
  const gap = client([
    'Forwarded',
    'for=198.51.100.1;host=evil.test;proto=http, for=192.0.2.1;host=chat.test;proto=https, for=10.0.0.2',
  ]);
  t.match(gap, { address: '192.0.2.1', scheme: 'https', host: 'chat.test' });
});
