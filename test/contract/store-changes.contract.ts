// What every store promises of changes: one winner of each race, events without gaps, nothing of what was refused.

import type { Test } from 'tap';

import type { Call, LiveCall } from '../../src/call/model/call.ts';
import type { CallEvent } from '../../src/call/model/events.ts';
import type { RoomId } from '../../src/matrix/ids.ts';
import {
  ALICE,
  answered,
  BOB,
  callId,
  callIds,
  CAROL,
  ended,
  initiated,
  missed,
  ringingCall,
  PHONE,
  START_MS,
  user,
} from './calls.ts';
import { makeStore, type MakeStorage } from './store-under-test.ts';

function isOneToOne(call: Call): boolean {
  return call.legs.length === 2;
}

function refuseToSay(): never {
  throw new RangeError('from the question');
}

export async function testChanges(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('replaces the version that was decided upon, and no other', async (t) => {
    const store = await makeStore(t, makeStorage);
    const call = ringingCall(1);
    await store.insertCall(call, [initiated], START_MS);
    const active = answered(call);
    t.equal(await store.replaceCall(active, [missed], START_MS + 1), 'replaced');
    t.equal(await store.replaceCall(active, [missed], START_MS + 2), 'conflict', 'the same again');
    t.equal(
      await store.replaceCall({ ...active, version: 4 }, [missed], START_MS),
      'conflict',
      'a later one',
    );
    t.equal(
      await store.replaceCall({ ...active, version: 1 }, [missed], START_MS),
      'conflict',
      'an earlier one',
    );
    t.equal(
      await store.replaceCall(answered(ringingCall(2)), [missed], START_MS),
      'conflict',
      'an unknown call',
    );
    t.strictSame(await store.findCall(call.callId), active);
    t.equal((await store.readEvents(call.callId, 0, 10)).length, 2, 'a conflict leaves no event');
    t.same(await store.readEvents(callId(2), 0, 10), []);
  });

  await t.test('of two replacements of one version exactly one wins, a thousand times', async (t) => {
    const store = await makeStore(t, makeStorage);
    let call: LiveCall = answered(ringingCall(1));
    await store.insertCall(call, [initiated], START_MS);
    let singleWinners = 0;
    for (let race = 0; race < 1_000; race++) {
      const rivals = [BOB, CAROL].map((userId, index) => ({
        call: { ...call, version: call.version + 1, maxEndAtMs: START_MS + 2 * race + index },
        event: { type: 'missed', userId, deviceIds: [] } as const,
      }));
      const results = await Promise.all(
        rivals.map((rival) => store.replaceCall(rival.call, [rival.event], START_MS)),
      );
      const winner = rivals[results.indexOf('replaced')];
      const stored = await store.findCall(call.callId);
      const [event] = await store.readEvents(call.callId, race + 1, 10);
      const isRight =
        winner !== undefined &&
        results.toSorted().join() === 'conflict,replaced' &&
        JSON.stringify(stored) === JSON.stringify(winner.call) &&
        JSON.stringify(event?.event) === JSON.stringify(winner.event);
      if (isRight) singleWinners += 1;
      call = winner?.call ?? call;
    }
    t.equal(singleWinners, 1_000);
    const events = await store.readEvents(call.callId, 0, 2_000);
    t.same(
      events.map(({ seq }) => seq),
      Array.from({ length: 1_001 }, (_, index) => index + 1),
    );
  });

  await t.test(
    'gives events in order without gaps, after a place, at most as many as asked for',
    async (t) => {
      const store = await makeStore(t, makeStorage);
      const call = ringingCall(1);
      const every: readonly CallEvent[] = [
        initiated,
        { type: 'invited', userId: ALICE, deviceId: PHONE, inviteeIds: [CAROL] },
        { type: 'device-notified', userId: BOB, deviceId: PHONE },
        { type: 'device-ringing', userId: BOB, deviceId: PHONE, isFirst: true },
        { type: 'device-dropped', userId: BOB, deviceId: PHONE, reason: 'too_many' },
        { type: 'device-silenced', userId: BOB, deviceId: PHONE },
        { type: 'user-offline', userId: BOB },
        { type: 'user-busy', userId: BOB, deviceIds: [] },
        { type: 'answered', userId: BOB, deviceId: PHONE, isLateJoin: true },
        { type: 'answered-elsewhere', userId: BOB, deviceIds: [PHONE] },
        { type: 'declined-elsewhere', userId: BOB, deviceIds: [] },
        { type: 'rejected', userId: BOB, deviceId: PHONE },
        { type: 'rejected', userId: BOB, deviceId: undefined },
        missed,
        { type: 'toggled', userId: BOB, medium: 'video', isEnabled: false },
        { type: 'recording-started', userId: BOB },
        { type: 'recording-stopped', userId: BOB },
        { type: 'reconnecting', userId: BOB, deviceId: PHONE, graceEndsAtMs: START_MS },
        { type: 'reconnected', userId: BOB, deviceId: PHONE },
        { type: 'left', userId: BOB, reason: 'hangup', deviceIds: [] },
        { type: 'resumed' },
        { type: 'ended', endedBy: 'system', reason: 'no_answer', memberIds: [ALICE, BOB] },
      ];
      await store.insertCall(call, every.slice(0, 3), START_MS);
      await store.replaceCall({ ...call, version: 2 }, [], START_MS + 1);
      await store.replaceCall({ ...call, version: 3 }, every.slice(3), START_MS + 2);
      const expected = every.map((event, index) => ({
        seq: index + 1,
        atMs: START_MS + (index < 3 ? 0 : 2),
        event,
      }));
      t.strictSame(await store.readEvents(call.callId, 0, 100), expected);
      t.strictSame(await store.readEvents(call.callId, 2, 3), expected.slice(2, 5));
      t.same(await store.readEvents(call.callId, every.length, 100), []);
      t.same(await store.readEvents(call.callId, 0, 0), []);
    },
  );

  await t.test('a known idempotency key gives the first call, for its initiator only', async (t) => {
    const store = await makeStore(t, makeStorage);
    const first = ringingCall(1);
    const options = { idempotencyKey: 'käy' };
    t.same(await store.insertCall(first, [initiated], START_MS, options), { inserted: true });
    const again = await store.insertCall(ringingCall(2), [initiated], START_MS, options);
    t.strictSame(again, { inserted: false, because: 'known-key', existing: first });
    t.equal(await store.findCall(callId(2)), undefined);
    t.same(await store.readEvents(callId(2), 0, 10), []);
    const others = await store.insertCall(ringingCall(3, { from: BOB, to: [ALICE] }), [], START_MS, options);
    t.same(others, { inserted: true });
    const end = ended(first, 'cancelled');
    await store.replaceCall(end, [], START_MS);
    const late = await store.insertCall(ringingCall(4), [], START_MS, options);
    t.strictSame(late, { inserted: false, because: 'known-key', existing: end }, 'also of an ended call');
    await store.deleteEndedBefore(end.endedAtMs + 1);
    t.same(
      await store.insertCall(ringingCall(5), [], START_MS, options),
      { inserted: true },
      'until deletion',
    );
  });

  await t.test('of initiates at the same moment that yield to each other exactly one is put', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (let n = 1; n <= 100; n++) {
      const roomId = `!room${n}:example.org` as RoomId;
      // Every second pair of calls is made in two rooms: it is the people who meet.
      const otherRoomId = n % 2 === 0 ? roomId : (`conversation:${n}` as RoomId);
      const [from, to] = [user(2 * n), user(2 * n + 1)];
      const one = ringingCall(2 * n, { roomId, from, to: [to] });
      const other = ringingCall(2 * n + 1, { roomId: otherRoomId, from: to, to: [from] });
      const results = await Promise.all(
        [one, other].map((call) => store.insertCall(call, [], START_MS, { yieldsTo: isOneToOne })),
      );
      const [winner, loser] = results[0]?.inserted === true ? [one, other] : [other, one];
      const refusal = results.find(({ inserted }) => !inserted);
      t.strictSame(refusal, { inserted: false, because: 'yielded', existing: winner });
      t.equal(await store.findCall(loser.callId), undefined);
    }
  });

  await t.test(
    'a new call is asked about what rings in its room, or rings with its initiator anywhere, oldest first',
    async (t) => {
      const store = await makeStore(t, makeStorage);
      const other = '!other:example.org' as RoomId;
      await store.insertCall(ringingCall(2), [], START_MS);
      await store.insertCall(ringingCall(1, { from: CAROL, to: [user(1)] }), [], START_MS);
      await store.insertCall(answered(ringingCall(3)), [], START_MS);
      await store.insertCall(ended(ringingCall(4), 'busy'), [], START_MS);
      await store.insertCall(ringingCall(5, { roomId: other, from: BOB, to: [CAROL, ALICE] }), [], START_MS);
      await store.insertCall(ringingCall(6, { roomId: other }), [], START_MS);
      await store.insertCall(ringingCall(7, { roomId: other, from: BOB, to: [CAROL] }), [], START_MS);
      await store.insertCall(answered(ringingCall(8, { roomId: other })), [], START_MS);
      await store.insertCall(ended(ringingCall(9, { roomId: other }), 'busy'), [], START_MS);
      const asked: Call[] = [];
      await store.insertCall(ringingCall(10), [], START_MS, { yieldsTo: (call) => asked.push(call) === 0 });
      t.same(callIds(asked), [1, 2, 5, 6].map(callId), 'each once, also where both are so');
    },
  );

  await t.test('a question that throws leaves nothing behind', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.insertCall(ringingCall(1), [], START_MS);
    await t.rejects(
      store.insertCall(ringingCall(2), [], START_MS, { yieldsTo: refuseToSay }),
      new RangeError(),
    );
    t.equal(await store.findCall(callId(2)), undefined);
    t.same(await store.insertCall(ringingCall(2), [], START_MS), { inserted: true });
  });
}
