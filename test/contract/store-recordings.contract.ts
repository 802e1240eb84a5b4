// What every store promises of recordings: how they begin and end, in which order they are listed, and what goes when.

import type { Test } from 'tap';

import type { CallId, RecordingId } from '../../src/matrix/ids.ts';
import { LEAST_COUNTED_BYTES } from '../../src/store/recording-limits.ts';
import type { NewRecording } from '../../src/store/recordings.ts';
import { TestClock } from '../harness/test-clock.ts';
import { ALICE, answered, BOB, callId, ended, initiated, ringingCall, START_MS, user } from './calls.ts';
import { makeStore, type MakeStorage, type Stores } from './store-under-test.ts';

const CALL = callId(1);

function id(n: number): RecordingId {
  return n.toString(16).padStart(32, '0') as RecordingId;
}

function recording(n: number, over: Partial<NewRecording> = {}): NewRecording {
  return { id: id(n), callId: CALL, userId: ALICE, type: 'video/webm', startedAtMs: START_MS + n, ...over };
}

async function withCalls(store: Stores, ...numbers: readonly number[]): Promise<Stores> {
  for (const n of numbers) await store.insertCall(ringingCall(n), [initiated], START_MS);
  return store;
}

/** A recording from its beginning to its end. */
async function put(store: Stores, n: number, endedAtMs: number, of: CallId = CALL): Promise<void> {
  await store.insertRecording(recording(n, { callId: of }));
  await store.endRecording({ id: id(n), state: 'finished', bytes: n, endedAtMs });
}

