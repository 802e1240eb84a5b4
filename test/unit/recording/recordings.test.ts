// Recordings while they grow, on the real call service and store: who is told, what silence, the end of the call and a
// restart make of them, and how much there may be. Files are counted here, not written.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import t, { type Test } from 'tap';

import type { CallId, RecordingId, UserId } from '../../../src/matrix/ids.ts';
import { Recordings } from '../../../src/recording/recordings.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { ALICE, BOB, CAROL, PHONE, START_MS } from '../../contract/calls.ts';
import { callIn, request, startService, type TestService } from '../../harness/call-service.ts';
import { TestClock } from '../../harness/test-clock.ts';

const MIB = 1024 * 1024;
const IDLE_MS = 30_000;
const TAIL_MS = 10_000;

interface Stage extends TestService {
  readonly recordings: Recordings;
  /** The sizes of files, by name. */
  readonly files: Map<RecordingId, number>;
  readonly closed: readonly RecordingId[];
  readonly failures: readonly unknown[];
  begin(n: number, callId: CallId, userId?: UserId): Promise<unknown>;
  /** One request that brings so much. */
  add(n: number, bytes: number): Promise<void>;
  show(n: number): Promise<unknown>;
}

function id(n: number): RecordingId {
  return n.toString(16).padStart(32, '0') as RecordingId;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await setImmediate();
}

function stage(
  t: Test,
  folder: string,
  files = new Map<RecordingId, number>(),
  clock = new TestClock(START_MS),
): Stage {
  const closed: RecordingId[] = [];
  const failures: unknown[] = [];
  const test = startService(t, folder, { clock, onCommitted: (change) => recordings.committed(change) });
  const store = openSqliteStore({ path: join(folder, 'calls.db'), clock, onUnreadable: () => undefined });
  t.teardown(() => store.close());
  const recordings: Recordings = new Recordings({
    store,
    calls: test.service,
    files: {
      find: async (name) => {
        const bytes = files.get(name);
        return bytes === undefined ? undefined : { bytes, changedAtMs: START_MS + 7 };
      },
      remove: async (name) => void files.delete(name),
    },
    limits: { maxSizeBytes: 20 * MIB, maxTotalBytes: 30 * MIB },
    clock,
    onClosed: (name) => void closed.push(name),
    onFailed: (error) => void failures.push(error),
  });
  t.teardown(() => recordings.stop());
  return {
    ...test,
    recordings,
    files,
    closed,
    failures,
    async begin(n, callId, userId = ALICE) {
      const refused = await recordings.begin({ id: id(n), callId, userId, type: 'video/webm' });
      if (refused === undefined) files.set(id(n), 0);
      return refused;
    },
    add: (n, bytes) =>
      recordings.take(
        id(n),
        () => undefined,
        async (before) => {
          recordings.heard(id(n), bytes);
          files.set(id(n), before + bytes);
        },
      ),
    async show(n) {
      const found = await recordings.find(id(n));
      return found && [found.state, found.bytes];
    },
  };
}

async function talk(test: Stage, inviteeIds = [BOB]): Promise<CallId> {
  const { callId } = callIn(await test.service.initiate(request({ inviteeIds })));
  for (const userId of inviteeIds)
    await test.service.command(callId, { type: 'answer', userId, deviceId: PHONE });
  return callId;
}

const told = (test: Stage): readonly string[] => test.told.filter((type) => type.startsWith('recording'));

await t.test('begins, grows and is finished; the call is told of both ends', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  t.equal(await test.begin(1, callId), undefined);
  t.same(told(test), ['recording-started']);
  t.equal(test.recordings.callOf(id(1)), callId);
  await test.add(1, 100);
  t.same(await test.show(1), ['recording', 100], 'shown as large as it is');
  await test.add(1, 50);
  await test.recordings.finish(id(1));
  t.same(await test.show(1), ['finished', 150]);
  t.same(told(test), ['recording-started', 'recording-stopped']);
  t.same(test.closed, [id(1)]);
  t.match(await test.recordings.list(callId), [{ id: id(1), endedAtMs: START_MS }]);
  await t.rejects(test.add(1, 1), { code: 'RECORDING_STOPPED' });
  t.equal(test.clock.pending, 1, 'its timer is gone, that of the call is not');
});

