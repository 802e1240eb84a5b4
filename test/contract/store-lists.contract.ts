// What every store promises of its lists: whose calls they hold, in which order, how many, and until when.

import type { Test } from 'tap';

import type { LiveCall } from '../../src/call/model/call.ts';
import {
  ALICE,
  answered,
  BOB,
  callId,
  callIds,
  CAROL,
  ended,
  initiated,
  refusedLeg,
  ringingCall,
  START_MS,
  user,
} from './calls.ts';
import { makeStore, type MakeStorage } from './store-under-test.ts';

export async function testLists(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('finds the live calls of a user, newest first, and all of them, oldest first', async (t) => {
    const store = await makeStore(t, makeStorage);
    const first = ringingCall(1);
    const third = answered(ringingCall(3, { from: BOB, to: [ALICE] }));
    const calls = [
      first,
      third,
      ended(ringingCall(4), 'hangup'),
      ringingCall(2, { from: CAROL, to: [user(1), ALICE] }),
      ringingCall(5, { from: CAROL, to: [user(1)] }),
    ];
    for (const call of calls) await store.insertCall(call, [], START_MS);
    t.same(callIds(await store.findLiveCalls(ALICE)), [callId(3), callId(2), callId(1)]);
    t.same(callIds(await store.findLiveCalls(BOB)), [callId(3), callId(1)]);
    t.same(callIds(await store.loadLiveCalls()), [1, 2, 3, 5].map(callId));
    t.equal(await store.replaceCall(ended(third, 'hangup'), [], START_MS), 'replaced');
    t.same(callIds(await store.findLiveCalls(BOB)), [callId(1)]);
    t.equal(await store.replaceCall(ended(first, 'no_answer'), [], START_MS), 'replaced');
    t.same(await store.findLiveCalls(BOB), []);
    t.same(callIds(await store.loadLiveCalls()), [2, 5].map(callId));
  });

  await t.test(
    'pages through the history, newest first, without losing calls of one millisecond',
    async (t) => {
      const store = await makeStore(t, makeStorage);
      for (let n = 1; n <= 25; n++) {
        const createdAtMs = START_MS + Math.floor(n / 10);
        await store.insertCall(ended(ringingCall(n, { createdAtMs }), 'hangup'), [], START_MS);
      }
      const found: string[] = [];
      for (let page = await store.listCalls(BOB, { limit: 4 }); page.length > 0;) {
        t.ok(page.length <= 4);
        found.push(...callIds(page));
        const last = page.at(-1);
        if (last === undefined) break;
        page = await store.listCalls(BOB, {
          limit: 4,
          beforeMs: last.createdAtMs,
          beforeCallId: last.callId,
        });
      }
      t.same(
        found,
        Array.from({ length: 25 }, (_, index) => callId(25 - index)),
      );
      t.same(
        callIds(await store.listCalls(BOB, { limit: 100, beforeMs: START_MS + 1 })),
        Array.from({ length: 9 }, (_, index) => callId(9 - index)),
        'without a call id: only earlier ones',
      );
      t.same(await store.listCalls(CAROL, { limit: 100 }), []);
      t.same(await store.listCalls(BOB, { limit: 0 }), []);
    },
  );

  await t.test('filters the history by the word that is shown', async (t) => {
    const store = await makeStore(t, makeStorage);
    const calls = [
      ringingCall(1),
      answered(ringingCall(2)),
      ended(ringingCall(3), 'cancelled'),
      ended(ringingCall(4), 'rejected', { unanswered: 'rejected' }),
      ended(ringingCall(5), 'no_answer'),
      ended(answered(ringingCall(6)), 'hangup'),
    ];
    for (const call of calls) await store.insertCall(call, [], START_MS);
    const words = { ringing: [1], active: [2], ended: [6, 3], rejected: [4], missed: [5] } as const;
    for (const [state, expected] of Object.entries(words)) {
      const found = await store.listCalls(ALICE, { limit: 10, state: state as keyof typeof words });
      t.same(callIds(found), expected.map(callId), state);
    }
    const missedBefore = await store.listCalls(ALICE, {
      limit: 10,
      state: 'missed',
      beforeMs: START_MS + 5,
    });
    t.same(missedBefore, [], 'together with a time');
  });

  await t.test('lists unread missed calls of a user, until they are read', async (t) => {
    const store = await makeStore(t, makeStorage);
    const live = ringingCall(3, { from: CAROL, to: [BOB, user(1)] });
    await store.insertCall(ended(ringingCall(1), 'no_answer'), [], START_MS);
    await store.insertCall(ended(ringingCall(2), 'busy', { unanswered: 'busy' }), [], START_MS);
    await store.insertCall(live, [], START_MS);
    await store.insertCall(ended(ringingCall(4), 'rejected', { unanswered: 'rejected' }), [], START_MS);
    t.same(callIds(await store.listMissed(BOB, 10)), [callId(2), callId(1)]);
    t.same(callIds(await store.listMissed(BOB, 1)), [callId(2)]);
    t.same(await store.listMissed(ALICE, 10), [], 'not those that one made oneself');
    await store.markMissedRead(BOB);
    t.same(await store.listMissed(BOB, 10), []);

    const next: LiveCall = {
      ...live,
      version: 2,
      legs: live.legs.map((leg) => (leg.userId === BOB ? refusedLeg(BOB, 'missed') : leg)),
    };
    await store.replaceCall(next, [], START_MS);
    t.same(
      callIds(await store.listMissed(BOB, 10)),
      [callId(3)],
      'a new one, while the call goes on for others',
    );
    t.same(await store.listMissed(user(1), 10), []);
    await store.markMissedRead(BOB);
    await store.replaceCall({ ...next, version: 3, maxEndAtMs: START_MS + 1 }, [], START_MS);
    t.same(await store.listMissed(BOB, 10), [], 'the mark outlives a change of the call');
    await store.markMissedRead(CAROL);
  });

  await t.test('keeps the last statistics of each participant', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.insertCall(ringingCall(1), [], START_MS);
    t.same(await store.readStats(callId(1)), new Map());
    await store.putStats(callId(1), ALICE, '{"rttMs":1}');
    await store.putStats(callId(1), BOB, '{"rttMs":2}');
    await store.putStats(callId(1), ALICE, '{"rttMs":3}');
    const expected = new Map([
      [ALICE, '{"rttMs":3}'],
      [BOB, '{"rttMs":2}'],
    ]);
    t.strictSame(await store.readStats(callId(1)), expected);
    await store.putStats(callId(2), ALICE, '{}');
    t.same(await store.readStats(callId(2)), new Map(), 'a report for an unknown call adds nothing');
  });

  await t.test(
    'deletes calls that ended before a time with all that belongs to them, and no others',
    async (t) => {
      const store = await makeStore(t, makeStorage);
      for (let n = 1; n <= 230; n++) {
        const call = ended(ringingCall(n), 'no_answer', { endedAtMs: START_MS + n });
        await store.insertCall(call, [initiated], START_MS, { idempotencyKey: `${n}` });
      }
      await store.putStats(callId(1), ALICE, '{}');
      await store.insertCall(ringingCall(1_000, { createdAtMs: 1 }), [initiated], START_MS);
      await store.insertCall(answered(ringingCall(1_001, { createdAtMs: 2 })), [], START_MS);
      t.equal(await store.deleteEndedBefore(START_MS + 221), 220);
      t.equal(await store.deleteEndedBefore(START_MS + 221), 0);
      t.equal(await store.findCall(callId(220)), undefined);
      t.equal((await store.findCall(callId(221)))?.callId, callId(221));
      t.same(await store.readEvents(callId(1), 0, 10), []);
      t.same(await store.readStats(callId(1)), new Map());
      t.equal((await store.listMissed(BOB, 1_000)).length, 10);
      t.equal((await store.listCalls(BOB, { limit: 1_000 })).length, 12);
      t.equal((await store.loadLiveCalls()).length, 2, 'live calls stay, however old');
      t.equal((await store.readEvents(callId(1_000), 0, 10)).length, 1);
    },
  );
}
