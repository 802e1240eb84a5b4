// Credentials for coturn: against values computed by another implementation, and how they change with time and user.

import { createHmac } from 'node:crypto';

import t from 'tap';

import { turnCredentials } from '../../../src/ice/credentials.ts';
import { parseUserId, type UserId } from '../../../src/matrix/ids.ts';

const NOW_MS = 1_700_000_000_000;
const TTL_MS = 600_000;

function user(id: string): UserId {
  const parsed = parseUserId(id);
  if (parsed === undefined) throw new Error(`${id} is no user id`);
  return parsed;
}

function tagOf(userId: UserId, secret: string, nowMs: number): string {
  return turnCredentials({ secret, userId, ttlMs: TTL_MS, nowMs }).username.split(':')[1] ?? '';
}

const alice = user('@alice:example.org');

await t.test("usernames and credentials are those that Python's hmac computes", async (t) => {
  const tag = '268f091dd05c46302527d04fac512e6e';
  const rows: readonly [nowMs: number, ttlMs: number, username: string, credential: string][] = [
    [NOW_MS, TTL_MS, `1700000589:${tag}`, 'gJItPx6VVum3lqUMmlWtyC9lFXY='],
    [NOW_MS + 1_999, 60_000, `1700000049:${tag}`, 'pWYvCnU5ISdDHqKvIiM1RqsgeKc='],
    [0, 86_400_000, `74589:${tag}`, 'lTjAHCOAguquTKkdjZPVvRx4zKA='],
  ];
  for (const [nowMs, ttlMs, username, credential] of rows) {
    const made = turnCredentials({ secret: 'north', userId: alice, ttlMs, nowMs });
    t.match(made, { username, credential }, `at ${nowMs}`);
  }
});

await t.test('the digest is HMAC-SHA1 as RFC 2202 has it', async (t) => {
  const digest = createHmac('sha1', 'Jefe').update('what do ya want for nothing?').digest('hex');
  t.equal(digest, 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
});

await t.test('they live for half of the time to the whole of it, whenever they are asked for', async (t) => {
  for (const ttlMs of [60_000, 61_500, TTL_MS, 24 * 3_600_000]) {
    for (let step = 0; step < 2_000; step += 1) {
      const nowMs = NOW_MS + step * 997;
      const { expiresAtMs, refreshAtMs } = turnCredentials({ secret: 's', userId: alice, ttlMs, nowMs });
      const leftMs = expiresAtMs - nowMs;
      if (leftMs > ttlMs || leftMs < ttlMs / 2 - 2_000) t.fail(`${leftMs} ms of ${ttlMs} at ${nowMs}`);
      if (refreshAtMs <= nowMs || refreshAtMs >= expiresAtMs) t.fail(`refresh at ${refreshAtMs - nowMs} ms`);
    }
  }
  t.pass('8000 times');
});

await t.test('a user who asks every second of an hour is issued thirteen at most', async (t) => {
  const usernames = new Set<string>();
  for (let second = 0; second < 3_600; second += 1) {
    const nowMs = NOW_MS + second * 1_000;
    usernames.add(turnCredentials({ secret: 's', userId: alice, ttlMs: TTL_MS, nowMs }).username);
  }
  t.ok(usernames.size === 12 || usernames.size === 13, `${usernames.size}`);
});

await t.test('from the refresh time on there are later ones, and not a millisecond before', async (t) => {
  const first = turnCredentials({ secret: 's', userId: alice, ttlMs: TTL_MS, nowMs: NOW_MS });
  const before = { secret: 's', userId: alice, ttlMs: TTL_MS, nowMs: first.refreshAtMs - 1 };
  t.same(turnCredentials(before), first);
  const next = turnCredentials({ ...before, nowMs: first.refreshAtMs });
  t.equal(next.expiresAtMs, first.expiresAtMs + TTL_MS / 2);
});

await t.test(
  "a user's tag is the same at all times, differs per user and secret, and names nobody",
  async (t) => {
    const tag = tagOf(alice, 's', NOW_MS);
    t.match(tag, /^[0-9a-f]{32}$/);
    t.equal(tagOf(alice, 's', NOW_MS + 86_400_000), tag, 'coturn counts its quota by it');
    t.not(tagOf(user('@bob:example.org'), 's', NOW_MS), tag);
    t.not(tagOf(alice, 'other', NOW_MS), tag);
  },
);

await t.test('the users of a server do not all come back in the same second', async (t) => {
  const times = new Set<number>();
  for (let index = 0; index < 200; index += 1) {
    const userId = user(`@u${index}:example.org`);
    times.add(turnCredentials({ secret: 's', userId, ttlMs: TTL_MS, nowMs: NOW_MS }).refreshAtMs);
  }
  t.ok(times.size > 100, `${times.size} refresh times of 200 users`);
});
