// One deadline that is moved again and again: it passes once, at the time that was set last, and holds one timer.

import t from 'tap';

import { Deadline } from '../../../src/splice/deadline.ts';
import { SeededRandom } from '../../fuzz/random.ts';
import { TestClock } from '../../harness/test-clock.ts';

function started() {
  const clock = new TestClock();
  const passedAtMs: number[] = [];
  const deadline = new Deadline(clock, () => passedAtMs.push(clock.monotonicMs()));
  const set = (delayMs: number): void => deadline.set(delayMs, clock.monotonicMs());
  return { clock, passedAtMs, deadline, set };
}

await t.test('a deadline passes once, when it is due', async (t) => {
  const { clock, passedAtMs, set } = started();
  set(1_000);
  clock.advance(999);
  t.same(passedAtMs, [], 'not before');
  clock.advance(100_000);
  t.same(passedAtMs, [1_000]);
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('a deadline that is moved later passes then, and not before', async (t) => {
  const { clock, passedAtMs, set } = started();
  set(1_000);
  for (let i = 0; i < 50; i += 1) {
    clock.advance(100);
    set(1_000);
    t.equal(clock.pending, 1, 'with one timer');
  }
  t.same(passedAtMs, [], 'not while it is moved on');
  clock.advance(100_000);
  t.same(passedAtMs, [6_000]);
});

await t.test('a deadline that is moved earlier passes then, and only then', async (t) => {
  const { clock, passedAtMs, set } = started();
  set(60_000);
  clock.advance(10);
  set(500);
  t.equal(clock.pending, 1, 'with one timer');
  clock.advance(200_000);
  t.same(passedAtMs, [510]);
});

await t.test('a deadline that is cleared does not pass, until it is set again', async (t) => {
  const { clock, passedAtMs, deadline, set } = started();
  set(1_000);
  deadline.clear();
  clock.advance(5_000);
  t.same(passedAtMs, [], 'cleared');
  t.equal(clock.pending, 0, 'and its timer is gone once it fired');

  set(1_000);
  deadline.clear();
  clock.advance(400);
  set(2_000);
  clock.advance(100_000);
  t.same(passedAtMs, [7_400], 'later than the timer that was left behind');

  set(10_000);
  deadline.clear();
  set(100);
  clock.advance(100_000);
  t.same(passedAtMs, [7_400, 105_500], 'earlier than it');
});

await t.test('a deadline that is closed holds no timer', async (t) => {
  const { clock, passedAtMs, deadline, set } = started();
  deadline.close();
  set(1_000);
  deadline.close();
  t.equal(clock.pending, 0);
  deadline.close();
  clock.advance(10_000);
  t.same(passedAtMs, []);
});

await t.test('a deadline may be set, cleared and closed by what it calls', async (t) => {
  const clock = new TestClock();
  const passedAtMs: number[] = [];
  const deadline = new Deadline(clock, () => {
    passedAtMs.push(clock.monotonicMs());
    if (passedAtMs.length < 4) deadline.set(passedAtMs.length * 100, clock.monotonicMs());
    else deadline.close();
  });
  deadline.set(50, 0);
  clock.advance(10_000);
  t.same(passedAtMs, [50, 150, 350, 650]);
  t.equal(clock.pending, 0);
});

await t.test(
  'the time is that of whoever sets it, so that one reading of the clock serves for all',
  async (t) => {
    const { clock, passedAtMs, deadline } = started();
    clock.advance(1_000);
    deadline.set(10_000, 1_000);
    deadline.set(20_000, 1_000);
    clock.advance(100_000);
    t.same(passedAtMs, [21_000]);
  },
);

await t.test('a timer that fires up to a millisecond early counts', async (t) => {
  const clock = new TestClock();
  let passed = 0;
  const early = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs: number, action: () => void) => clock.after(delayMs - 0.5, action),
  };
  new Deadline(early, () => {
    passed += 1;
  }).set(100, 0);
  clock.advance(99.5);
  t.equal(passed, 1);
  t.equal(clock.pending, 0, 'nothing is armed for the rest');
});

await t.test('whatever is done with it, it passes at the time that was set last, once', async (t) => {
  for (let number = 0; number < 300; number += 1) {
    const random = new SeededRandom(41, number);
    const { clock, passedAtMs, deadline, set } = started();
    const expected: number[] = [];
    let dueMs: number | undefined;
    for (let step = 0; step < 30; step += 1) {
      const action = random.below(10);
      if (action < 6) {
        // Apart by more than the millisecond that counts as due.
        const delayMs = 5 * (1 + random.below(200));
        set(delayMs);
        dueMs = clock.monotonicMs() + delayMs;
      } else if (action === 6) {
        deadline.clear();
        dueMs = undefined;
      } else if (action === 7) {
        deadline.close();
        dueMs = undefined;
        if (clock.pending !== 0) t.fail('a closed deadline holds a timer');
      }
      clock.advance(5 * random.below(80));
      if (dueMs !== undefined && dueMs <= clock.monotonicMs()) {
        expected.push(dueMs);
        dueMs = undefined;
      }
      if (clock.pending > 1) t.fail('it holds more than one timer');
    }
    if (passedAtMs.join() !== expected.join()) t.same(passedAtMs, expected, `run ${number}`);
  }
  t.pass('300 runs');
});
