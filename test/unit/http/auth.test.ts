// Who is who: every combination of what is shown, of the mode, and of what the homeserver says.

import t from 'tap';

import { configTree } from '../../../src/config/config.ts';
import { resolve } from '../../../src/config/resolve.ts';
import {
  authenticate as authenticateWhole,
  authenticateEach as authenticateEachWhole,
  bearerOf,
  identityWarnings,
  isAddressUsable,
  isLogout,
  tokenOf,
  type Door,
  type Identity,
  type Refusal,
  type Shown,
} from '../../../src/http/auth.ts';
import { addressRanges } from '../../../src/http/address.ts';
import { readClient } from '../../../src/http/client.ts';
import { cached } from '../../../src/matrix/cached.ts';
import { createVouching, type Recheck } from '../../../src/matrix/vouch.ts';
import { headOf } from '../../harness/heads.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { fakeHomeserver, known, UNAVAILABLE } from '../matrix/fake-homeserver.ts';

const HOME = '192.0.2.7';
const ALICE = '@alice:hs';

/** alice and a service without a device are known; at HOME, alice's phone and bob's laptop are in use. */
function doorOf(mode: Door['mode'], isSynapseUp = true) {
  const homeserver = fakeHomeserver({
    a: isSynapseUp ? known(ALICE, 'PHONE') : UNAVAILABLE,
    b: isSynapseUp ? known('@bob:hs', 'LAPTOP') : UNAVAILABLE,
    service: known('@service:hs'),
  });
  const vouching = createVouching(homeserver, new TestClock());
  vouching.noteUse(HOME, 'b');
  vouching.noteUse(HOME, 'a');
  return { mode, homeserver, vouching };
}

function shown(parts: Partial<Shown>): Shown {
  return { clientAddress: HOME, isAddressUsable: true, ...parts };
}

/** Without the questions that it can ask, which have tests of their own. */
function facts(verdict: Verdict): Verdict {
  if ('refused' in verdict) return verdict;
  const { recheck: _, joinedMembers: __, ...identity } = verdict;
  return identity;
}

async function authenticate(parts: Shown, door: Door): Promise<Verdict> {
  return facts(await authenticateWhole(parts, door));
}

async function authenticateEach(parts: Shown, door: Door): Promise<readonly Verdict[] | Refusal> {
  const found = await authenticateEachWhole(parts, door);
  return 'refused' in found ? found : found.map(facts);
}

type Verdict = Identity | Refusal;
const refused = (code: Refusal['refused']): Refusal => ({ refused: code });
const identity = (userId: string, trust: Identity['trust'], deviceId?: string): Verdict =>
  ({ userId, trust, ...(deviceId === undefined ? {} : { deviceId }) }) as Identity;

await t.test('in every mode a token is the user that Synapse says it is', async (t) => {
  const rows: readonly [what: string, parts: Partial<Shown>, verdict: Verdict][] = [
    ['the token alone', { token: 'a' }, identity(ALICE, 'verified', 'PHONE')],
    ['with its user', { token: 'a', claimedUserId: ALICE }, identity(ALICE, 'verified', 'PHONE')],
    ['an empty user is none', { token: 'a', claimedUserId: '' }, identity(ALICE, 'verified', 'PHONE')],
    ['with another user', { token: 'a', claimedUserId: '@bob:hs' }, refused('IDENTITY_MISMATCH')],
    ['with its user in capitals', { token: 'a', claimedUserId: '@Alice:hs' }, refused('IDENTITY_MISMATCH')],
    ['with what is no user', { token: 'a', claimedUserId: 'alice' }, refused('IDENTITY_MISMATCH')],
    ['its own device outweighs', { token: 'a', claimedDeviceId: 'X' }, identity(ALICE, 'verified', 'PHONE')],
    ['one without', { token: 'service', claimedDeviceId: 'X' }, identity('@service:hs', 'verified', 'X')],
    ['an unknown token', { token: 'old' }, refused('IDENTITY_UNKNOWN_TOKEN')],
  ];
  for (const mode of ['verified', 'vouched', 'claimed'] as const) {
    for (const [what, parts, verdict] of rows)
      t.same(await authenticate(shown(parts), doorOf(mode)), verdict, `${mode}: ${what}`);
  }
});

