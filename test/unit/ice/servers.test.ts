// What a caller gets: by identity, by our own secret or from Synapse; what is kept, for how long and how much of it.

import t from 'tap';

import type { IceConfig } from '../../../src/config/sections/ice.ts';
import { turnCredentials } from '../../../src/ice/credentials.ts';
import type { AskTurnServer, IceAsker, IceServers, TurnServer } from '../../../src/ice/ice.ts';
import { createIceServers } from '../../../src/ice/servers.ts';
import type { UserId } from '../../../src/matrix/ids.ts';
import { TestClock } from '../../harness/test-clock.ts';

const STUN = ['stun:stun.example.org'];
const RELAY = ['turn:turn.example.org?transport=udp'];
const alice = { userId: '@alice:example.org' as UserId, token: 'alice-token' };
const bob = { userId: '@bob:example.org' as UserId, token: 'bob-token' };

const noTurn = { urls: undefined, secret: undefined, ttlMs: 600_000 };
const fromSynapse: IceConfig = { stun: STUN, turn: noTurn };
const withSecret: IceConfig = { stun: STUN, turn: { urls: RELAY, secret: 'north', ttlMs: 600_000 } };

interface Fixture {
  readonly ice: IceServers;
  readonly clock: TestClock;
  readonly asked: readonly string[];
}

function fixture(config: IceConfig, turnServer: AskTurnServer, maxKept?: number): Fixture {
  const clock = new TestClock();
  const asked: string[] = [];
  const counting: AskTurnServer = (token, clientAddress) => {
    asked.push(token);
    return turnServer(token, clientAddress);
  };
  const limit = maxKept === undefined ? {} : { maxKept };
  return { ice: createIceServers(config, { turnServer: counting, clock, ...limit }), clock, asked };
}

const relayOf = (name: string, more: Partial<TurnServer> = {}): TurnServer => ({
  uris: ['turn:synapse.example.org:3478?transport=udp'],
  username: name,
  password: `password of ${name}`,
  ttlSeconds: 3_600,
  ...more,
});

const noRelay: AskTurnServer = async () => undefined;

async function usernameFor(ice: IceServers, asker: IceAsker): Promise<string | undefined> {
  return (await ice.forUser(asker)).iceServers.find(({ username }) => username !== undefined)?.username;
}

await t.test('anybody gets STUN without credentials, and nothing where none is configured', async (t) => {
  t.same(fixture(withSecret, noRelay).ice.forAnybody, [{ urls: STUN }]);
  t.same(fixture({ stun: [], turn: noTurn }, noRelay).ice.forAnybody, []);
});

await t.test(
  'with a secret, an identified user gets credentials of its own and Synapse is not asked',
  async (t) => {
    const { ice, clock, asked } = fixture(withSecret, async (token) => relayOf(token));
    const nowMs = clock.nowMs();
    const made = turnCredentials({ secret: 'north', userId: alice.userId, ttlMs: 600_000, nowMs });
    const granted = await ice.forUser({ ...alice, token: undefined });
    t.same(granted, {
      ttlSeconds: (made.expiresAtMs - nowMs) / 1_000,
      refreshAtMs: made.refreshAtMs,
      iceServers: [{ urls: STUN }, { urls: RELAY, username: made.username, credential: made.credential }],
    });
    t.ok(granted.ttlSeconds > 300 && granted.ttlSeconds <= 600);
    t.not(await usernameFor(ice, bob), made.username);
    t.same(asked, []);
    t.notMatch(JSON.stringify(granted), /north|alice/, 'neither the secret nor the user is in it');
  },
);

await t.test("without a secret, Synapse's answer is given with what is left of its lifetime", async (t) => {
  const { ice, clock, asked } = fixture(fromSynapse, async (token) => relayOf(token));
  const first = await ice.forUser(alice);
  t.same(first, {
    ttlSeconds: 3_600,
    refreshAtMs: clock.nowMs() + 1_800_000,
    iceServers: [
      { urls: STUN },
      { urls: relayOf('x').uris, username: 'alice-token', credential: 'password of alice-token' },
    ],
  });
  clock.advance(600_000);
  t.match(await ice.forUser(alice), { ttlSeconds: 3_000, refreshAtMs: first.refreshAtMs });
  t.equal(await usernameFor(ice, bob), 'bob-token', 'another token has its own');
  t.same(asked, ['alice-token', 'bob-token']);
});

await t.test(
  'a token is asked for once while the answer is on its way, and again at half its lifetime',
  async (t) => {
    let count = 0;
    const { ice, clock, asked } = fixture(fromSynapse, async () => relayOf(`answer ${(count += 1)}`));
    const names = await Promise.all(Array.from({ length: 50 }, () => usernameFor(ice, alice)));
    t.same([...new Set(names)], ['answer 1']);
    t.equal(asked.length, 1);
    clock.advance(1_799_999);
    t.equal(await usernameFor(ice, alice), 'answer 1');
    clock.advance(1);
    t.equal(await usernameFor(ice, alice), 'answer 2');
  },
);

