// Timers of calls, on a clock that the test moves: one for each live call, set by what the call says last.

import { setImmediate } from 'node:timers/promises';

import t from 'tap';

import type { Call } from '../../../src/call/model/call.ts';
import { DeadlineTimers } from '../../../src/call/timers.ts';
import type { CallId } from '../../../src/matrix/ids.ts';
import { ALICE, answered, callId, ended, ringingCall, START_MS } from '../../contract/calls.ts';
import { pass } from '../../harness/call-service.ts';
import { TestClock } from '../../harness/test-clock.ts';

interface TestTimers {
  readonly timers: DeadlineTimers;
  readonly clock: TestClock;
  readonly due: readonly [CallId, number][];
  readonly failed: readonly CallId[];
}

function startTimers({ onDue }: { onDue?: () => Promise<void> } = {}): TestTimers {
  const clock = new TestClock(START_MS);
  const due: [CallId, number][] = [];
  const failed: CallId[] = [];
  const timers = new DeadlineTimers(clock, {
    onDue: async (callId) => {
      due.push([callId, clock.nowMs() - START_MS]);
      await onDue?.();
    },
    onFailed: (callId) => void failed.push(callId),
  });
  return { timers, clock, due, failed };
}

const ringing = (n: number): Call => ({ ...ringingCall(n, { createdAtMs: START_MS }) });

await t.test('each call is due once, at its deadline', async (t) => {
  const { timers, clock, due } = startTimers();
  timers.arm(ringing(1), clock.nowMs());
  timers.arm({ ...ringingCall(2, { createdAtMs: START_MS + 10 }) }, clock.nowMs());
  await pass(clock, 59_999);
  t.strictSame(due, []);
  await pass(clock, 100_000);
  t.strictSame(due, [
    [callId(1), 60_000],
    [callId(2), 60_010],
  ]);
  t.equal(clock.pending, 0);
});

await t.test('a call armed again is due at its new deadline only', async (t) => {
  const { timers, clock, due } = startTimers();
  const call = ringingCall(1, { createdAtMs: START_MS });
  for (let n = 0; n < 10; n += 1) timers.arm(call, clock.nowMs());
  await setImmediate();
  t.equal(clock.pending, 1);
  timers.arm(answered(call), clock.nowMs());
  await pass(clock, 60_000);
  t.strictSame(due, [], 'an answered call has no ring to end');
  await pass(clock, 4 * 3_600_000);
  t.strictSame(due, [[callId(1), 4 * 3_600_000]]);
});

await t.test('the grace of a leg comes before the end of the ring', async (t) => {
  const { timers, clock, due } = startTimers();
  const call = ringingCall(1, { createdAtMs: START_MS });
  const legs = call.legs.map((leg) =>
    leg.userId === ALICE && leg.state === 'joined'
      ? { ...leg, state: 'reconnecting' as const, graceEndsAtMs: START_MS + 10_000 }
      : leg,
  );
  timers.arm({ ...call, legs }, clock.nowMs());
  await pass(clock, 20_000);
  t.strictSame(due, [[callId(1), 10_000]]);
});

await t.test('an ended call has no timer', async (t) => {
  const { timers, clock, due } = startTimers();
  const call = ringingCall(1, { createdAtMs: START_MS });
  timers.arm(call, clock.nowMs());
  await setImmediate();
  timers.arm(ended(call, 'cancelled'), clock.nowMs());
  await setImmediate();
  t.equal(clock.pending, 0);
  await pass(clock, 100_000);
  t.strictSame(due, []);
});

await t.test('a call that ends while its timer is being set has no timer', async (t) => {
  const { timers, clock } = startTimers();
  const call = ringingCall(1, { createdAtMs: START_MS });
  timers.arm(call, clock.nowMs());
  timers.arm(ended(call, 'cancelled'), clock.nowMs());
  await setImmediate();
  t.equal(clock.pending, 0);
});

await t.test('a deadline that has passed is due at once', async (t) => {
  const { timers, clock, due } = startTimers();
  clock.advance(90_000);
  timers.arm(ringing(1), clock.nowMs());
  await pass(clock, 0);
  t.strictSame(due, [[callId(1), 90_000]]);
});

await t.test("deadlines are on the store's clock", async (t) => {
  const { timers, clock, due } = startTimers();
  timers.arm(ringing(1), clock.nowMs() + 20_000);
  await pass(clock, 100_000);
  t.strictSame(due, [[callId(1), 40_000]], 'the store is 20 s ahead');
});

await t.test('what was merely read sets a timer only where there is none', async (t) => {
  const { timers, clock, due } = startTimers();
  const call = ringingCall(1, { createdAtMs: START_MS });
  timers.arm(answered(call), clock.nowMs());
  timers.armIfNone(call, clock.nowMs());
  await pass(clock, 60_000);
  t.strictSame(due, [], 'an older version does not bring the ring back');
  timers.armIfNone(ringing(2), START_MS);
  await pass(clock, 60_000);
  t.strictSame(due, [[callId(2), 120_000]]);
});

await t.test('one that fails is told and tried again every second until it is judged', async (t) => {
  let failures = 3;
  const { timers, clock, due, failed } = startTimers({
    onDue: () => (failures-- > 0 ? Promise.reject(new Error('down')) : Promise.resolve()),
  });
  timers.arm(ringing(1), clock.nowMs());
  for (let n = 0; n < 70; n += 1) await pass(clock, 1_000);
  t.strictSame(
    due.map(([, atMs]) => atMs),
    [60_000, 61_000, 62_000, 63_000],
  );
  t.strictSame(failed, [callId(1), callId(1), callId(1)]);
  t.equal(clock.pending, 0);
});

await t.test('after a stop nothing is due, not even what was being set or tried', async (t) => {
  const { timers, clock, due } = startTimers({ onDue: () => Promise.reject(new Error('down')) });
  timers.arm(ringing(1), clock.nowMs());
  await pass(clock, 60_000);
  timers.arm(ringing(2), clock.nowMs());
  timers.stop();
  timers.arm(ringing(3), clock.nowMs());
  await pass(clock, 100_000);
  t.strictSame(due, [[callId(1), 60_000]]);
  t.equal(clock.pending, 0);
});