await t.test('without a token it depends on the mode', async (t) => {
  const claim = { claimedUserId: ALICE };
  const rows: readonly [mode: Door['mode'], parts: Partial<Shown>, verdict: Verdict][] = [
    ['verified', claim, refused('IDENTITY_REQUIRED')],
    ['verified', {}, refused('IDENTITY_REQUIRED')],
    ['vouched', claim, identity(ALICE, 'vouched', 'PHONE')],
    ['vouched', { ...claim, token: '' }, identity(ALICE, 'vouched', 'PHONE')],
    ['vouched', { ...claim, claimedDeviceId: 'X' }, identity(ALICE, 'vouched')],
    ['vouched', { ...claim, clientAddress: '192.0.2.8' }, refused('IDENTITY_REQUIRED')],
    ['vouched', { ...claim, isAddressUsable: false }, refused('IDENTITY_REQUIRED')],
    ['vouched', { claimedUserId: '@carol:hs' }, refused('IDENTITY_REQUIRED')],
    ['vouched', { claimedUserId: 'alice' }, refused('IDENTITY_REQUIRED')],
    ['vouched', {}, refused('IDENTITY_REQUIRED')],
    ['claimed', claim, identity(ALICE, 'claimed')],
    ['claimed', { ...claim, claimedDeviceId: 'X' }, identity(ALICE, 'claimed', 'X')],
    ['claimed', { ...claim, isAddressUsable: false }, identity(ALICE, 'claimed')],
    ['claimed', { claimedUserId: 'alice' }, refused('IDENTITY_REQUIRED')],
    ['claimed', {}, refused('IDENTITY_REQUIRED')],
  ];
  for (const [mode, parts, verdict] of rows)
    t.same(await authenticate(shown(parts), doorOf(mode)), verdict, `${mode}: ${JSON.stringify(parts)}`);
});

await t.test('a bad token is not made good by a neighbour, only by the laboratory mode', async (t) => {
  const parts = shown({ token: 'old', claimedUserId: ALICE });
  t.same(await authenticate(parts, doorOf('verified')), refused('IDENTITY_UNKNOWN_TOKEN'));
  t.same(await authenticate(parts, doorOf('vouched')), refused('IDENTITY_UNKNOWN_TOKEN'));
  t.same(await authenticate(parts, doorOf('claimed')), identity(ALICE, 'claimed'));
});

await t.test('while Synapse cannot say, nobody is let in and nobody is told to log in', async (t) => {
  for (const mode of ['verified', 'vouched'] as const) {
    const door = doorOf(mode, false);
    t.same(await authenticate(shown({ token: 'a' }), door), refused('IDENTITY_UNAVAILABLE'), mode);
    t.same(await authenticateEach(shown({ token: 'a' }), door), refused('IDENTITY_UNAVAILABLE'), mode);
  }
  const door = doorOf('vouched', false);
  t.same(
    await authenticate(shown({ claimedUserId: ALICE }), door),
    refused('IDENTITY_UNAVAILABLE'),
    'a claim',
  );
  t.same(await authenticateEach(shown({}), door), refused('IDENTITY_UNAVAILABLE'), 'nobody named');
  t.same(
    await authenticate(shown({ token: 'a', claimedUserId: ALICE }), doorOf('claimed', false)),
    identity(ALICE, 'claimed'),
    'but a laboratory believes',
  );
});

await t.test('who names nobody may be anybody that is vouched for', async (t) => {
  const everybody = [identity(ALICE, 'vouched', 'PHONE'), identity('@bob:hs', 'vouched', 'LAPTOP')];
  t.same(await authenticateEach(shown({}), doorOf('vouched')), everybody);
  t.same(await authenticateEach(shown({ token: '', claimedUserId: '' }), doorOf('vouched')), everybody);
  t.same(await authenticateEach(shown({ token: 'a' }), doorOf('vouched')), [
    identity(ALICE, 'verified', 'PHONE'),
  ]);
  t.same(await authenticateEach(shown({ claimedUserId: ALICE }), doorOf('vouched')), everybody.slice(0, 1));
  const nobody = refused('IDENTITY_REQUIRED');
  t.same(
    await authenticateEach(shown({ claimedUserId: 'x' }), doorOf('vouched')),
    nobody,
    'an unreadable claim',
  );
  t.same(
    await authenticateEach(shown({ clientAddress: '192.0.2.8' }), doorOf('vouched')),
    nobody,
    'elsewhere',
  );
  t.same(
    await authenticateEach(shown({ isAddressUsable: false }), doorOf('vouched')),
    nobody,
    'an unusable address',
  );
  for (const mode of ['verified', 'claimed'] as const)
    t.same(await authenticateEach(shown({}), doorOf(mode)), nobody, mode);
});

