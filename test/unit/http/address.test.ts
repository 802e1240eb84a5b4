// One spelling for each address, and membership in ranges.

import t from 'tap';

import type { ProxyPeer } from '../../../src/config/kinds/network.ts';
import { addressRanges, bareAddress } from '../../../src/http/address.ts';

await t.test('an address is stripped to its bare form', async (t) => {
  const rows: readonly [text: string, bare: string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[::1]:4711', '::1'],
    ['2001:DB8::A', '2001:db8::a'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%eth0]:80', 'fe80::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['[::FFFF:C000:0201]:80', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:0:0', '0.0.0.0'],
    ['::ffff:ffff:ffff', '255.255.255.255'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['192.0.2.1%x', undefined],
    ['[192.0.2.1]', undefined],
    ['[192.0.2.1]:80', undefined],
    ['', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['localhost', undefined],
    ['192.0.2', undefined],
    ['192.0.2.256', undefined],
    ['192.0.2.01', undefined],
    ['0x7f.0.0.1', undefined],
    ['192.0.2.1:', undefined],
    ['192.0.2.1:123456', undefined],
    ['192.0.2.1 ', undefined],
    ['192.0.2.1, 192.0.2.2', undefined],
    ['[::1', undefined],
    ['::1]', undefined],
    ['[::1]x', undefined],
    ['::ffff:999.0.2.1', undefined],
    ['::1::', undefined],
    ['192.0.2.1\n', undefined],
    ['<script>', undefined],
  ];
  for (const [text, bare] of rows) {
    t.equal(bareAddress(text), bare, JSON.stringify(text));
    if (bare !== undefined) t.equal(bareAddress(bare), bare, `${bare} stays as it is`);
  }
});

await t.test('ranges hold the addresses of their networks, each in its own family', async (t) => {
  const peers: readonly ProxyPeer[] = [
    { kind: 'network', family: 'ipv4', address: '10.0.0.0', prefixLength: 8 },
    { kind: 'network', family: 'ipv4', address: '192.0.2.7', prefixLength: 32 },
    { kind: 'network', family: 'ipv6', address: '2001:db8::', prefixLength: 32 },
  ];
  const ranges = addressRanges(peers);
  const rows: readonly [address: string, isIn: boolean][] = [
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['9.255.255.255', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8::1', true],
    ['2001:db8:ffff::', true],
    ['2001:db9::', false],
    ['::1', false],
    ['127.0.0.1', false],
  ];
  for (const [address, isIn] of rows) t.equal(ranges.has(address), isIn, address);
  t.equal(ranges.hasUnixPeers, false, 'no Unix peers unless they are named');
});

await t.test('no range holds nothing, and Unix peers are named apart', async (t) => {
  t.equal(addressRanges([]).has('127.0.0.1'), false, 'nothing is trusted by default');
  const unix = addressRanges([{ kind: 'unix' }]);
  t.equal(unix.hasUnixPeers, true, 'Unix peers');
  t.equal(unix.has('127.0.0.1'), false, 'which are no addresses');
});
