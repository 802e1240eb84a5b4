// What the metrics count of a call: its start, how long it rang, its end and whether anybody had answered.

import t from 'tap';

import { countCall } from '../../../src/observe/calls.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { alice, bob, carol, group, phone, ringing, type Driven } from '../call/model/calls.ts';

/** Tells the metrics of a call what was stored of it, as its service does after each commit. */
async function counted(driven: Driven): Promise<string> {
  const metrics = createMetrics();
  for (const { event, atMs } of driven.stored)
    countCall(metrics, { call: driven.call, events: [event], atMs });
  const text = await metrics.registry.metrics();
  return text
    .split('\n')
    .filter((line) => /^portico_(?:calls_|call_ring_to_answer_seconds_(?:sum|count))/.test(line))
    .join('\n');
}

await t.test('a call that rings is counted as started, by its type', async (t) => {
  t.match(await counted(ringing()), /^portico_calls_started_total\{type="video"\} 1$/m);
  t.match(
    await counted(ringing([bob], { callType: 'voice' })),
    /^portico_calls_started_total\{type="voice"\} 1$/m,
  );
  t.notMatch(await counted(ringing()), /ended_total\{/, 'and as nothing else');
});

await t.test('the time to the first answer is counted once, whoever joins later', async (t) => {
  const driven = group();
  driven.wait(5_000).answer(bob);
  driven.wait(20_000).answer(carol);
  const text = await counted(driven);
  t.match(text, /^portico_call_ring_to_answer_seconds_sum 5$/m);
  t.match(text, /^portico_call_ring_to_answer_seconds_count 1$/m);
});

await t.test('a call that ends is counted by its reason, and by whether anybody had answered', async (t) => {
  const hungUp = ringing().answer(bob);
  hungUp.send({ type: 'end', userId: alice, deviceId: phone });
  t.match(await counted(hungUp), /^portico_calls_ended_total\{reason="hangup",answered="yes"\} 1$/m);
  const rejected = ringing();
  rejected.send({ type: 'reject', userId: bob, deviceId: phone });
  t.match(await counted(rejected), /^portico_calls_ended_total\{reason="rejected",answered="no"\} 1$/m);
});
