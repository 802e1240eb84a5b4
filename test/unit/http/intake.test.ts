// The two ways into the gateway agree: what is taken as a whole is taken in halves as well, and read the same; what is
// refused as a whole has no halves.

import * as fc from 'fast-check';
import t from 'tap';

import type { ProxyPeer } from '../../../src/config/kinds/network.ts';
import { addressRanges } from '../../../src/http/address.ts';
import type { Peer } from '../../../src/http/client.ts';
import { MAX_HEADER_LINES } from '../../../src/http/head.ts';
import { createIntake, type Intake, type Taken } from '../../../src/http/intake.ts';

const PROXIES: readonly ProxyPeer[] = [
  { kind: 'network', family: 'ipv4', address: '10.0.0.0', prefixLength: 8 },
];
const PEER: Peer = { address: '203.0.113.9', isUnix: false, isTls: false, localAuthority: '127.0.0.1:80' };
const PROXY: Peer = { ...PEER, address: '10.0.0.1', isTls: true };

function intake(): Intake {
  return createIntake({
    trustedProxies: addressRanges(PROXIES),
    random: { hex: () => '01234567' },
    forwarded: {
      adminClients: addressRanges([
        { kind: 'network', family: 'ipv4', address: '192.0.2.0', prefixLength: 24 },
      ]),
      services: { tunnels: ['/jitsi/'], routes: ['/files/'] },
    },
  });
}

interface Asked {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly peer?: Peer;
}

/** Both ways, each with ids of its own that count alike. */
function both() {
  const [whole, halves] = [intake(), intake()];
  return ({ method, target, rawHeaders, peer = PEER }: Asked) => {
    const known = halves.readFields(rawHeaders, peer);
    const inHalves: Taken | undefined = known && halves.readTarget(method, target, known);
    return { asWhole: whole.take({ method, target, httpVersion: '1.1', rawHeaders }, peer), inHalves };
  };
}

const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS');
const piece = fc.constantFrom(
  '/',
  '_matrix',
  '_synapse',
  'admin',
  'client',
  'v3',
  'sync',
  '?',
  '&',
  '=',
  '%2F',
  '%2e',
  '%',
  '#',
  '..',
  '.',
  ';',
  '\\',
  '"',
  ' ',
  '\x7f',
  '\xe4',
  'jitsi',
  'files',
  'a',
  'users',
  '!',
  '*',
);
const target = fc
  .tuple(
    fc.constantFrom('/', '/_matrix/', '/_matrix/client/', '/_synapse/admin/', '/_synapse/client/', '/jitsi/'),
    fc.array(piece, { maxLength: 6 }),
  )
  .map(([start, pieces]) => start + pieces.join(''));
const field = fc.oneof(
  fc.constantFrom<[string, string]>(
    ...(
      [
        ['Host', 'other.test'],
        ['Content-Length', '5'],
        ['content-length', '05'],
        ['Content-Length', '5, 5'],
        ['Transfer-Encoding', 'chunked'],
        ['Expect', '100-continue'],
        ['X-Forwarded-For', '192.0.2.7'],
        ['X-Forwarded-For', '192.0.2.7, 10.0.0.3'],
        ['X-Forwarded-Proto', 'http'],
        ['X-Forwarded-Host', 'a b'],
        ['X-Forwarded-Host', 'chat.test'],
        ['Forwarded', 'for=192.0.2.7;host=chat.test'],
        ['X-Request-Id', 'theirs'],
        ['X-Request-Id', ''],
      ] as const satisfies readonly [string, string][]
    ).map(([name, value]): [string, string] => [name, value]),
  ),
  fc.tuple(fc.constantFrom('X-A', 'Accept', '__proto__'), fc.string({ maxLength: 6 })),
);
const host = fc.constantFrom(
  'gateway.test',
  'gateway.test:443',
  '[::1]:80',
  '192.0.2.1',
  '256.0.0.1',
  'a b',
  '',
);
const rawHeaders = fc
  .tuple(host, fc.array(field, { maxLength: 5 }), fc.boolean())
  .map(([host, fields, isFirst]) =>
    isFirst ? ['Host', host, ...fields.flat()] : [...fields.flat(), 'Host', host],
  );

await t.test('a request is taken in halves as it is taken as a whole, or not at all', async (t) => {
  const read = both();
  let [taken, refused] = [0, 0];
  fc.assert(
    fc.property(
      method,
      target,
      rawHeaders,
      fc.constantFrom(PEER, PROXY),
      (method, target, rawHeaders, peer) => {
        const { asWhole, inHalves } = read({ method, target, rawHeaders, peer });
        if ('refused' in asWhole) {
          refused += 1;
          if (inHalves !== undefined) throw new Error(`refused as a whole: ${asWhole.refused}`);
          return;
        }
        taken += 1;
        if (JSON.stringify(inHalves) !== JSON.stringify(asWhole))
          throw new Error(`${JSON.stringify(inHalves)} is ${JSON.stringify(asWhole)} as a whole`);
      },
    ),
    { numRuns: 10_000, seed: 51 },
  );
  t.ok(taken > 1_000 && refused > 1_000, `${taken} taken, ${refused} refused`);
});

await t.test('fields that are known serve for every target', async (t) => {
  const one = intake();
  const known = one.readFields(['Host', 'gateway.test', 'Content-Length', '2'], PEER);
  if (known === undefined) throw new Error('the fields of this test are refused');
  const routes = ['/_matrix/a', '/_synapse/admin/a', '/jitsi/a', '/health', '/_matrix/../a'].map(
    (target) => one.readTarget('POST', target, known)?.route.route,
  );
  t.same(routes, ['matrix', 'denied', 'tunnel', 'own', 'denied']);
  t.equal(one.readTarget('POST', '/a#b', known), undefined, 'a target that is refused');
  const ids = [1, 2].map(() => one.readTarget('GET', '/_matrix/a', known)?.requestId);
  t.not(ids[0], ids[1], 'each request has an id of its own');
});

await t.test('as many lines as are allowed are taken, and one more is not', async (t) => {
  const read = both();
  for (const [count, isTaken] of [
    [MAX_HEADER_LINES, true],
    [MAX_HEADER_LINES + 1, false],
  ] as const) {
    const lines = Array.from({ length: count - 1 }, (_, i) => [`X-${i}`, 'a']).flat();
    const { asWhole, inHalves } = read({
      method: 'GET',
      target: '/',
      rawHeaders: ['Host', 'h.test', ...lines],
    });
    t.equal(inHalves !== undefined, isTaken, `${count} lines in halves`);
    t.equal('head' in asWhole, isTaken, `${count} lines as a whole`);
  }
});

await t.test(
  "a listener without anything to forward takes every request for the gateway's own",
  async (t) => {
    const own = createIntake({ trustedProxies: addressRanges([]), random: { hex: () => '01234567' } });
    const known = own.readFields(['Host', 'h.test'], PEER);
    for (const target of ['/_matrix/a', '/health', '/_matrix/../a'])
      t.equal(known && own.readTarget('GET', target, known)?.route.to, 'own', target);
  },
);
