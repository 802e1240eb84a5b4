// What the store does with files that are not as it left them: refused with a text for the operator, or read as far as
// they can be. Nothing that it did not write is ever changed or deleted.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import t, { type Test } from 'tap';

import { StoreOpenError } from '../../src/store/errors.ts';
import { migrations } from '../../src/store/migrations/all.ts';
import type { UnreadableRow } from '../../src/store/rows.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import {
  ALICE,
  BOB,
  callId,
  callIds,
  ended,
  initiated,
  missed,
  ringingCall,
  START_MS,
} from '../contract/calls.ts';
import { TestClock } from '../harness/test-clock.ts';

function openStore(t: Test, path: string, unreadable: UnreadableRow[] = []): Store {
  const clock = new TestClock(START_MS);
  const store = openSqliteStore({ path, clock, onUnreadable: (row) => unreadable.push(row) });
  t.teardown(() => store.close());
  return store;
}

/** Every refusal says which file, and what to do. */
function refuses(t: Test, path: string, expected: RegExp): void {
  const error = caught(() => openStore(t, path));
  t.ok(error instanceof StoreOpenError);
  t.match((error as Error).message, expected);
}

function caught(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

await t.test('it makes its folders and its file, for their user alone', async (t) => {
  const folder = join(t.testdir(), 'a', 'b');
  const path = join(folder, 'calls.db');
  const store = openStore(t, path);
  await store.insertCall(ringingCall(1), [], START_MS);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of [path, `${path}-wal`]) t.equal(statSync(file).mode & 0o077, 0, file);
});

await t.test('a name that SQLite would take for something else is a file of that name', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'calls.db?mode=memory');
  const store = openStore(t, path);
  await store.insertCall(ringingCall(1), [], START_MS);
  t.ok(existsSync(path));
});

await t.test('a folder that cannot be made, or that stands in place of the file, is named', async (t) => {
  const folder = t.testdir({ file: 'x', folder: {} });
  refuses(t, join(folder, 'file', 'calls.db'), /^The folder .*file of .* cannot be created: .+\. Create it/);
  refuses(t, join(folder, 'folder'), /folder cannot be opened: it is a folder\. Set store\.url/);
});

await t.test('a file that is no database is refused, and left as it was', async (t) => {
  const text = 'Dear diary, '.repeat(1_000);
  const path = join(t.testdir({ 'calls.db': text }), 'calls.db');
  refuses(t, path, /damaged or no SQLite database: .+ Nothing was changed in it\. Restore a copy/);
  t.equal(readFileSync(path, 'utf8'), text);
});

await t.test('a damaged database is refused or answers StoreUnavailable, and is never emptied', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  for (let n = 1; n <= 50; n++) await store.insertCall(ringingCall(n), [initiated], START_MS);
  await store.close();
  const bytes = readFileSync(path);
  for (const [from, to] of [
    [0, 100],
    [100, 4_096],
    [4_096, bytes.length],
  ] as const) {
    const damaged = Buffer.from(bytes).fill(0xa5, from, to);
    writeFileSync(path, damaged);
    const outcome = await openStoreAndRead(path);
    t.match(outcome, { name: /^Store(?:OpenError|Unavailable)$/ }, `bytes ${from} to ${to}`);
    t.ok(readFileSync(path).equals(damaged), 'the file is as it was');
  }

  async function openStoreAndRead(path: string): Promise<unknown> {
    try {
      return await openStore(t, path).loadLiveCalls();
    } catch (error) {
      return error;
    }
  }
});

await t.test('the database of another program is refused, and left as it was', async (t) => {
  const path = join(t.testdir(), 'homeserver.db');
  edit(path, 'CREATE TABLE users (name TEXT); INSERT INTO users VALUES (1)');
  const before = readFileSync(path);
  refuses(t, path, /is the database of another program; nothing was changed in it\. Set store\.url/);
  t.ok(readFileSync(path).equals(before));
});

await t.test('the schema of a later release is refused, and left as it was', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  await openStore(t, path).close();
  edit(path, `PRAGMA user_version = ${migrations.length + 1}`);
  const before = readFileSync(path);
  refuses(
    t,
    path,
    /has schema \d+, and this release of Portico knows schemas up to \d+;.* Run the newer release/,
  );
  t.ok(readFileSync(path).equals(before));
});

await t.test('a migration that was interrupted is made again', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  // As after a kill in the transaction of the first start: a file in WAL mode, without any table.
  edit(path, 'PRAGMA journal_mode = WAL');
  const store = openStore(t, path);
  t.same(await store.insertCall(ringingCall(1), [], START_MS), { inserted: true });
});

