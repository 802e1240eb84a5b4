// The metrics of recordings: they are there before anything is recorded, and read what grows when they are asked.

import { Registry } from 'prom-client';
import t from 'tap';

import { createRecordingMetrics } from '../../../src/observe/recording-metrics.ts';

await t.test('nothing is recorded, and all of them are there', async (t) => {
  const registry = new Registry();
  createRecordingMetrics(registry, () => 0);
  t.match(await registry.metrics(), /^portico_recordings_open 0$/m);
  const names = registry.getMetricsAsArray().map(({ name }) => name);
  t.same(names, [
    'portico_recordings_open',
    'portico_recording_bytes_total',
    'portico_recordings_ended_total',
  ]);
});

await t.test('what grows is asked each time, what came and ended is added up', async (t) => {
  const registry = new Registry();
  let open = 2;
  const { bytes, ended } = createRecordingMetrics(registry, () => open);
  bytes.inc(1_000);
  bytes.inc(24);
  ended.inc({ state: 'finished' });
  ended.inc({ state: 'interrupted' });
  ended.inc({ state: 'finished' });
  t.match(await registry.metrics(), /^portico_recordings_open 2$/m);
  open = 0;
  const text = await registry.metrics();
  t.match(text, /^portico_recordings_open 0$/m, 'later');
  t.match(text, /^portico_recording_bytes_total 1024$/m);
  t.match(text, /^portico_recordings_ended_total\{state="finished"\} 2$/m);
  t.match(text, /^portico_recordings_ended_total\{state="interrupted"\} 1$/m);
});
