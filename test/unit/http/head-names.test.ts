// Hosts that are taken for plain names at first sight: every one is a name to the URL parser too, and no IP address in any
// notation.

import { isIP } from 'node:net';

import * as fc from 'fast-check';
import t from 'tap';

import { isAuthority } from '../../../src/http/head.ts';

/** What a name may be at all, as head.ts has it for every host. */
const MAX_NAME_LENGTH = 255;

const label = fc.oneof(
  fc.constantFrom(
    '0x',
    '0xff',
    'x',
    'X',
    'xn',
    'xN--a',
    '1',
    '255',
    '256',
    '0',
    '00',
    '0377',
    '4294967296',
    '1e1',
  ),
  fc.constantFrom('a', 'test', 'localhost', 'e', 'ff', 'f', 'b0', 'Z9', '_', '-a', 'a-b', '', 'a'.repeat(63)),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefxXnN-_~!')), maxLength: 5 }),
);
const host = fc
  .tuple(
    fc.array(label, { minLength: 1, maxLength: 10 }),
    fc.constantFrom('', '', '.', ':', ':0', ':80', ':9999', ':65535', ':65536', ':00080', ':8x'),
  )
  .map(([labels, port]) => labels.join('.') + port);

/** The longest labels that there are, each with its dot. */
function labels(count: number): string {
  return `${'a'.repeat(63)}.`.repeat(count);
}

function hostnameOf(host: string): string | undefined {
  return URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : undefined;
}

await t.test('every host that is taken is one to the URL parser', async (t) => {
  let taken = 0;
  fc.assert(
    fc.property(host, (host) => {
      if (!isAuthority(host)) return;
      taken += 1;
      if (hostnameOf(host) === undefined) throw new Error('the URL parser refuses it');
    }),
    { numRuns: 30_000, seed: 61 },
  );
  t.ok(taken > 3_000, `${taken} were taken`);
});

await t.test(
  'a name that ends in letters only is an address to nobody, and is read as it stands',
  async (t) => {
    let taken = 0;
    fc.assert(
      fc.property(host, (host) => {
        const name = host.replace(/:[0-9]*$/, '');
        if (!isAuthority(host) || !/^(?:[a-z0-9]+\.)*[a-z]{2,}$/i.test(name)) return;
        taken += 1;
        const hostname = hostnameOf(host) ?? '';
        if (isIP(hostname) !== 0) throw new Error(`it is the address ${hostname}`);
        if (hostname !== name.toLowerCase()) throw new Error(`it is ${hostname} to the URL parser`);
      }),
      { numRuns: 30_000, seed: 62 },
    );
    t.ok(taken > 500, `${taken} were taken`);
  },
);

await t.test('an address is judged as one in every notation, whatever it looks like', async (t) => {
  const rows: readonly [host: string, isTaken: boolean][] = [
    ['0x7f.1', true],
    ['0xff.0xff.0xff.0xff', true],
    ['1.0x', true],
    ['256.0x', false],
    ['0xfffffffff', false],
    ['1.2.3.4.0x5', false],
    ['a.1', false],
    ['a.0x', false],
    ['a.0xg', true],
    ['1.2.3.4.a', true],
    ['1.2.3.4.ab', true],
    ['xn--bcher-kva.test', true],
  ];
  for (const [host, isTaken] of rows) {
    t.equal(isAuthority(host), isTaken, host);
    t.equal(hostnameOf(host) !== undefined, isTaken, `${host} to the URL parser`);
  }
});

await t.test('no name is longer than any other host may be', async (t) => {
  const longest = `${labels(3)}${'a'.repeat(MAX_NAME_LENGTH - 3 * 64)}`;
  for (const port of ['', ':80']) {
    t.ok(isAuthority(`${longest}${port}`), `${longest.length} letters${port}`);
    t.notOk(isAuthority(`${longest}-${port}`), 'one more, of a name that is looked at closely');
    t.notOk(isAuthority(`${labels(3)}${'a'.repeat(61)}.aa${port}`), 'one more, of a plain one');
    t.notOk(isAuthority(`${labels(8)}test${port}`), 'many more');
  }
});
