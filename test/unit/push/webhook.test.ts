// The webhook against a real HTTP receiver, with time in the test's hand: order, signature, retries, limits, the stop.

import { createHmac } from 'node:crypto';

import { pino } from 'pino';
import t from 'tap';

import { createWebhook, type NoticeOutcome } from '../../../src/push/webhook.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';
import { fixture, notice, SECRET, type Reply } from './webhook-fixture.ts';

await t.test('a notice is posted as JSON, with a signature that the receiver can check', async (t) => {
  const { clock, received, outcomes, post } = await fixture(t);
  clock.advance(1_234);
  const sent = notice(1, { callerName: 'Älice', expiresAt: clock.nowMs() + 60_000, reason: 'cancelled' });
  post(sent);
  await until(() => outcomes.length === 1);
  const [first] = received;
  t.same(first?.notice, sent);
  t.match(first, { method: 'POST', path: '/hook?a=b', headers: { 'content-type': 'application/json' } });
  const timestamp = String(first?.headers['x-portico-timestamp']);
  t.equal(timestamp, '1700000001');
  const hex = createHmac('sha256', SECRET).update(`${timestamp}.${first?.body}`).digest('hex');
  t.equal(first?.headers['x-portico-signature'], `sha256=${hex}`);
  t.same(outcomes, ['delivered']);
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('it is tried again after 1, 5 and 30 s, signed for the new time, then given up', async (t) => {
  const { clock, received, outcomes, logged, post } = await fixture(t, {
    reply: () => 503,
    limits: { timeoutMs: 4_000 },
  });
  post(notice(1));
  for (const [attempts, pauseMs] of [
    [1, 1_000],
    [2, 5_000],
    [3, 30_000],
  ] as const) {
    await clock.pausing(pauseMs);
    clock.advance(pauseMs - 1);
    t.equal(received.length, attempts, `not before ${pauseMs} ms`);
    clock.advance(1);
  }
  await until(() => outcomes.length === 1);
  t.equal(received.length, 4);
  t.same(outcomes, ['failed']);
  t.match(logged.join(''), /"outcome":"failed","cause":"status 503"/);
  const stamps = received.map(({ headers }) => headers['x-portico-timestamp']);
  t.same(stamps, ['1700000000', '1700000001', '1700000006', '1700000036']);
  t.equal(new Set(received.map(({ headers }) => headers['x-portico-signature'])).size, 4);
});

await t.test('two failures and then a success are a delivery, and what follows waits for it', async (t) => {
  const { clock, received, outcomes, post } = await fixture(t, {
    reply: (index) => ([500, 200, 'reset'] as const)[index] ?? 200,
    limits: { timeoutMs: 4_000 },
  });
  post(notice(1));
  post(notice(1, { type: 'ring-cancel' }));
  post(notice(1, { type: 'end' }));
  await clock.pausing(1_000);
  post(notice(2, { type: 'answer' }));
  await until(() => outcomes.length === 1);
  const types = (): string[] => received.map((one) => one.notice.type);
  t.same(types(), ['ring', 'answer'], 'another call waits for nobody');
  await clock.pausing(1_000);
  clock.advance(1_000);
  await clock.pausing(5_000);
  clock.advance(5_000);
  await until(() => outcomes.length === 4);
  t.same(types(), ['ring', 'answer', 'ring', 'ring', 'ring-cancel', 'end']);
  t.same(outcomes, ['delivered', 'delivered', 'delivered', 'delivered']);
});

await t.test('what is tried again and what is not', async (t) => {
  const rows: readonly [reply: Reply, outcome: NoticeOutcome, attempts: number][] = [
    [200, 'delivered', 1],
    [202, 'delivered', 1],
    [301, 'refused', 1],
    [307, 'refused', 1],
    [400, 'refused', 1],
    [401, 'refused', 1],
    [404, 'refused', 1],
    [410, 'refused', 1],
    [408, 'failed', 2],
    [429, 'failed', 2],
    [500, 'failed', 2],
    [502, 'failed', 2],
    ['reset', 'failed', 2],
  ];
  for (const [reply, outcome, attempts] of rows) {
    const { clock, received, outcomes, post } = await fixture(t, {
      reply: () => reply,
      limits: { pausesMs: [1_000] },
    });
    post(notice(1));
    if (attempts === 2) {
      await clock.pausing(1_000);
      clock.advance(1_000);
    }
    await until(() => outcomes.length === 1);
    t.same([outcomes[0], received.length], [outcome, attempts], String(reply));
    t.ok(
      received.every(({ path }) => path === '/hook?a=b'),
      'no redirect is followed',
    );
  }
});

await t.test(
  'no answer in 5 s is a failure, an answer that breaks off behind its status is none',
  async (t) => {
    const { clock, received, outcomes, logged, post } = await fixture(t, {
      reply: (index) => (index === 0 ? 'hang' : 'half'),
    });
    post(notice(1));
    await until(() => received.length === 1);
    clock.advance(4_999);
    t.equal(clock.pending, 1);
    clock.advance(1);
    await clock.pausing(1_000);
    clock.advance(1_000);
    await until(() => outcomes.length === 1);
    t.same([outcomes, received.length, logged.length], [['delivered'], 2, 0]);
  },
);

await t.test(
  'a ring is not posted once it has expired, nor kept when its next attempt would be late',
  async (t) => {
    const { clock, received, outcomes, post } = await fixture(t, { reply: () => 503 });
    post(notice(1, { expiresAt: clock.nowMs() }));
    await until(() => outcomes.length === 1);
    t.same([outcomes, received.length], [['expired'], 0]);
    post(notice(2, { expiresAt: clock.nowMs() + 5_000 }));
    await clock.pausing(1_000);
    clock.advance(1_000);
    await until(() => outcomes.length === 2);
    t.same([outcomes, received.length], [['expired', 'expired'], 2], 'the third attempt would come after it');
    t.equal(clock.pending, 0);
  },
);

await t.test('of one call the oldest waiting notice goes when there are too many', async (t) => {
  const { received, outcomes, clock, post } = await fixture(t, {
    reply: (index) => (index === 0 ? 'hang' : 200),
    limits: { perCall: 2, pausesMs: [] },
  });
  post(notice(1, { at: 0 }));
  await until(() => received.length === 1);
  for (const at of [1, 2, 3, 4]) post(notice(1, { at }));
  t.same(outcomes, ['dropped', 'dropped']);
  clock.advance(5_000);
  await until(() => outcomes.length === 5);
  t.same(
    received.map((one) => one.notice.at),
    [0, 3, 4],
  );
});

await t.test('of all calls no more wait than allowed, and room is made by what ends', async (t) => {
  const { received, outcomes, logged, clock, post } = await fixture(t, {
    reply: (index) => (index < 3 ? 'hang' : 200),
    limits: { inAll: 3, pausesMs: [] },
  });
  for (const call of [1, 2, 3]) post(notice(call));
  await until(() => received.length === 3);
  post(notice(4));
  post(notice(1, { type: 'end' }));
  t.same(outcomes, ['dropped', 'dropped']);
  t.match(logged.join(''), 'too many notices wait');
  clock.advance(5_000);
  await until(() => outcomes.length === 5);
  post(notice(5));
  await until(() => outcomes.length === 6);
  t.same(outcomes.slice(2), ['failed', 'failed', 'failed', 'delivered']);
});

await t.test('a body that is too large is not sent', async (t) => {
  const { received, outcomes, post } = await fixture(t);
  post(notice(1, { callerName: 'ä'.repeat(9_000) }));
  t.same([outcomes, received.length], [['dropped'], 0]);
});

await t.test('a receiver that cannot be reached, or whose URL is wrong, throws nothing', async (t) => {
  const outcomes: NoticeOutcome[] = [];
  const webhook = createWebhook({
    url: 'http://127.0.0.1:1/',
    secret: SECRET,
    clock: new TestClock(),
    log: pino({ level: 'silent' }),
    onOutcome: (outcome) => void outcomes.push(outcome),
    limits: { pausesMs: [] },
  });
  t.teardown(() => webhook.stop(0));
  webhook.post(notice(1));
  await until(() => outcomes.length === 1);
  t.same(outcomes, ['failed']);
});

await t.test('a thousand calls are told on sixteen connections', async (t) => {
  const { received, outcomes, post } = await fixture(t);
  for (let call = 1; call <= 1_000; call += 1) post(notice(call));
  await until(() => outcomes.length === 1_000, 20_000);
  t.equal(new Set(received.map((one) => one.notice.callId)).size, 1_000);
  t.same([...new Set(outcomes)], ['delivered']);
});

await t.test('a stop tries what waits once more at once, in order, and takes nothing new', async (t) => {
  const { clock, received, outcomes, post, stop } = await fixture(t, {
    reply: (index) => (index === 0 ? 503 : 200),
  });
  post(notice(1));
  post(notice(1, { type: 'end' }));
  await clock.pausing(1_000);
  const stopped = stop(3_000);
  post(notice(2));
  t.same(outcomes, ['dropped']);
  await stopped;
  await stop(3_000);
  t.same(
    received.map((one) => one.notice.type),
    ['ring', 'ring', 'end'],
  );
  t.same(outcomes, ['dropped', 'delivered', 'delivered']);
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('a stop ends at its deadline, whatever the receiver does', async (t) => {
  const { clock, received, outcomes, post, stop } = await fixture(t, { reply: () => 'hang' });
  post(notice(1));
  post(notice(1, { type: 'end' }));
  post(notice(2));
  await until(() => received.length === 2);
  const stopped = stop(3_000);
  clock.advance(3_000);
  await stopped;
  t.same(outcomes, ['failed', 'failed', 'failed']);
  t.equal(clock.pending, 0);
});

await t.test('neither the secret nor the URL reaches the log', async (t) => {
  const { outcomes, logged, post } = await fixture(t, { reply: () => 400, path: '/hook?token=c4n4ry-token' });
  post(notice(1, { callerName: 'c4n4ry-name' }));
  await until(() => outcomes.length === 1);
  t.equal(logged.length, 1);
  t.notMatch(logged.join(''), 'c4n4ry');
});