await t.test('is refused where nobody may record, and leaves nothing behind', async (t) => {
  const test = stage(t, t.testdir());
  const { callId } = callIn(await test.service.initiate(request()));
  t.equal(await test.begin(1, callId), 'CALL_NOT_ACTIVE');
  t.equal(await test.begin(1, 'f'.repeat(32) as CallId), 'CALL_NOT_FOUND');
  t.equal(await test.show(1), undefined);
  await test.service.command(callId, { type: 'answer', userId: BOB, deviceId: PHONE });
  t.equal(await test.begin(2, callId), undefined);
  t.equal(await test.begin(3, callId), 'RECORDING_RUNNING', 'one of each user');
  t.equal(await test.begin(4, callId, BOB), undefined);
  t.same(told(test), ['recording-started', 'recording-started']);
});

await t.test('silence interrupts it, with what had come; bytes put that off', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  await test.begin(1, callId);
  test.clock.advance(IDLE_MS - 1);
  await test.add(1, 10);
  test.clock.advance(IDLE_MS - 1);
  await settle();
  t.same(await test.show(1), ['recording', 10]);
  test.clock.advance(1);
  await settle();
  t.same(await test.show(1), ['interrupted', 10]);
  t.same(told(test), ['recording-started', 'recording-stopped']);
  t.match(await test.recordings.find(id(1)), { endedAtMs: START_MS + 2 * IDLE_MS - 1 });
});

await t.test('one in which nothing came is not kept', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  await test.begin(1, callId);
  test.clock.advance(IDLE_MS);
  await settle();
  t.equal(await test.show(1), undefined);
  t.notOk(test.files.has(id(1)));
  t.same(told(test), ['recording-started', 'recording-stopped']);
  await test.begin(2, callId);
  await test.recordings.abandon(id(2));
  t.equal(await test.show(2), undefined, 'nor one that could not be created');
});

await t.test('the end of the call leaves it time for its end, and no more', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  await test.begin(1, callId);
  await test.begin(2, callId, BOB);
  await test.add(1, 10);
  await test.add(2, 10);
  await test.service.command(callId, { type: 'end', userId: BOB, deviceId: PHONE });
  await settle();
  await test.add(1, 5);
  await test.recordings.finish(id(1));
  t.same(await test.show(1), ['finished', 15], 'what was on its way');
  test.clock.advance(TAIL_MS - 1);
  await test.add(2, 5);
  test.clock.advance(1);
  await settle();
  t.same(await test.show(2), ['interrupted', 15], 'bytes do not put that off');
  t.same(told(test), ['recording-started', 'recording-started'], 'the end of the call says it all');
  t.same(test.failures, []);
});

await t.test('who leaves records no more, and the others are told at once', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test, [BOB, CAROL]);
  await test.begin(1, callId, BOB);
  await test.add(1, 10);
  await test.service.command(callId, { type: 'leave', userId: CAROL, deviceId: PHONE });
  await settle();
  t.same(told(test), ['recording-started'], 'not for anybody else');
});

await t.test('who leaves a group is told of once, and its recording ends soon', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test, [BOB, CAROL]);
  await test.begin(1, callId, BOB);
  await test.add(1, 10);
  await test.service.command(callId, { type: 'leave', userId: BOB, deviceId: PHONE });
  await settle();
  t.same(told(test), ['recording-started', 'recording-stopped']);
  t.same(await test.show(1), ['recording', 10]);
  test.clock.advance(TAIL_MS);
  await settle();
  t.same(await test.show(1), ['interrupted', 10]);
  t.same(told(test), ['recording-started', 'recording-stopped']);
});

