// What every store promises of the calls in it: they come back as they were, whatever they hold, also after a restart.

import type { Test } from 'tap';

import type { Call, Leg, LiveCall } from '../../src/call/model/call.ts';
import type { DeviceId, RoomId, UserId } from '../../src/matrix/ids.ts';
import { TestClock } from '../harness/test-clock.ts';
import {
  ALICE,
  answered,
  BOB,
  callId,
  callIds,
  CAROL,
  ended,
  initiated,
  invitedLeg,
  joinedLeg,
  missed,
  refusedLeg,
  ringingCall,
  START_MS,
  user,
} from './calls.ts';
import { makeStore, type MakeStorage } from './store-under-test.ts';

export async function testKeeping(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('tells the time by the clock that it was given', async (t) => {
    const clock = new TestClock(START_MS);
    const store = await makeStore(t, makeStorage, clock);
    t.equal(await store.nowMs(), START_MS);
    clock.advance(5);
    t.equal(await store.nowMs(), START_MS + 5);
  });

  await t.test('gives back every kind of call as it was put, undefined members included', async (t) => {
    const store = await makeStore(t, makeStorage);
    const legs: readonly Leg[] = [
      joinedLeg(ALICE, true),
      invitedLeg(user(1)),
      invitedLeg(user(2), 'offline'),
      invitedLeg(user(3), 'ringing'),
      { ...joinedLeg(user(4)), state: 'reconnecting', graceEndsAtMs: START_MS + 30_000 },
      {
        ...invitedLeg(user(5)),
        state: 'left',
        joinedAtMs: START_MS,
        leftAtMs: START_MS + 9,
        reason: 'room_left',
      },
      {
        ...invitedLeg(user(9)),
        state: 'left',
        joinedAtMs: undefined,
        leftAtMs: START_MS + 9,
        reason: 'room_left',
      },
      refusedLeg(user(6), 'rejected'),
      refusedLeg(user(7), 'busy'),
      refusedLeg(user(8), 'missed'),
    ];
    const first = ringingCall(1);
    const calls: readonly Call[] = [
      first,
      { ...ringingCall(2), legs },
      { ...answered(ringingCall(3)), legs },
      ended(ringingCall(4), 'cancelled'),
      { ...ended(answered(ringingCall(5)), 'hangup'), endedBy: BOB },
    ];
    for (const call of calls) {
      t.same(await store.insertCall(call, [initiated], START_MS), { inserted: true });
      t.strictSame(await store.findCall(call.callId), call);
    }
    t.equal(await store.findCall(callId(99)), undefined);
  });

  await t.test('keeps members of a call that it does not know', async (t) => {
    const store = await makeStore(t, makeStorage);
    const call = { ...ringingCall(1), addedByTheNextRelease: { deep: [1] } };
    await store.insertCall(call, [], START_MS);
    t.strictSame(await store.findCall(call.callId), call);
  });

  await t.test('names the caller of a call that was stored without, by its localpart', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (const [n, first] of [
      ringingCall(1),
      answered(ringingCall(2)),
      ended(ringingCall(3), 'cancelled'),
    ].entries()) {
      const { callerName: _, ...old } = first;
      // As a release before wrote it.
      await store.insertCall(old as Call, [], START_MS);
      t.strictSame(await store.findCall(callId(n + 1)), { ...old, callerName: 'alice' }, first.state);
    }
    const changed = answered(ringingCall(1));
    t.equal(await store.replaceCall({ ...changed, callerName: 'alice' }, [missed], START_MS), 'replaced');
    t.match(await store.findCall(callId(1)), { state: 'active', callerName: 'alice' });
  });

  await t.test('keeps identifiers of any script apart, byte for byte', async (t) => {
    const store = await makeStore(t, makeStorage);
    const names = [
      '@é:example.org',
      '@e\u0301:example.org',
      '@É:example.org',
      '@名前:例え.jp',
      '@o\'b"%_\\:x',
    ];
    const users = names.map((name) => name as UserId);
    for (const [n, from] of users.entries()) {
      const roomId = `!комната-${n}-🚪:example.org` as RoomId;
      const call = ringingCall(n, { from, to: [BOB], roomId });
      await store.insertCall(call, [], START_MS, { idempotencyKey: 'ключ' });
      t.strictSame(await store.findLiveCalls(from), [call]);
      await store.putStats(callId(n), from, '{"名":"é"}');
      t.same([...(await store.readStats(callId(n)))], [[from, '{"名":"é"}']]);
    }
  });

  await t.test('holds a call of 51 legs with 32 devices each, and all of its changes', async (t) => {
    const store = await makeStore(t, makeStorage);
    const devices = Array.from({ length: 32 }, (_, n) => ({
      deviceId: `DEVICE${n}` as DeviceId,
      state: 'ringing' as const,
      atMs: START_MS,
    }));
    const invitees = Array.from({ length: 50 }, (_, n) => user(n));
    const made = ringingCall(1, { to: invitees });
    const call: LiveCall = { ...made, legs: made.legs.map((leg) => ({ ...leg, devices })) };
    await store.insertCall(call, [{ ...initiated, inviteeIds: invitees }], START_MS);
    t.strictSame(await store.findCall(callId(1)), call);
    let current: LiveCall = call;
    for (const [n, userId] of invitees.entries()) {
      const legs: readonly Leg[] = current.legs.map((leg) =>
        leg.userId === userId ? joinedLeg(userId) : leg,
      );
      current = { ...answered(current), legs };
      t.equal(await store.replaceCall(current, [missed], START_MS + n), 'replaced');
    }
    t.strictSame(await store.findCall(callId(1)), current);
    t.equal((await store.findLiveCalls(user(49))).length, 1);
    t.equal((await store.readEvents(callId(1), 0, 100)).length, 51);
  });

  await t.test('gains a leg when a call does', async (t) => {
    const store = await makeStore(t, makeStorage);
    const call = ringingCall(1);
    await store.insertCall(call, [], START_MS);
    const next: LiveCall = { ...call, version: 2, legs: [...call.legs, invitedLeg(CAROL)] };
    await store.replaceCall(next, [], START_MS);
    t.strictSame(await store.findLiveCalls(CAROL), [next]);
  });

  await t.test('is as it was after it was closed and opened again', async (t) => {
    const storage = makeStorage(t, new TestClock(START_MS));
    const before = await storage.open();
    const call = answered(ringingCall(1));
    const lost = ended(ringingCall(2), 'no_answer');
    await before.insertCall(ringingCall(1), [initiated], START_MS, { idempotencyKey: 'key' });
    await before.replaceCall(call, [missed], START_MS + 1);
    await before.insertCall(lost, [initiated], START_MS);
    await before.insertCall(ended(ringingCall(3, { to: [CAROL] }), 'no_answer'), [], START_MS);
    await before.markMissedRead(CAROL);
    await before.putStats(callId(1), ALICE, '{}');
    await before.close();

    const after = await storage.open();
    t.teardown(() => after.close());
    t.strictSame(await after.loadLiveCalls(), [call]);
    t.strictSame(await after.findCall(callId(2)), lost);
    t.strictSame(await after.readEvents(callId(1), 0, 10), [
      { seq: 1, atMs: START_MS, event: initiated },
      { seq: 2, atMs: START_MS + 1, event: missed },
    ]);
    t.same(callIds(await after.listMissed(BOB, 10)), [callId(2)]);
    t.same(await after.listMissed(CAROL, 10), []);
    t.same(await after.readStats(callId(1)), new Map([[ALICE, '{}']]));
    const again = await after.insertCall(ringingCall(4), [], START_MS, { idempotencyKey: 'key' });
    t.strictSame(again, { inserted: false, because: 'known-key', existing: call });
  });

  await t.test('says that it is writable, and after the end that it is not', async (t) => {
    const store = await makeStore(t, makeStorage);
    t.equal(await store.isWritable(), true);
    t.equal(await store.isWritable(), true);
    await store.close();
    await store.close();
    t.equal(await store.isWritable(), false);
    await t.rejects(store.findCall(callId(1)), { name: 'StoreUnavailable' });
    await t.rejects(store.insertCall(ringingCall(1), [], START_MS), { name: 'StoreUnavailable' });
    await t.rejects(store.deleteEndedBefore(START_MS), { name: 'StoreUnavailable' });
  });
}
