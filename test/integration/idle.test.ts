// A gateway with nothing to do sleeps: on small machines it is one of many processes that wait.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import t from 'tap';

import { spawnGateway } from '../harness/gateway-process.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

const WATCHED_MS = 3_000;

await t.test('an idle gateway wakes up a few times a second at most', async (t) => {
  const synapse = await startTestSynapse(t);
  const gateway = await spawnGateway(t, { PORTICO_SYNAPSE_URL: synapse.url });
  await until(async () => (await fetch(`${gateway.url}/ready`)).ok);
  /** Of the main thread: how often it went to sleep so far. */
  const sleeps = (): number => {
    const status = readFileSync(`/proc/${gateway.child.pid}/task/${gateway.child.pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s+([0-9]+)$/m.exec(status)?.[1]);
  };
  // What the start and the question above left behind.
  await pause(WATCHED_MS);
  const before = sleeps();
  await pause(WATCHED_MS);
  const perSecond = (sleeps() - before) / (WATCHED_MS / 1_000);
  t.comment(`${perSecond.toFixed(1)} times a second`);
  t.ok(perSecond < 10);
});
