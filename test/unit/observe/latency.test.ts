// Answer times as quantiles: near enough, forgotten once they were taken, and a half hour of samples that does not grow.

import t from 'tap';

import { LatencySamples } from '../../../src/observe/latency-samples.ts';
import { LatencyTally } from '../../../src/observe/latency.ts';
import { TestClock } from '../../harness/test-clock.ts';

await t.test('quantiles are off by a tenth at most', async (t) => {
  const tally = new LatencyTally();
  for (let ms = 1; ms <= 1_000; ms += 1) tally.add(ms);
  const { requests, p50Ms = 0, p95Ms = 0 } = tally.take();
  t.equal(requests, 1_000);
  t.ok(Math.abs(p50Ms - 500) < 50, `${p50Ms} ms`);
  t.ok(Math.abs(p95Ms - 950) < 95, `${p95Ms} ms`);
});

await t.test('what was taken is forgotten', async (t) => {
  const tally = new LatencyTally();
  tally.add(5);
  t.match(tally.take(), { requests: 1, p50Ms: 4.8, p95Ms: 4.8 });
  t.strictSame(tally.take(), { requests: 0, p50Ms: undefined, p95Ms: undefined });
});

await t.test('no time is too short or too long', async (t) => {
  const tally = new LatencyTally();
  for (const ms of [0, -1, 0.001]) tally.add(ms);
  t.equal(tally.take().p95Ms, 0.3);
  tally.add(1e12);
  t.ok((tally.take().p50Ms ?? 0) > 200_000);
});

await t.test('a sample every ten seconds, for half an hour', async (t) => {
  const clock = new TestClock();
  const tally = new LatencyTally();
  const samples = new LatencySamples(tally, clock);
  t.strictSame(samples.all, []);
  samples.start();
  tally.add(20);
  clock.advance(10_000);
  t.match(samples.all, [{ requests: 1, atMs: clock.nowMs() }]);
  clock.advance(3_600_000);
  t.equal(samples.all.length, 180);
  t.equal(samples.all.at(-1)?.atMs, clock.nowMs());
  samples.stop();
  t.equal(clock.pending, 0);
});
