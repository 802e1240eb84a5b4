// Durations are counted by route in classes, and served as a Prometheus histogram: cumulative, with sum and count.

import { Histogram, Registry } from 'prom-client';
import t from 'tap';

import { RequestDurations } from '../../../src/observe/request-durations.ts';

const NAME = 'portico_test_seconds';
const HELP = 'Seconds.';
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10, 35, 120];

async function textOf(durations: RequestDurations): Promise<string> {
  const registry = new Registry();
  registry.registerMetric(durations.asHistogram(NAME, HELP));
  return registry.metrics();
}

await t.test('without a request there is a histogram without values', async (t) => {
  t.equal(await textOf(new RequestDurations()), `# HELP ${NAME} ${HELP}\n# TYPE ${NAME} histogram\n`);
});

await t.test('what is served is what a histogram of the library says of the same durations', async (t) => {
  const durations = new RequestDurations();
  const registry = new Registry();
  const reference = new Histogram({
    name: NAME,
    help: HELP,
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  });
  // Every bound itself, a little less and a little more, and what is on neither side of them.
  const seconds = [0, ...BUCKETS.flatMap((bound) => [bound, bound / 2, bound * 1.01]), 100_000];
  for (const route of ['matrix', 'own', '__proto__']) {
    for (const duration of route === 'own' ? seconds.slice(5) : seconds) {
      durations.add(route, duration);
      reference.observe({ route }, duration);
    }
  }
  const [served, expected] = [await textOf(durations), await registry.metrics()];
  t.match(served, 'portico_test_seconds_bucket{le="0.005",route="matrix"} 3\n');
  t.same(served.split('\n').toSorted(), expected.split('\n').toSorted());
});