await t.test('Synapse is told the address of a client, but not one that stands for many', async (t) => {
  const door = doorOf('verified');
  await authenticate(shown({ token: 'a' }), door);
  await authenticate(shown({ token: 'a', isAddressUsable: false }), door);
  t.same(door.homeserver.askedFor, [HOME, undefined]);
});

await t.test('an address stands for a client, not for a proxy or a Unix socket', async (t) => {
  const rows: readonly [
    what: string,
    peer: string | undefined,
    headers: readonly string[],
    isUsable: boolean,
  ][] = [
    ['a client of its own', HOME, [], true],
    ['the local machine', '127.0.0.1', [], true],
    ['IPv4 in IPv6', `::ffff:${HOME}`, [], true],
    ['a trusted proxy that names its client', '10.0.0.1', ['X-Forwarded-For', HOME], true],
    ['a trusted proxy that names nobody', '10.0.0.1', [], false],
    ['a trusted proxy that names a proxy', '10.0.0.1', ['X-Forwarded-For', '10.0.0.2'], false],
    ['a trusted proxy that names what is no address', '10.0.0.1', ['X-Forwarded-For', 'unknown'], false],
    ['a proxy that nobody trusts', HOME, ['X-Forwarded-For', '203.0.113.5'], false],
    ['the same in its other words', HOME, ['Forwarded', 'for=203.0.113.5'], false],
    ['and in others yet', HOME, ['via', '1.1 proxy'], false],
    ['a Unix socket', undefined, [], false],
    ['a Unix socket with a trusted proxy', undefined, ['X-Forwarded-For', HOME], true],
    [
      'a Unix socket with a proxy that names this machine',
      undefined,
      ['X-Forwarded-For', '127.0.0.1'],
      false,
    ],
  ];
  const trusted = addressRanges([
    { kind: 'network', family: 'ipv4', address: '10.0.0.0', prefixLength: 8 },
    { kind: 'unix' },
  ]);
  for (const [what, address, headers, isUsable] of rows) {
    const head = headOf({ headers });
    const peer = { address, isUnix: address === undefined, isTls: false, localAuthority: 'localhost' };
    t.equal(isAddressUsable(head, readClient(head, peer, trusted), address, trusted), isUsable, what);
  }
  const head = headOf();
  const peer = { address: undefined, isUnix: true, isTls: false, localAuthority: 'localhost' };
  const none = addressRanges([]);
  t.equal(
    isAddressUsable(head, readClient(head, peer, none), undefined, none),
    false,
    'a Unix socket of strangers',
  );
});

await t.test('a token stands in Authorization, or in the query of old clients', async (t) => {
  const rows: readonly [
    target: string,
    authorizations: readonly string[],
    token?: string | undefined,
    bearer?: string,
  ][] = [
    ['/x', []],
    ['/x', ['Bearer abc'], 'abc', 'abc'],
    ['/x', ['bearer abc'], 'abc', 'abc'],
    ['/x', ['BEARER  abc '], 'abc', 'abc'],
    ['/x', ['Bearer']],
    ['/x', ['Bearer ']],
    ['/x', ['Bearer a b']],
    ['/x', ['Basic abc']],
    ['/x', ['xBearer abc']],
    ['/x', ['Bearer abc', 'Bearer abc']],
    ['/x?access_token=abc', [], 'abc'],
    ['/x?a=b&access_token=a%2Bc', [], 'a+c'],
    ['/x?access_token=', []],
    ['/x?access_token=a&access_token=b', []],
    ['/x?ACCESS_TOKEN=abc', []],
    ['/x?access_token=abc', ['Bearer abc'], undefined, 'abc'],
    ['/x?access_token=abc', ['Basic abc']],
    ['/x?access_token=%ff%zz', [], '\ufffd%zz'],
    ['/x?a=%2F&acc%65ss_token=abc', [], 'abc'],
    ['/x?a=%2F&%61=access_token', []],
    ['/x?access_tokens=abc', []],
    ['/x?my_access_token=abc', []],
    // A name of its own, to Synapse too.
    ['/x??access_token=abc', []],
  ];
  for (const [target, authorizations, token, bearer] of rows) {
    const head = headOf({ target, headers: authorizations.flatMap((value) => ['authorization', value]) });
    t.equal(tokenOf(head), token, `${target} ${authorizations.join()}`);
    t.equal(bearerOf(head), bearer, `of our own API: ${target} ${authorizations.join()}`);
  }
});

