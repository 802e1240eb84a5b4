// Readiness: what it is made of, and how often Synapse is asked for it.

import t from 'tap';

import { createHealth } from '../../../src/observe/health.ts';
import { TestClock } from '../../harness/test-clock.ts';

function begin(answers: readonly boolean[] = [true]) {
  const clock = new TestClock();
  const state = { asked: 0, isDraining: false, isWritable: true };
  const homeserver = {
    isReachable: async () => {
      state.asked += 1;
      return answers[Math.min(state.asked, answers.length) - 1] ?? false;
    },
  };
  const store = { isWritable: async () => state.isWritable };
  const health = createHealth({ homeserver, store, isDraining: () => state.isDraining, clock });
  return { clock, state, health };
}

await t.test('ready is who reaches Synapse and is not about to stop', async (t) => {
  const rows: readonly [isReachable: boolean, isDraining: boolean, ready: boolean][] = [
    [true, false, true],
    [false, false, false],
    [true, true, false],
    [false, true, false],
  ];
  for (const [isReachable, isDraining, ready] of rows) {
    const { state, health } = begin([isReachable]);
    state.isDraining = isDraining;
    const expected = { ready, synapse: isReachable, store: true };
    t.same(await health.readiness(), expected, `reachable ${isReachable}, draining ${isDraining}`);
  }
});

await t.test('one question to Synapse answers everybody who asks within a second', async (t) => {
  const { clock, state, health } = begin();
  await Promise.all(Array.from({ length: 50 }, () => health.readiness()));
  t.equal(state.asked, 1, 'fifty at once');
  clock.advance(1_000);
  await health.readiness();
  t.equal(state.asked, 1, 'one more, a second later');
  clock.advance(1);
  await Promise.all([health.readiness(), health.readiness()]);
  t.equal(state.asked, 2, 'and only then a new question');
});

await t.test('a Synapse that comes and goes is noticed with the next question', async (t) => {
  const { clock, health } = begin([false, true, false]);
  for (const synapse of [false, true, false]) {
    t.same(await health.readiness(), { ready: synapse, synapse, store: true }, String(synapse));
    clock.advance(1_001);
  }
});

await t.test('draining shows at once, without a new question', async (t) => {
  const { state, health } = begin();
  t.equal((await health.readiness()).ready, true, 'before');
  state.isDraining = true;
  t.equal((await health.readiness()).ready, false, 'after');
  t.equal(state.asked, 1, 'asked once');
});

await t.test('nothing is asked before somebody wants to know', async (t) => {
  const { clock, state } = begin();
  clock.advance(60_000);
  t.equal(state.asked, 0);
  t.equal(clock.pending, 0, 'and no timer runs');
});

await t.test('without a store nobody is ready, and the process is not healthy', async (t) => {
  const { state, health } = begin();
  state.isWritable = false;
  t.same(await health.readiness(), { ready: false, synapse: true, store: false });
  t.equal(await health.isStoreWritable(), false);
});
