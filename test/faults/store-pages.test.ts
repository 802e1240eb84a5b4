// What the store does with pages beyond all measure, with a file of the release before, and with rows that somebody has
// changed: it makes place or refuses, and keeps what was there.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import t, { type Test } from 'tap';

import type { Clock } from '../../src/clock.ts';
import type { UserId } from '../../src/matrix/ids.ts';
import { migrations } from '../../src/store/migrations/all.ts';
import type { UnreadableRow } from '../../src/store/rows.ts';
import { openSqliteStore, type SqliteStores } from '../../src/store/sqlite.ts';
import {
  ALICE,
  answered,
  BOB,
  callId,
  callIds,
  ended,
  initiated,
  ringingCall,
  START_MS,
} from '../contract/calls.ts';
import { TestClock } from '../harness/test-clock.ts';

const ROOM_ID = 'a'.repeat(32);
const clock: Clock = new TestClock(START_MS);

function openStore(t: Test, path: string, unreadable: UnreadableRow[] = []): SqliteStores {
  const store = openSqliteStore({ path, clock, onUnreadable: (row) => unreadable.push(row) });
  t.teardown(() => store.close());
  return store;
}

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function countIn(path: string, table: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare(`SELECT count(*) AS count FROM ${table}`).get();
  database.close();
  return Number(row?.['count']);
}

/** The numbers 1 to `last`, as a table `n (i)`, to fill another with. */
const numbers = (last: number): string =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;

await t.test('10,000 users are registered, and not one more until one is forgotten', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  edit(path, `INSERT INTO room_users ${numbers(9_999)} SELECT 'user' || i, 'Ann', i FROM n`);
  const made = { id: 'b', username: 'Bob', joinedAtMs: START_MS };
  t.equal(await store.addUser(made), 'added');
  t.equal(await store.addUser({ ...made, id: 'c' }), 'full');
  t.equal(await store.findUser('c'), undefined);
  await store.deleteEndedBefore(2);
  t.equal(await store.addUser({ ...made, id: 'c' }), 'added');
  t.equal(countIn(path, 'room_users'), 10_000);
});

await t.test('10,000 messages of a room are kept, 100,000 of all, and the oldest make place', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  const fill = (count: number, roomId: string): void =>
    edit(
      path,
      `INSERT INTO rooms VALUES ('${roomId}', 'General', 1);
      INSERT INTO room_messages (id, room_id, user_id, username, at_ms, content)
        ${numbers(count)} SELECT i, '${roomId}', 'u', 'Ann', 1, 'x' FROM n`,
    );
  const put = (roomId: string, id: string): Promise<string> =>
    store.putMessage({
      id,
      roomId,
      userId: 'u',
      username: 'Ann',
      avatar: undefined,
      content: 'y',
      atMs: START_MS,
    });
  fill(100, 'quiet');
  fill(10_000, ROOM_ID);
  t.equal(await put(ROOM_ID, 'newest'), 'put');
  const kept = await store.listMessages(ROOM_ID, 20_000);
  t.equal(kept.length, 10_000);
  t.same([kept[0]?.id, kept.at(-1)?.id], ['2', 'newest']);
  t.equal((await store.listMessages('quiet', 200)).length, 100, 'those of another room stay');

  for (let n = 1; n <= 9; n++) fill(n === 9 ? 9_900 : 10_000, `room${n}`);
  t.equal(countIn(path, 'room_messages'), 100_000);
  t.equal(await put('room9', 'one more'), 'put');
  t.equal(countIn(path, 'room_messages'), 100_000);
  t.equal((await store.listMessages('quiet', 200))[0]?.id, '2', 'the oldest of all is gone');
});

await t.test('100,000 profiles are kept, and those seen longest ago make place', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  edit(
    path,
    `INSERT INTO profiles (profile_key, seen_at_ms) ${numbers(100_000)} SELECT 'tutor_' || i, 1000 + i FROM n`,
  );
  const profile = { userId: BOB, name: undefined, avatar: undefined };
  await store.putProfile({ ...profile, key: 'tutor_1' }, START_MS);
  t.equal(countIn(path, 'profiles'), 100_000, 'one that is known takes no place');
  await store.putProfile({ ...profile, key: 'student_1' }, 0);
  t.equal(countIn(path, 'profiles'), 100_000);
  t.match(await store.findProfile('student_1'), { userId: BOB }, 'the new one stays, whatever its time');
  t.match(await store.findProfile('tutor_1'), { userId: BOB });
  t.equal(await store.findProfile('tutor_2'), undefined);
  t.match(await store.findProfile('tutor_3'), { key: 'tutor_3' });
});

