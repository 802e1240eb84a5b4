// What every store promises of the calls that ended lately: all of them and only them, the last one first, and no more
// than was asked for.

import type { Test } from 'tap';

import { answered, callId, ended, ringingCall, START_MS } from './calls.ts';
import { makeStore, type MakeStorage } from './store-under-test.ts';

export async function testOverview(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('lists what ended since a moment, with its times and its reason', async (t) => {
    const store = await makeStore(t, makeStorage);
    const endedAtMs = START_MS + 90_000;
    await store.insertCall(ended(ringingCall(1), 'no_answer'), [], START_MS);
    await store.insertCall(ended(answered(ringingCall(2)), 'hangup', { endedAtMs }), [], START_MS);
    await store.insertCall(ringingCall(3), [], START_MS);
    await store.insertCall(answered(ringingCall(4)), [], START_MS);
    t.strictSame(await store.listEnded(START_MS, 10), [
      {
        callId: callId(2),
        createdAtMs: START_MS + 2,
        answeredAtMs: START_MS + 7,
        endedAtMs,
        endReason: 'hangup',
      },
      {
        callId: callId(1),
        createdAtMs: START_MS + 1,
        answeredAtMs: undefined,
        endedAtMs: START_MS + 60_001,
        endReason: 'no_answer',
      },
    ]);
    const idsSince = async (sinceMs: number, limit = 10) =>
      (await store.listEnded(sinceMs, limit)).map((call) => call.callId);
    t.strictSame(await idsSince(endedAtMs), [callId(2)], 'that moment included');
    t.strictSame(await idsSince(endedAtMs + 1), []);
    t.strictSame(await idsSince(START_MS, 1), [callId(2)], 'the last ones');
    t.strictSame(await idsSince(START_MS, 0), []);
  });
}