await t.test('no column could hold SDP, a token or a secret', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  openStore(t, path);
  const database = new DatabaseSync(path, { readOnly: true });
  const columns = database
    .prepare(
      `SELECT m.name || '.' || c.name AS name FROM sqlite_schema m, pragma_table_info(m.name) c
      WHERE m.type = 'table'`,
    )
    .all()
    .map(({ name }) => String(name));
  database.close();
  t.ok(columns.includes('call_sessions.status') && columns.includes('call_participants.user_id'));
  t.same(
    columns.filter((name) => /sdp|offer|answer_|candidate|token|secret|password/.test(name)),
    [],
  );
});

await t.test('the tables say to an operator what the calls are', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  await store.insertCall(ended(ringingCall(1), 'no_answer'), [initiated, missed], START_MS);
  const database = new DatabaseSync(path, { readOnly: true });
  t.match(database.prepare('SELECT * FROM call_sessions').all(), [
    {
      room_id: '!room:example.org',
      status: 'missed',
      initiator_id: ALICE,
      end_reason: 'no_answer',
      version: 2,
    },
  ]);
  t.match(database.prepare('SELECT * FROM call_participants ORDER BY user_id').all(), [
    { user_id: ALICE, status: 'left', leave_reason: 'no_answer' },
    { user_id: BOB, status: 'invited', leg_state: 'missed', missed_read_at_ms: null },
  ]);
  t.match(database.prepare('SELECT * FROM call_events').all(), [
    { seq: 1, type: 'initiated', user_id: ALICE },
    { seq: 2, type: 'missed', user_id: BOB },
  ]);
  database.close();
});

await t.test('a row that cannot be read is reported and passed over, and the others are read', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const unreadable: UnreadableRow[] = [];
  const store = openStore(t, path, unreadable);
  for (let n = 1; n <= 7; n++) await store.insertCall(ringingCall(n), [initiated, missed], START_MS);
  const set = (n: number, value: string): void =>
    edit(path, `UPDATE call_sessions SET ${value} WHERE call_id = '${callId(n)}'`);
  set(1, "call = 'not JSON'");
  set(2, "call = json_set(call, '$.legs[1].state', 'levitating')");
  set(3, "call = json_remove(call, '$.initiator.deviceId')");
  set(4, 'version = 9');
  set(5, `call = json_set(call, '$.callId', '${callId(6)}')`);
  set(6, "call = json_set(call, '$.state', '__proto__')");
  t.same(callIds(await store.loadLiveCalls()), [callId(7)]);
  t.strictSame(
    unreadable.map(({ problem }) => problem),
    [
      'is not JSON',
      'legs[1].state is not a known word',
      'initiator.deviceId is not an identifier',
      'version is not that of the row',
      'callId is not that of the row',
      'state is not a known word',
    ],
  );
  t.match(unreadable[1], { table: 'call_sessions', callId: callId(2) });
  t.equal(await store.findCall(callId(1)), undefined);

  unreadable.length = 0;
  edit(path, `UPDATE call_events SET event = '{"type":"flew"}' WHERE call_id = '${callId(7)}' AND seq = 1`);
  t.strictSame(await store.readEvents(callId(7), 0, 10), [{ seq: 2, atMs: START_MS, event: missed }]);
  t.same(unreadable, [{ table: 'call_events', callId: callId(7), problem: 'type is not a known word' }]);
});

await t.test('a key whose call cannot be read makes no second call', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  const options = { idempotencyKey: 'key' };
  await store.insertCall(ringingCall(1), [], START_MS, options);
  edit(path, "UPDATE call_sessions SET call = '{}'");
  await t.rejects(store.insertCall(ringingCall(2), [], START_MS, options), { name: 'StoreUnavailable' });
  t.equal(await store.findCall(callId(2)), undefined);
});

await t.test('a file that may not be written is refused at the start', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'data'));
  const path = join(folder, 'data', 'calls.db');
  await openStore(t, path).close();
  const chattr = (flag: string): void => void execFileSync('chattr', [flag, path], { stdio: 'ignore' });
  if (caught(() => chattr('+i')) !== undefined) return t.comment('cannot make files immutable');
  try {
    refuses(t, path, /cannot be opened for writing: .+\. Give the file and its folder to the user/);
  } finally {
    // Here, for the folder of the test is removed before its teardowns run.
    chattr('-i');
  }
});