export async function testRecordings(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('gives back a recording as it was put, and as it ended', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 1);
    t.equal(await store.findRecording(id(1)), undefined);
    t.equal(await store.insertRecording(recording(1)), 'inserted');
    const growing = { ...recording(1), state: 'recording', bytes: 0, endedAtMs: undefined };
    t.strictSame(await store.findRecording(id(1)), growing);
    t.strictSame(await store.loadGrowingRecordings(), [growing]);
    const end = { id: id(1), state: 'interrupted', bytes: 2 ** 40, endedAtMs: START_MS + 9 } as const;
    t.equal(await store.endRecording(end), true);
    t.strictSame(await store.findRecording(id(1)), { ...recording(1), ...end });
    t.same(await store.loadGrowingRecordings(), []);
    t.equal(await store.endRecording({ ...end, state: 'finished', bytes: 1 }), false, 'it ends once');
    t.strictSame(await store.findRecording(id(1)), { ...recording(1), ...end });
    t.equal(await store.endRecording({ ...end, id: id(2) }), false, 'nor one that is not there');
  });

  await t.test('one of a user grows in a call, five of all, and a hundred are kept', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 1, 2);
    t.equal(await store.insertRecording(recording(1, { callId: callId(9) })), 'unknown-call');
    for (let n = 1; n <= 5; n++)
      t.equal(await store.insertRecording(recording(n, { userId: user(n) })), 'inserted');
    t.equal(await store.insertRecording(recording(6, { userId: user(6) })), 'running', 'a sixth');
    await store.endRecording({ id: id(1), state: 'finished', bytes: 1, endedAtMs: START_MS });
    t.equal(await store.insertRecording(recording(7, { userId: user(2) })), 'running', 'a second of a user');
    t.equal(await store.insertRecording(recording(7, { userId: user(2), callId: callId(2) })), 'inserted');
    t.equal(await store.insertRecording(recording(8, { userId: user(1) })), 'inserted', 'another, later');
    for (let n = 2; n <= 8; n++)
      await store.endRecording({ id: id(n), state: 'finished', bytes: 1, endedAtMs: START_MS });
    for (let n = 100; (await store.listRecordings(CALL)).length < 100; n++) await put(store, n, START_MS);
    t.equal(await store.insertRecording(recording(999)), 'full');
    t.equal(await store.insertRecording(recording(999, { callId: callId(2) })), 'inserted');
  });

  await t.test('lists those of a call, oldest first, and counts the bytes of all', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 1, 2);
    t.same(await store.listRecordings(CALL), []);
    t.equal(await store.sumRecordedBytes(), 0);
    for (const n of [3, 1, 2]) await put(store, n, START_MS);
    await put(store, 4, START_MS, callId(2));
    await store.insertRecording(recording(5, { userId: BOB }));
    t.same(
      (await store.listRecordings(CALL)).map((one) => one.id),
      [1, 2, 3, 5].map(id),
    );
    t.equal(
      await store.sumRecordedBytes(),
      4 * LEAST_COUNTED_BYTES,
      'small ones count as more than they are',
    );
    await store.insertRecording(recording(6, { callId: callId(2) }));
    await store.endRecording({ id: id(6), state: 'finished', bytes: 1_000_000, endedAtMs: START_MS });
    t.equal(await store.sumRecordedBytes(), 4 * LEAST_COUNTED_BYTES + 1_000_000);
  });

  await t.test('tells which are there, and deletes them', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 1);
    for (const n of [1, 2]) await put(store, n, START_MS);
    t.same(await store.knownRecordings([id(1), id(3), id(2)]), new Set([id(1), id(2)]));
    t.same(await store.knownRecordings([]), new Set());
    t.equal(await store.deleteRecording(id(1)), true);
    t.equal(await store.deleteRecording(id(1)), false);
    t.same(await store.knownRecordings([id(1), id(2)]), new Set([id(2)]));
  });

  await t.test('deletes those that ended before a time, fifty at once, and none that grows', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 1);
    for (let n = 1; n <= 60; n++) await put(store, n, START_MS - 1);
    await put(store, 61, START_MS);
    await store.insertRecording(recording(62));
    t.equal((await store.deleteRecordingsEndedBefore(START_MS)).length, 50);
    t.equal((await store.deleteRecordingsEndedBefore(START_MS)).length, 10);
    t.same(await store.deleteRecordingsEndedBefore(START_MS), []);
    t.same(
      (await store.listRecordings(CALL)).map((one) => one.id),
      [61, 62].map(id),
    );
  });

  await t.test('what is remembered of recordings goes with their call', async (t) => {
    const store = await withCalls(await makeStore(t, makeStorage), 2);
    const call = answered(ringingCall(1));
    await store.insertCall(ringingCall(1), [initiated], START_MS);
    await store.replaceCall(call, [], START_MS);
    await put(store, 1, START_MS);
    await put(store, 2, START_MS, callId(2));
    await store.replaceCall(ended(call, 'hangup', { endedAtMs: START_MS }), [], START_MS);
    t.equal(await store.deleteEndedBefore(START_MS + 1), 1);
    t.same(await store.knownRecordings([id(1), id(2)]), new Set([id(2)]));
  });

  await t.test('is as it was after it was closed and opened again', async (t) => {
    const storage = makeStorage(t, new TestClock(START_MS));
    const before = await withCalls(await storage.open(), 1);
    await put(before, 1, START_MS);
    await before.insertRecording(recording(2));
    const listed = await before.listRecordings(CALL);
    await before.close();
    const after = await storage.open();
    t.teardown(() => after.close());
    t.strictSame(await after.listRecordings(CALL), listed);
    t.same(
      (await after.loadGrowingRecordings()).map((one) => one.id),
      [id(2)],
    );
  });

  await t.test('rejects with StoreUnavailable once it is closed', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.close();
    const unavailable = { name: 'StoreUnavailable' };
    await t.rejects(store.insertRecording(recording(1)), unavailable);
    const end = { id: id(1), state: 'finished', bytes: 1, endedAtMs: START_MS } as const;
    await t.rejects(store.endRecording(end), unavailable);
    await t.rejects(store.findRecording(id(1)), unavailable);
    await t.rejects(store.listRecordings(CALL), unavailable);
    await t.rejects(store.loadGrowingRecordings(), unavailable);
    await t.rejects(store.sumRecordedBytes(), unavailable);
    await t.rejects(store.knownRecordings([]), unavailable);
    await t.rejects(store.deleteRecording(id(1)), unavailable);
    await t.rejects(store.deleteRecordingsEndedBefore(START_MS), unavailable);
  });
}