await t.test('a file of schema 1 is taken over with all that is in it', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'calls.db');
  const today = openStore(t, join(folder, 'today.db'));
  await today.insertCall(ringingCall(1), [initiated], START_MS, { idempotencyKey: 'key' });
  await today.insertCall(ended(ringingCall(2), 'no_answer'), [initiated], START_MS);
  await today.close();
  const old = schemaOne(path);
  old.exec(`ATTACH '${join(folder, 'today.db')}' AS today`);
  for (const table of ['call_sessions', 'call_participants', 'call_events'])
    old.exec(`INSERT INTO ${table} SELECT * FROM today.${table}`);
  old.close();

  const store = openStore(t, path);
  t.strictSame(await store.loadLiveCalls(), [ringingCall(1)]);
  t.same(callIds(await store.listMissed(BOB, 10)), [callId(2)]);
  t.same(callIds(await store.takeUntoldMissed('tutor_1', BOB, 10)), [callId(2)], 'missed before the upgrade');
  t.equal(await store.addRoom({ id: ROOM_ID, name: 'General', createdAtMs: 1 }), 'added');
  const database = new DatabaseSync(path, { readOnly: true });
  t.match(database.prepare('PRAGMA user_version').get(), { user_version: migrations.length });
  t.match(database.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' });
  database.close();
});

await t.test('a process of schema 1 that is still open goes on beside the one that migrated', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const old = schemaOne(path);
  const insert = old.prepare(
    `INSERT INTO call_sessions SELECT 'b' || call_id, room_id, call_type, status, initiator_id, initiator_device_id,
      created_at_ms, ring_deadline_at_ms, answered_at_ms, ended_at_ms, end_reason, ended_by, version, NULL, call
      FROM call_sessions WHERE call_id = ?`,
  );
  const remove = old.prepare('DELETE FROM call_sessions WHERE call_id = ?');
  const store = openStore(t, path);
  await store.insertCall(ended(ringingCall(1), 'no_answer'), [initiated], START_MS);
  await store.takeUntoldMissed('tutor_1', BOB, 10);
  t.equal(insert.run(callId(1)).changes, 1, 'it writes calls');
  t.equal(remove.run(callId(1)).changes, 1, 'and deletes those that are told of');
  t.equal(await store.findCall(callId(1)), undefined);
  t.equal(countIn(path, 'profile_told_calls'), 0);
  old.close();
});

await t.test('a missed call that cannot be read takes the place of no other for ever', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const unreadable: UnreadableRow[] = [];
  const store = openStore(t, path, unreadable);
  for (let n = 1; n <= 3; n++) await store.insertCall(ended(ringingCall(n), 'no_answer'), [], START_MS);
  edit(path, `UPDATE call_sessions SET call = '{}' WHERE call_id IN ('${callId(2)}', '${callId(3)}')`);
  t.same(await store.takeUntoldMissed('tutor_1', BOB, 2), []);
  t.equal(unreadable.length, 2);
  t.same(callIds(await store.takeUntoldMissed('tutor_1', BOB, 2)), [callId(1)]);
});

await t.test('a taking that cannot be written tells of nothing, and can be made again', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  await store.insertCall(ended(ringingCall(1), 'no_answer'), [], START_MS);
  edit(path, `CREATE TRIGGER deny BEFORE INSERT ON profile_told_calls BEGIN SELECT raise(ABORT, 'no'); END`);
  await t.rejects(store.takeUntoldMissed('tutor_1', BOB, 10), { name: 'StoreUnavailable' });
  edit(path, 'DROP TRIGGER deny');
  t.same(callIds(await store.takeUntoldMissed('tutor_1', BOB, 10)), [callId(1)]);
});

await t.test('addresses of people without a Matrix user are stored like any other', async (t) => {
  const store = openStore(t, join(t.testdir(), 'calls.db'));
  const address = 'profile:tutor_1' as UserId;
  const call = ringingCall(1, { from: address, to: [ALICE] });
  await store.insertCall(call, [initiated], START_MS);
  t.strictSame(await store.findLiveCalls(address), [call]);
  await store.replaceCall(answered(call), [], START_MS);
  t.same(callIds(await store.listCalls(address, { limit: 10 })), [callId(1)]);
});

/** A file as the first release made it, still open. */
function schemaOne(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
  database.exec(migrations[0] ?? '');
  database.exec('PRAGMA application_id = 1349481076; PRAGMA user_version = 1');
  return database;
}
