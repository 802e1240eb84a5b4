// The registry of metrics: none global, gauges read when asked, labels without anything that a client chooses.

import t from 'tap';

import { createMetrics } from '../../../src/observe/metrics.ts';

await t.test('two gateways in one process do not count together', async (t) => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.retries.inc(3);
  t.match(await one.registry.metrics(), /^portico_upstream_retries_total 3$/m, 'one');
  t.match(await other.registry.metrics(), /^portico_upstream_retries_total 0$/m, 'the other');
});

await t.test(
  'of the event loop there is the lag, and no quantiles that a timer would have to sample',
  async (t) => {
    const text = await createMetrics().registry.metrics();
    t.strictSame([...text.matchAll(/^nodejs_eventloop\S+/gm)].flat(), ['nodejs_eventloop_lag_seconds']);
  },
);

await t.test('gauges are read from their parts whenever somebody asks', async (t) => {
  const metrics = createMetrics();
  let heldPolls = 2;
  metrics.watch({
    heldPolls: () => heldPolls,
    connections: () => 5,
    sockets: () => [],
    relayed: () => ({ messages: {}, bytes: 0 }),
    tunnels: () => 0,
    tunnelBytes: () => ({ client: 0, upstream: 0 }),
  });
  t.match(await metrics.registry.metrics(), /^portico_held_polls 2$/m, 'now');
  heldPolls = 0;
  const later = await metrics.registry.metrics();
  t.match(later, /^portico_held_polls 0$/m, 'later');
  t.match(later, /^portico_connections 5$/m, 'the other one');
});

await t.test(
  'every metric of ours has a name with its unit, a help text, and labels with few values',
  async (t) => {
    const metrics = createMetrics();
    metrics.watch({
      heldPolls: () => 0,
      connections: () => 0,
      sockets: () => [],
      relayed: () => ({ messages: {}, bytes: 0 }),
      tunnels: () => 0,
      tunnelBytes: () => ({ client: 0, upstream: 0 }),
    });
    const chosenByClients = new Set([
      'path',
      'target',
      'address',
      'client',
      'host',
      'user',
      'room',
      'method',
    ]);
    for (const metric of await metrics.registry.getMetricsAsJSON()) {
      if (!metric.name.startsWith('portico_')) continue;
      t.match(metric.help, /\.$/, `${metric.name} has a sentence`);
      if (String(metric.type) === 'counter')
        t.match(metric.name, /_total$/, `${metric.name} ends like a counter`);
      if (String(metric.type) === 'histogram')
        t.match(metric.name, /_(?:seconds|bytes)$/, `${metric.name} has a unit`);
      const labels = metrics.registry.getSingleMetric(metric.name);
      const names = labels !== undefined && 'labelNames' in labels ? (labels.labelNames as string[]) : [];
      t.notOk(
        names.some((name) => chosenByClients.has(name)),
        `${metric.name} has labels that clients do not fill`,
      );
    }
  },
);