await t.test('a logout is told from what only looks like one', async (t) => {
  const rows: readonly [method: string, target: string, isOne: boolean][] = [
    ['POST', '/_matrix/client/v3/logout', true],
    ['POST', '/_matrix/client/r0/logout/all?access_token=a', true],
    ['GET', '/_matrix/client/v3/logout', false],
    ['POST', '/_matrix/client/v3/logout/other', false],
    ['POST', '/_matrix/client/v3/profile/logout', false],
  ];
  for (const [method, target, isOne] of rows) t.equal(isLogout(headOf({ method, target })), isOne, target);
});

await t.test('the operator is warned of what lets everybody in', async (t) => {
  const resolved = resolve(configTree, {
    document: undefined,
    environment: {},
    readFile: () => ({ problem: 'is not there' }),
  });
  if (!('config' in resolved)) throw new Error('the defaults are refused');
  const { signaling } = resolved.config;
  const warnings = (parts: Partial<typeof signaling>) => identityWarnings({ ...signaling, ...parts });
  t.same(warnings({ identity: 'vouched', origins: ['https://a.example'] }), []);
  t.equal(warnings({ identity: 'claimed' }).length, 1);
  t.equal(warnings({ identity: 'claimed', origins: ['https://a.example', '*'] }).length, 2);
  const profile = { ...signaling.profile, auth: 'claimed' } as const;
  const room = { ...signaling.room, rooms: 'open' } as const;
  t.same(warnings({ profile, room }), [], 'not of what is not served');
  t.match(warnings({ profile: { ...profile, enabled: true } }), [/^signaling\.profile\.auth is claimed/]);
  t.match(warnings({ room: { ...room, enabled: true } }), [/^signaling\.room\.rooms is open/]);
  t.match(warnings({ room: { ...room, enabled: true, rooms: 'registry' } }), [/rooms is registry/]);
});

async function recheckOf(parts: Partial<Shown>, door: Door): Promise<Recheck | undefined> {
  const found = await authenticateWhole(shown(parts), door);
  if ('refused' in found) throw new Error(found.refused);
  return found.recheck;
}

await t.test('T24 a verified identity holds as long as Synapse knows its token as this user', async (t) => {
  const door = doorOf('verified');
  const recheck = await recheckOf({ token: 'a' }, door);
  t.equal(await recheck?.(), 'valid');
  door.homeserver.answers.set('a', UNAVAILABLE);
  t.equal(await recheck?.(), 'unknown');
  door.homeserver.answers.set('a', known('@bob:hs'));
  t.equal(await recheck?.(), 'revoked', 'the token of somebody else');
  door.homeserver.answers.set('a', known(ALICE));
  t.equal(await recheck?.(), 'valid');
  door.homeserver.answers.delete('a');
  t.equal(await recheck?.(), 'revoked');
  t.equal(door.homeserver.askedFor.at(-1), HOME);
});

await t.test(
  'T24 a vouched identity holds as long as a token does, a claimed one was never proved',
  async (t) => {
    const door = doorOf('vouched');
    const claim = { claimedUserId: ALICE };
    const recheck = await recheckOf(claim, door);
    t.equal(await recheck?.(), 'valid');
    door.homeserver.answers.delete('a');
    t.equal(await recheck?.(), 'revoked');
    const each = await authenticateEachWhole(shown({}), door);
    t.equal('refused' in each ? '' : await each[0]?.recheck?.(), 'valid', 'and those who named nobody');
    t.equal(await recheckOf(claim, doorOf('claimed')), undefined);
  },
);

await t.test(
  'T24 with the cache and a sweep every ten seconds a revoked token is found within a minute',
  async (t) => {
    const clock = new TestClock();
    const homeserver = fakeHomeserver({ a: known(ALICE) });
    const door: Door = { ...doorOf('verified'), homeserver: cached(homeserver, { clock }) };
    for (let lag = 0; lag < 10_000; lag += 1_000) {
      homeserver.answers.set('a', known(ALICE));
      clock.advance(100_000);
      const recheck = await recheckOf({ token: 'a' }, door);
      clock.advance(lag);
      homeserver.answers.delete('a');
      const verdicts: (string | undefined)[] = [];
      for (let sweep = 0; sweep < 6; sweep += 1) {
        verdicts.push(await recheck?.());
        clock.advance(10_000);
      }
      t.equal(verdicts[0], 'valid', 'the cache remembers it');
      t.equal(verdicts[5], 'revoked', '50 s after the first sweep');
    }
  },
);
