// Old calls are deleted at the start and then every hour, also after a sweep that failed, and no more after the stop.

import t from 'tap';

import { startRetention } from '../../../src/call/retention.ts';
import { TestClock } from '../../harness/test-clock.ts';

const HOUR_MS = 3_600_000;

await t.test('sweeps by the age that is kept, hourly, past failures, until stopped', async (t) => {
  const clock = new TestClock();
  const asked: number[] = [];
  const failures: unknown[] = [];
  const store = {
    nowMs: async () => clock.nowMs(),
    deleteEndedBefore: async (beforeMs: number) => {
      asked.push(clock.nowMs() - beforeMs);
      if (asked.length === 2) throw new Error('locked');
      return 0;
    },
  };
  const stop = startRetention({
    store,
    keepMs: 5 * HOUR_MS,
    clock,
    onFailed: (error) => failures.push(error),
  });
  await settle();
  for (let hour = 0; hour < 3; hour += 1) {
    clock.advance(HOUR_MS);
    await settle();
  }
  t.strictSame(asked, [5 * HOUR_MS, 5 * HOUR_MS, 5 * HOUR_MS, 5 * HOUR_MS]);
  t.equal(failures.length, 1);
  stop();
  clock.advance(10 * HOUR_MS);
  await settle();
  t.equal(asked.length, 4);
});

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
