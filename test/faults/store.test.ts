// Threat cases F10, F18, F19 and invariant I5 for the store: killed, locked out, out of space, unable to write.
// What was acknowledged is there; what could not be written is refused, and nothing of it stays.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import t, { type Test } from 'tap';

import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { ALICE, answered, callId, initiated, ringingCall, START_MS } from '../contract/calls.ts';
import { until } from '../harness/until.ts';

const WRITER = fileURLToPath(new URL('store-writer.ts', import.meta.url));
const HOLD_LOCK = `
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(process.argv[1]);
  database.exec('BEGIN EXCLUSIVE');
  process.stdout.write('locked');
  process.stdin.on('end', () => { database.exec('ROLLBACK'); process.stdout.write('free'); }).resume();`;
const KILLS = 30;

t.setTimeout(120_000);
// Without a listener the signal for a file that grows too large ends the process; it arrives late, so that one for the
// test alone would be gone by then.
process.on('SIGXFSZ', () => undefined);

function openStore(t: Test, path: string, busyTimeoutMs?: number): Store {
  const store = openSqliteStore({
    path,
    clock: systemClock,
    onUnreadable: ({ table, callId, problem }) => t.fail(`${table} ${callId}: ${problem}`),
    ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
  });
  t.teardown(() => store.close());
  return store;
}

