// A62: a real coturn with config/turnserver.conf takes our credentials, and only those, and relays to no address from
// which harm could come. Nothing is ever relayed: a permission only tells coturn what would be allowed.

import t, { type Test } from 'tap';

import { turnCredentials } from '../../src/ice/credentials.ts';
import type { UserId } from '../../src/matrix/ids.ts';
import { hasIpv6Loopback, startCoturn, type TestCoturn } from '../harness/coturn.ts';
import { TurnClient, type TurnCredential } from '../harness/turn-client.ts';
import { until } from '../harness/until.ts';

const TTL_MS = 600_000;
const alice = '@alice:example.org' as UserId;
const bob = '@bob:example.org' as UserId;
const ipv6 = hasIpv6Loopback ? {} : { skip: 'this machine has no IPv6 loopback' };

function credentialsFor(
  { secret }: Pick<TestCoturn, 'secret'>,
  { userId = alice, nowMs = Date.now() }: { userId?: UserId; nowMs?: number } = {},
): TurnCredential {
  return turnCredentials({ secret, userId, ttlMs: TTL_MS, nowMs });
}

async function allocated(t: Test, coturn: TestCoturn, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<TurnClient> {
  const client = await TurnClient.open(t, coturn.port, credentialsFor(coturn));
  const answer = await client.allocate(family);
  t.match(answer, { status: 200, isConfirmed: true }, `${family} allocation`);
  return client;
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}

/** The bytes of an address, as every written form of it gives them. */
function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [left = '', right] = canonical.split('::');
  const [before, after] = [groupsOf(left), groupsOf(right ?? '')];
  const zeros = right === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

await t.test('credentials of ours open a relay, keep it and close it', async (t) => {
  const coturn = await startCoturn(t);
  const client = await allocated(t, coturn);
  t.match(await client.refresh(600), { status: 200, isConfirmed: true });
  t.match(await client.refresh(0), { status: 200 }, 'closed');
  await until(() => /delete: realm=<[^>]*>, username=<[0-9]+:[0-9a-f]{32}>/.test(coturn.log()), 15_000);
  t.notMatch(coturn.log(), 'alice', "coturn's log knows the user's tag, not the user");
});

await t.test('credentials that expired, are forged or changed are refused', async (t) => {
  const coturn = await startCoturn(t);
  const good = credentialsFor(coturn);
  const [expiry = '', tag = ''] = good.username.split(':');
  const bobs = credentialsFor(coturn, { userId: bob });
  const rows: readonly [what: string, credential: TurnCredential][] = [
    ['expired ones', credentialsFor(coturn, { nowMs: Date.now() - TTL_MS - 5_000 })],
    ['ones of another secret', credentialsFor({ secret: 'another-secret' })],
    ['ones of an empty secret', credentialsFor({ secret: '' })],
    ['a later expiry', { ...good, username: `${Number(expiry) + 3_600}:${tag}` }],
    ['another user', { ...good, username: bobs.username }],
    ['a user name without expiry', { ...good, username: tag }],
    ['an empty password', { ...good, credential: '' }],
    ['the secret as the password', { ...good, credential: coturn.secret }],
  ];
  for (const [what, credential] of rows) {
    const client = await TurnClient.open(t, coturn.port, credential);
    const { status } = await client.allocate();
    t.ok(status === 401 || status === 441, `${what}: ${status}`);
  }
  await allocated(t, coturn);
});

await t.test('an open relay outlives its credentials, and they open no other', async (t) => {
  const coturn = await startCoturn(t, { changes: { 'stale-nonce': '1' } });
  const { secret, port } = coturn;
  const short = turnCredentials({ secret, userId: alice, ttlMs: 8_000, nowMs: Date.now() });
  const client = await TurnClient.open(t, port, short);
  t.match(await client.allocate(), { status: 200, isConfirmed: true });
  await until(() => Date.now() > short.expiresAtMs + 1_500, 15_000);
  t.match(await client.refresh(600), { status: 200, isConfirmed: true }, 'with a new nonce too');
  t.match(await client.createPermission(bytesOf('8.8.8.8')), { status: 200, isConfirmed: true });
  const late = await TurnClient.open(t, port, short);
  t.equal((await late.allocate()).status, 401);
});

await t.test("a user's quota holds across fresh credentials, and is no other user's", async (t) => {
  const coturn = await startCoturn(t, { changes: { 'user-quota': '3' } });
  const statusFor = async (userId: UserId, agoMs: number): Promise<number> => {
    const credential = credentialsFor(coturn, { userId, nowMs: Date.now() - agoMs });
    return (await (await TurnClient.open(t, coturn.port, credential)).allocate()).status;
  };
  t.equal(await statusFor(alice, 0), 200);
  t.equal(await statusFor(alice, 0), 200);
  t.equal(await statusFor(alice, 299_000), 200, 'the set before');
  t.equal(await statusFor(alice, 299_000), 486);
  t.equal(await statusFor(alice, 0), 486);
  t.equal(await statusFor(bob, 0), 200);
});

/** Of each denied range its ends and something within; the granted ones are their neighbours that are not denied. */
const IPV4_DENIED: Readonly<Record<string, readonly string[]>> = {
  '"this" network': ['0.0.0.0', '0.0.0.1', '0.255.255.255'],
  'private 10/8': ['10.0.0.0', '10.1.2.3', '10.255.255.255'],
  'carrier-grade NAT': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  loopback: ['127.0.0.0', '127.0.0.1', '127.255.255.255'],
  'link-local and cloud metadata': ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  'private 172.16/12': ['172.16.0.0', '172.17.0.1', '172.31.255.255'],
  'IETF protocols': ['192.0.0.0', '192.0.0.255'],
  'private 192.168/16': ['192.168.0.0', '192.168.1.1', '192.168.255.255'],
  '6to4 relays': ['192.88.99.0', '192.88.99.255'],
  benchmarks: ['198.18.0.0', '198.19.255.255'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.255'],
  multicast: ['224.0.0.0', '224.0.0.251', '239.255.255.255'],
  'reserved and broadcast': ['240.0.0.0', '255.255.255.255'],
};
const IPV4_GRANTED = `
  1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0
  126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
  192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
`;

const IPV6_DENIED: Readonly<Record<string, readonly string[]>> = {
  'unspecified and loopback': ['::', '::1'],
  'IPv4-mapped loopback (CVE-2026-27624)': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:127.255.255.255'],
  'IPv4-mapped others': ['::ffff:0.0.0.0', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::ffff:192.168.1.1'],
  'IPv4-mapped public': ['::ffff:8.8.8.8', '::ffff:255.255.255.255'],
  'IPv4-compatible': ['::127.0.0.1', '::10.0.0.1', '::255.255.255.255'],
  NAT64: ['64:ff9b::', '64:ff9b::127.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b::255.255.255.255'],
  'local NAT64': ['64:ff9b:1::', '64:ff9b:1::10.0.0.1', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  '6to4': ['2002::', '2002:7f00:1::1', '2002:a00:1::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  Teredo: ['2001::', '2001:0:7f00:1::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  'unique local': ['fc00::', 'fd00::1', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  'link-local': ['fe80::', 'fe80::1', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  'site-local': ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  multicast: ['ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  'discard-only': ['100::', '100::ffff:ffff:ffff:ffff'],
  documentation: ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
};
const IPV6_GRANTED = `
  100:0:0:1:: 2001:1:: 2001:4860:4860::8888 2001:db7:ffff:: 2001:db9:: 2003::
  2606:4700::1111 64:ff9a::1 64:ff9b:2:: fbff:ffff::1 fe7f:ffff::1
`;

for (const [family, denied, granted, options] of [
  ['ipv4', IPV4_DENIED, IPV4_GRANTED, {}],
  ['ipv6', IPV6_DENIED, IPV6_GRANTED, ipv6],
] as const) {
  await t.test(`A62 ${family}: no peer in a denied range, every peer beside them`, options, async (t) => {
    const coturn = await startCoturn(t);
    const client = await allocated(t, coturn, family);
    for (const [range, addresses] of Object.entries(denied)) {
      for (const address of addresses)
        t.equal((await client.createPermission(bytesOf(address))).status, 403, `${range}: ${address}`);
    }
    for (const address of granted.trim().split(/\s+/))
      t.match(await client.createPermission(bytesOf(address)), { status: 200, isConfirmed: true }, address);
    t.match(await client.refresh(0), { status: 200 });
  });
}

await t.test('an IPv6 address is no way around an IPv4 relay', async (t) => {
  const client = await allocated(t, await startCoturn(t));
  for (const address of ['::ffff:127.0.0.1', '::1', '2001:4860:4860::8888'])
    t.equal((await client.createPermission(bytesOf(address))).status, 443, address);
});