await t.test(
  'while Synapse fails, the last answer is used to its end, and it is not asked by everyone',
  async (t) => {
    let isUp = true;
    const { ice, clock, asked } = fixture(fromSynapse, async (token) => {
      if (!isUp) throw new Error('down');
      return relayOf(token);
    });
    t.equal(await usernameFor(ice, alice), 'alice-token');
    isUp = false;
    clock.advance(1_800_000);
    for (let call = 0; call < 20; call += 1) t.equal(await usernameFor(ice, alice), 'alice-token');
    t.equal(asked.length, 2, 'one question for twenty calls');
    clock.advance(1_800_000);
    t.same((await ice.forUser(alice)).iceServers, [{ urls: STUN }], 'over: no dead credentials');
    isUp = true;
    t.equal(await usernameFor(ice, alice), undefined, 'not asked again at once');
    clock.advance(10_000);
    t.equal(await usernameFor(ice, alice), 'alice-token');
    t.equal(asked.length, 4);
  },
);

await t.test("the client's address goes to Synapse with the question", async (t) => {
  const seen: unknown[] = [];
  const { ice } = fixture(fromSynapse, async (token, clientAddress) => {
    seen.push([token, clientAddress]);
    return undefined;
  });
  await ice.forUser({ ...alice, clientAddress: '192.0.2.7' });
  await ice.forUser(bob);
  t.same(seen, [
    ['alice-token', '192.0.2.7'],
    ['bob-token', undefined],
  ]);
});

await t.test('a failure that is thrown before a promise is made is a failure like any other', async (t) => {
  const { ice, clock, asked } = fixture(fromSynapse, () => {
    throw new Error('at once');
  });
  t.same((await ice.forUser(alice)).iceServers, [{ urls: STUN }]);
  clock.advance(10_000);
  t.same((await ice.forUser(alice)).iceServers, [{ urls: STUN }]);
  t.equal(asked.length, 2);
});

await t.test(
  'a Synapse that does not answer holds no call up, and its late answer serves the next',
  async (t) => {
    const { promise, resolve } = Promise.withResolvers<TurnServer>();
    const { ice, clock, asked } = fixture(fromSynapse, () => promise);
    const waiting = ice.forUser(alice);
    t.equal(clock.pending, 1);
    clock.advance(3_000);
    t.same((await waiting).iceServers, [{ urls: STUN }]);
    t.same((await ice.forUser(alice)).iceServers, [{ urls: STUN }], 'the next one does not wait at all');
    resolve(relayOf('late'));
    await promise;
    clock.advance(10_000);
    t.equal(await usernameFor(ice, alice), 'late');
    t.equal(asked.length, 1);
    t.equal(clock.pending, 0);
  },
);

await t.test('a Synapse without a relay, or an asker without a token, means STUN alone', async (t) => {
  const { ice, clock, asked } = fixture(fromSynapse, noRelay);
  const withoutToken = await ice.forUser({ ...alice, token: undefined });
  t.same(withoutToken, {
    ttlSeconds: 600,
    refreshAtMs: clock.nowMs() + 600_000,
    iceServers: [{ urls: STUN }],
  });
  t.same(asked, []);
  t.same(await ice.forUser(alice), withoutToken);
  clock.advance(599_999);
  await ice.forUser(alice);
  t.equal(asked.length, 1);
});

await t.test('a URL that a browser would choke on is left out of what Synapse says', async (t) => {
  const good = ['turn:a', 'turns:[2001:db8::1]:5349?transport=tcp', 'stun:a:3478'];
  const bad = ['', 'http://a', 'turn://a', 'turn:a?transport=sctp', 'turn:a b', 'turn:user@a'];
  const { ice } = fixture(fromSynapse, async (token) => relayOf(token, { uris: [...bad, ...good] }));
  t.same((await ice.forUser(alice)).iceServers[1]?.urls, good);
  const many = Array.from({ length: 100 }, (_, index) => `turn:host${index}`);
  const crowded = fixture(fromSynapse, async (token) => relayOf(token, { uris: many }));
  t.equal((await crowded.ice.forUser(alice)).iceServers[1]?.urls.length, 16);
  const none = fixture(fromSynapse, async (token) => relayOf(token, { uris: bad }));
  t.same((await none.ice.forUser(alice)).iceServers, [{ urls: STUN }]);
});

await t.test('a lifetime that makes no sense is brought within bounds', async (t) => {
  const rows: readonly [ttlSeconds: number, expected: number][] = [
    [0, 10],
    [-5, 10],
    [Number.NaN, 10],
    [30, 30],
    [1e12, 86_400],
  ];
  for (const [ttlSeconds, expected] of rows) {
    const { ice } = fixture(fromSynapse, async (token) => relayOf(token, { ttlSeconds }));
    t.equal((await ice.forUser(alice)).ttlSeconds, expected, String(ttlSeconds));
  }
});

await t.test('no more answers are kept than allowed: the oldest goes', async (t) => {
  const { ice, asked } = fixture(fromSynapse, async (token) => relayOf(token), 3);
  const ask = (index: number): Promise<unknown> => ice.forUser({ ...alice, token: `token ${index}` });
  for (const index of [0, 1, 2, 3]) await ask(index);
  t.equal(asked.length, 4);
  for (const index of [1, 2, 3]) await ask(index);
  t.equal(asked.length, 4, 'the three newest are kept');
  await ask(0);
  t.equal(asked.length, 5, 'the oldest is not');
});