await t.test('after a restart it goes on in a call that goes on, if its recorder comes back', async (t) => {
  const folder = t.testdir();
  const before = stage(t, folder);
  const callId = await talk(before);
  await before.begin(1, callId);
  await before.begin(2, callId, BOB);
  await before.add(1, 10);
  await before.add(2, 10);
  before.recordings.stop();
  before.service.stop();
  const clock = new TestClock(START_MS + 60_000);
  const test = stage(t, folder, before.files, clock);
  await test.service.start();
  t.same(await test.recordings.start(), [id(1), id(2)]);
  t.same(told(test), ['recording-started', 'recording-started'], 'nobody who comes back knows of it');
  await test.add(1, 5);
  await test.recordings.finish(id(1));
  t.same(await test.show(1), ['finished', 15]);
  clock.advance(29_999);
  await settle();
  t.same(await test.show(2), ['recording', 10]);
  clock.advance(1);
  await settle();
  t.same(await test.show(2), ['interrupted', 10]);
});

await t.test(
  'after a restart it ends with what there is, if its call is over or its file is gone',
  async (t) => {
    const folder = t.testdir();
    const before = stage(t, folder);
    const over = await talk(before);
    await before.begin(1, over);
    await before.add(1, 10);
    before.recordings.stop();
    await before.service.command(over, { type: 'end', userId: ALICE, deviceId: PHONE });
    const callId = await talk(before);
    await before.begin(2, callId);
    before.files.delete(id(2));
    before.service.stop();
    const test = stage(t, folder, before.files, new TestClock(START_MS + 60_000));
    await test.service.start();
    t.same(await test.recordings.start(), []);
    t.match(await test.recordings.find(id(1)), { state: 'interrupted', bytes: 10, endedAtMs: START_MS + 7 });
    t.equal(await test.show(2), undefined);
    t.same(told(test), []);
  },
);

await t.test('one request, one recording and all together have their limits', async (t) => {
  const test = stage(t, t.testdir());
  const { recordings } = test;
  const callId = await talk(test);
  t.equal(recordings.refuseMore(0, 16 * MIB), undefined);
  t.equal(recordings.refuseMore(0, 16 * MIB + 1), 'RECORDING_TOO_LARGE', 'in one request');
  t.equal(recordings.refuseMore(5 * MIB, 15 * MIB), undefined);
  t.equal(recordings.refuseMore(5 * MIB, 15 * MIB + 1), 'RECORDING_TOO_LARGE', 'of one recording');
  t.ok(recordings.mayBecome(20 * MIB));
  t.notOk(recordings.mayBecome(20 * MIB + 1));
  await test.begin(1, callId);
  await test.add(1, 16 * MIB);
  await test.begin(2, callId, BOB);
  t.equal(recordings.refuseMore(0, 14 * MIB), undefined);
  t.equal(recordings.refuseMore(0, 14 * MIB + 1), 'RECORDING_FULL', 'of one that grows and one that is new');
  await recordings.finish(id(1));
  t.equal(recordings.refuseMore(0, 14 * MIB + 1), 'RECORDING_FULL', 'it is kept');
  await recordings.remove(id(1));
  t.equal(recordings.refuseMore(0, 14 * MIB + 1), undefined, 'its place is free again');
  t.notOk(test.files.has(id(1)));
});

await t.test('to delete one that grows stops it', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  await test.begin(1, callId);
  await test.add(1, 10);
  let isBrokenOff = false;
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const request = test.recordings.take(
    id(1),
    () => {
      isBrokenOff = true;
      end();
    },
    () => promise,
  );
  await settle();
  await test.recordings.remove(id(1));
  await request;
  t.ok(isBrokenOff);
  t.equal(await test.show(1), undefined);
  t.notOk(test.files.has(id(1)));
  t.same(told(test), ['recording-started', 'recording-stopped']);
});

await t.test('a request breaks off the one before it, and waits for its end', async (t) => {
  const test = stage(t, t.testdir());
  const callId = await talk(test);
  await test.begin(1, callId);
  const order: string[] = [];
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const first = test.recordings.take(
    id(1),
    () => {
      order.push('broken off');
      end();
    },
    async () => {
      await promise;
      order.push('first ended');
    },
  );
  await settle();
  await test.recordings.take(
    id(1),
    () => undefined,
    async () => void order.push('second'),
  );
  await first;
  t.same(order, ['broken off', 'first ended', 'second']);
});
