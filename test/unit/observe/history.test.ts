// The last day of calls in numbers, and the words for those that failed: read seldom, bounded, and without a store too.

import t from 'tap';

import { CallHistory, type CallHistoryParts } from '../../../src/observe/call-history.ts';
import { failedIds, summarise } from '../../../src/observe/history.ts';
import { StoreUnavailable } from '../../../src/store/errors.ts';
import type { EndedCallTimes } from '../../../src/store/overview.ts';
import { answered, callId, ended, ringingCall } from '../../contract/calls.ts';
import { TestClock } from '../../harness/test-clock.ts';

const HOUR_MS = 3_600_000;
/** Half past an hour. */
const NOW_MS = 472_222 * HOUR_MS + HOUR_MS / 2;

function endedAt(agoMs: number, endReason: string, rangMs?: number): EndedCallTimes {
  const createdAtMs = NOW_MS - agoMs;
  return {
    callId: callId(agoMs),
    createdAtMs,
    answeredAtMs: rangMs === undefined ? undefined : createdAtMs + rangMs,
    endedAtMs: createdAtMs + 60_000,
    endReason,
  };
}

await t.test('calls are counted by the hour in which they began, live ones too', async (t) => {
  const calls = [
    endedAt(HOUR_MS, 'hangup', 4_000),
    endedAt(HOUR_MS, 'no_answer'),
    endedAt(40 * HOUR_MS, 'hangup', 1),
  ];
  const live = [ringingCall(1, { createdAtMs: NOW_MS }), answered(ringingCall(2, { createdAtMs: NOW_MS }))];
  const { hours } = summarise(calls, live, NOW_MS);
  t.equal(hours.length, 24);
  t.strictSame(hours.slice(-2), [
    { atMs: NOW_MS - HOUR_MS * 1.5, answered: 1, unanswered: 1 },
    { atMs: NOW_MS - HOUR_MS / 2, answered: 1, unanswered: 1 },
  ]);
  t.ok(
    hours.slice(0, -2).every((hour) => hour.answered + hour.unanswered === 0),
    'what began before counts nowhere',
  );
});

await t.test('reasons are counted, the most frequent first', async (t) => {
  const calls = [endedAt(1, 'busy'), endedAt(2, 'hangup', 1), endedAt(3, 'hangup', 1)];
  t.strictSame(summarise(calls, [], NOW_MS).endReasons, [
    { reason: 'hangup', count: 2 },
    { reason: 'busy', count: 1 },
  ]);
});

await t.test('the seconds that calls rang, in classes and as quantiles', async (t) => {
  const calls = [500, 1_000, 1_001, 4_000, 70_000, 500_000].map((rangMs, n) =>
    endedAt(n + 1, 'hangup', rangMs),
  );
  t.strictSame(summarise(calls, [], NOW_MS).ringToAnswer, {
    upToSeconds: [1, 2, 5, 10, 20, 30, 45, 60, 120],
    counts: [2, 1, 1, 0, 0, 0, 0, 0, 1, 1],
    p50Ms: 4_000,
    p95Ms: 500_000,
  });
  t.match(summarise([], [], NOW_MS).ringToAnswer, { p50Ms: undefined, p95Ms: undefined });
});

await t.test('what people do is no failure, and of failures twenty are explained', async (t) => {
  const wanted = ['hangup', 'cancelled', 'rejected', 'busy', 'glare', 'replaced', 'room_left', 'operator'];
  t.strictSame(failedIds(wanted.map((reason, n) => endedAt(n, reason))), []);
  const failed = Array.from({ length: 30 }, (_, n) => endedAt(n, 'connection_lost'));
  t.strictSame(
    failedIds(failed),
    failed.slice(0, 20).map((call) => call.callId),
  );
});

function rig(store: Partial<CallHistoryParts['store']>) {
  const clock = new TestClock(NOW_MS);
  const failures: unknown[] = [];
  const asked: string[] = [];
  const missed = ended(ringingCall(7, { createdAtMs: NOW_MS - HOUR_MS }), 'no_answer');
  const history = new CallHistory({
    store: {
      async listEnded(sinceMs, limit) {
        asked.push(`listEnded ${clock.nowMs() - sinceMs} ${limit}`);
        return [{ ...endedAt(HOUR_MS, 'no_answer'), callId: missed.callId }];
      },
      async findCall(id) {
        asked.push('findCall');
        return id === missed.callId ? missed : undefined;
      },
      async readEvents() {
        return [];
      },
      ...store,
    },
    live: () => [],
    clock,
    onFailed: (error) => void failures.push(error),
  });
  return { history, clock, failures, asked };
}

await t.test('failures come with their verdict, which is made once', async (t) => {
  const { history, clock, asked } = rig({});
  const first = await history.read();
  t.match(first, {
    isCut: false,
    failures: [
      {
        callId: callId(7),
        reason: 'no_answer',
        initiatorId: '@alice:example.org',
        verdict: 'Nobody answered within 60 s. @bob:example.org had no device online.',
      },
    ],
  });
  await history.read();
  const list = `listEnded ${24 * HOUR_MS} 5000`;
  t.strictSame(asked, [list, 'findCall'], 'one read is for everybody who asks within five seconds');
  clock.advance(5_000);
  await history.read();
  t.strictSame(asked, [list, 'findCall', list]);
});

await t.test('a call that was deleted meanwhile is passed over', async (t) => {
  const { history } = rig({ findCall: async () => undefined });
  t.strictSame((await history.read())?.failures, []);
});

await t.test('more calls than are counted are said to be more', async (t) => {
  const many = Array.from({ length: 5_000 }, () => endedAt(1, 'hangup', 1));
  t.equal((await rig({ listEnded: async () => many }).history.read())?.isCut, true);
});

await t.test('a store that cannot answer leaves nothing to see, a defect is told too', async (t) => {
  const away = rig({ listEnded: () => Promise.reject(new StoreUnavailable('away')) });
  t.equal(await away.history.read(), undefined);
  t.strictSame(away.failures, []);
  const broken = rig({ findCall: () => Promise.reject(new TypeError('defect')) });
  t.equal(await broken.history.read(), undefined);
  t.match(broken.failures, [{ message: 'defect' }]);
});