/** Whether a command of the system works here: some need privileges or a file system that not every machine has. */
function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The soft limit of this process, so that it can be lifted again. */
function limitFileSize(bytes: string): boolean {
  return canRun('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
}

/** Puts calls from number `n` on until one is refused; resolves to how many were put, and the refusal. */
async function fill(store: Store, n: number, limit: number): Promise<{ put: number; refusal: unknown }> {
  for (let put = 0; put < limit; put++) {
    try {
      await store.insertCall(ringingCall(n + put), [initiated], START_MS);
    } catch (refusal) {
      return { put, refusal };
    }
  }
  return { put: limit, refusal: undefined };
}

await t.test(
  `F10 F18 killed at ${KILLS} moments, it has every acknowledged call and nothing half`,
  async (t) => {
    const path = join(t.testdir(), 'calls.db');
    let acknowledgements = 0;
    for (let round = 1; round <= KILLS; round++) {
      const acknowledged = await writeUntilKilled(path, round * 1_000_000);
      const store = openStore(t, path);
      const wrong: string[] = [];
      for (const [n, version] of acknowledged) {
        const call = await store.findCall(callId(n));
        if (call === undefined || call.version < version) wrong.push(`${n}: ${call?.version} < ${version}`);
      }
      await store.close();
      t.same(wrong, [], `round ${round}: ${acknowledged.size} calls are there`);
      checkIntegrity(t, path);
      acknowledgements += acknowledged.size;
    }
    t.comment(`${acknowledgements} calls were acknowledged`);
  },
);

async function writeUntilKilled(path: string, first: number): Promise<Map<number, number>> {
  const child = spawn(process.execPath, [WRITER, path, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = 1 + Math.floor(Math.random() * 300);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (!child.killed && output.split('\n').length > lines) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [unknown, unknown];
  if (signal !== 'SIGKILL') throw new Error('the writer ended by itself');
  // A last line that was cut off is no acknowledgement.
  const whole = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(whole.map((line) => line.split(' ').map(Number) as [number, number]));
}

function checkIntegrity(t: Test, path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  t.equal(value('PRAGMA integrity_check'), 'ok');
  t.equal(value('SELECT count(*) FROM pragma_foreign_key_check'), 0);
  const halves = value(`SELECT count(*) FROM call_sessions s WHERE
    json_extract(call, '$.version') <> version
    OR json_array_length(call, '$.legs') <> (SELECT count(*) FROM call_participants p WHERE p.call_id = s.call_id)
    OR (SELECT count(*) FROM call_events e WHERE e.call_id = s.call_id) <> 2 * version - 1
    OR (SELECT max(seq) FROM call_events e WHERE e.call_id = s.call_id) <> 2 * version - 1`);
  t.equal(halves, 0, 'no call has more or less than its version says');
  database.close();
}

await t.test(
  'F18 locked by another process it refuses in time, without stopping anything else',
  async (t) => {
    const path = join(t.testdir(), 'calls.db');
    const store = openStore(t, path, 300);
    await store.insertCall(ringingCall(1), [initiated], START_MS);
    const holder = spawn(process.execPath, ['-e', HOLD_LOCK, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => void holder.kill());
    let said = '';
    holder.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    await until(() => said === 'locked');

    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 10);
    t.teardown(() => clearInterval(ticking));
    const startedMs = performance.now();
    await t.rejects(store.replaceCall(answered(ringingCall(1)), [initiated], START_MS), {
      name: 'StoreUnavailable',
      cause: { errcode: 5 },
    });
    const tookMs = performance.now() - startedMs;
    const ticksMeanwhile = ticks;
    t.ok(tookMs >= 300 && tookMs < 3_000, `refused after ${Math.round(tookMs)} ms`);
    t.ok(ticksMeanwhile >= 3, `timers ran meanwhile (${ticksMeanwhile})`);
    t.equal(await store.isWritable(), false);
    t.equal((await store.findCall(callId(1)))?.version, 1, 'it can be read');

    const waiting = store.insertCall(ringingCall(2), [initiated], START_MS);
    holder.stdin.end();
    t.same(await waiting, { inserted: true }, 'who waits when the lock is released is served');
    t.equal(await store.replaceCall(answered(ringingCall(1)), [], START_MS), 'replaced');
    t.equal(await store.isWritable(), true);
  },
);

await t.test('F19 out of space it refuses, and works again when there is space', async (t) => {
  const folder = t.testdir();
  if (!canRun('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder])) return t.comment('cannot mount');
  try {
    await fillDisk(t, folder);
  } finally {
    // Here, for the folder of the test is removed before its teardowns run.
    execFileSync('umount', ['-l', folder]);
  }
});

async function fillDisk(t: Test, folder: string): Promise<void> {
  const path = join(folder, 'calls.db');
  const store = openStore(t, path);
  const before = await fill(store, 1, 20);
  t.equal(before.refusal, undefined);

  const ballast = join(folder, 'ballast');
  const descriptor = openSync(ballast, 'w');
  t.throws(
    () => {
      for (;;) writeSync(descriptor, Buffer.alloc(4_096));
    },
    { code: 'ENOSPC' },
  );
  closeSync(descriptor);
  const during = await fill(store, 1_000, 1_000);
  t.match(during.refusal, { name: 'StoreUnavailable', cause: { errcode: 13 } });
  t.equal(await store.isWritable(), false);
  t.equal(await store.findCall(callId(1_000 + during.put)), undefined, 'nothing of what was refused');
  t.same(await store.readEvents(callId(1_000 + during.put), 0, 10), []);
  t.equal((await store.findLiveCalls(ALICE)).length, 20 + during.put, 'all that was acknowledged');

  rmSync(ballast);
  t.equal(await store.isWritable(), true, 'without opening it again');
  t.same(await fill(store, 1_000 + during.put, 20), { put: 20, refusal: undefined });
  t.equal((await store.findLiveCalls(ALICE)).length, 40 + during.put);
  await store.close();
  const database = new DatabaseSync(path);
  t.match(database.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' });
  database.close();
}

await t.test('F18 when its writes fail it refuses, and works again when they succeed', async (t) => {
  const store = openStore(t, join(t.testdir(), 'calls.db'));
  await fill(store, 1, 20);
  if (!limitFileSize('65536')) return t.comment('cannot limit the size of files');
  const during = await fill(store, 1_000, 1_000);
  const isWritable = await store.isWritable();
  limitFileSize('unlimited');
  t.match(during.refusal, { name: 'StoreUnavailable', cause: { message: /./ } });
  t.equal(isWritable, false);
  t.equal((await store.findLiveCalls(ALICE)).length, 20 + during.put);
  t.equal(await store.isWritable(), true);
  t.same(await fill(store, 1_000 + during.put, 20), { put: 20, refusal: undefined });
});

await t.test('a file that became read-only is not writable, and can be read', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const store = openStore(t, path);
  await store.insertCall(ringingCall(1), [initiated], START_MS);
  const files = [path, `${path}-wal`];
  try {
    if (!canRun('chattr', ['+i', ...files])) return t.comment('cannot make files immutable');
    t.equal(await store.isWritable(), false);
    await t.rejects(store.insertCall(ringingCall(2), [], START_MS), { name: 'StoreUnavailable' });
    t.equal((await store.findCall(callId(1)))?.version, 1);
  } finally {
    // Here, for the folder of the test is removed before its teardowns run.
    canRun('chattr', ['-i', ...files]);
  }
  t.equal(await store.isWritable(), true);
  t.equal(await store.findCall(callId(2)), undefined);
});
