// Calls on a real store through time, restarts and a store that fails: rings end at their stored deadline, whoever
// holds the timer; and of many who answer at one moment exactly one has answered.

import t from 'tap';

import type { CallCommand } from '../../../src/call/model/commands.ts';
import { StoreUnavailable } from '../../../src/store/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import type { UserId } from '../../../src/matrix/ids.ts';
import { ALICE, BOB, CAROL, PHONE, user } from '../../contract/calls.ts';
import {
  by,
  callIn,
  LAPTOP,
  LIMITS,
  pass,
  request,
  RING_MS,
  room,
  startService,
  stateOf,
} from '../../harness/call-service.ts';

const answerOn = (deviceId: typeof PHONE, userId = BOB): CallCommand => ({
  type: 'answer',
  userId,
  deviceId,
});

await t.test('T18 a ring ends at its stored deadline, not a millisecond before', async (t) => {
  const { service, store, clock, committed } = startService(t, t.testdir());
  const { callId, ringDeadlineAtMs } = callIn(await service.initiate(request()));
  await pass(clock, RING_MS - 1);
  t.equal(stateOf(await store.findCall(callId)), 'ringing');
  await pass(clock, 1);
  const call = await store.findCall(callId);
  t.match(call, { state: 'ended', endReason: 'no_answer', endedAtMs: ringDeadlineAtMs });
  t.equal(committed.at(-1)?.atMs, ringDeadlineAtMs);
  t.equal((await store.listMissed(BOB, 10)).length, 1);
  t.equal(clock.pending, 0, 'no timer is left');
});

await t.test('an answered call has no ring to end; at its longest duration it is over', async (t) => {
  const { service, store, clock } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await service.command(callId, answerOn(LAPTOP));
  await pass(clock, RING_MS * 2);
  t.equal(stateOf(await store.findCall(callId)), 'active');
  await pass(clock, LIMITS.maxDurationMs);
  t.equal(stateOf(await store.findCall(callId)), 'ended orphaned');
});

await t.test('T21 a caller who is gone keeps the ring for its grace', async (t) => {
  const { service, store, clock } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  await pass(clock, 5_000);
  await service.command(callId, { type: 'note-disconnected', userId: ALICE, deviceId: PHONE });
  await pass(clock, LIMITS.callerGraceMs - 1);
  t.equal(stateOf(await store.findCall(callId)), 'ringing');
  await pass(clock, 1);
  t.equal(stateOf(await store.findCall(callId)), 'ended caller_lost');
});

await t.test('T25 a second gateway on the store ends the ring at its original deadline', async (t) => {
  const folder = t.testdir();
  const first = startService(t, folder);
  const { clock } = first;
  const ringing = callIn(await first.service.initiate(request()));
  const done = callIn(
    await first.service.initiate(request({ ...by(CAROL), roomId: room(2), inviteeIds: [user(7)] })),
  );
  await first.service.command(done.callId, { type: 'end', userId: CAROL, deviceId: undefined });
  await pass(clock, RING_MS - 6_000);
  first.service.stop();
  await first.store.close();

  const second = startService(t, folder, { clock });
  const endedBefore = await second.store.findCall(done.callId);
  const live = await second.service.start();
  t.strictSame(
    live.map(({ callId }) => callId),
    [ringing.callId],
  );
  t.strictSame(live, [await second.store.findCall(ringing.callId)], 'as it is stored now');
  t.match(await second.store.findCall(ringing.callId), {
    state: 'ringing',
    ringDeadlineAtMs: ringing.ringDeadlineAtMs,
  });
  t.strictSame(await second.store.findCall(done.callId), endedBefore, 'what had ended is left alone');
  t.notOk(
    second.committed.some(({ events }) => events.some(({ type }) => type === 'initiated')),
    'nobody rings twice',
  );
  t.strictSame(second.told, ['resumed'], 'told that it goes on, and to ring nobody');
  await pass(clock, 5_999);
  t.equal(stateOf(await second.store.findCall(ringing.callId)), 'ringing');
  await pass(clock, 1);
  t.match(await second.store.findCall(ringing.callId), {
    state: 'ended',
    endReason: 'no_answer',
    endedAtMs: ringing.ringDeadlineAtMs,
  });
});

await t.test('T25 a ring that became overdue while the gateway was down ends at the start', async (t) => {
  const folder = t.testdir();
  const first = startService(t, folder);
  const { callId } = callIn(await first.service.initiate(request()));
  first.service.stop();
  await first.store.close();
  await pass(first.clock, RING_MS + 3_000);
  const second = startService(t, folder, { clock: first.clock });
  t.strictSame(await second.service.start(), [], 'none goes on');
  t.equal(stateOf(await second.store.findCall(callId)), 'ended no_answer');
  t.equal((await second.store.listMissed(BOB, 10)).length, 1);
});

await t.test('T25 in an active call everybody has full grace after a restart', async (t) => {
  const folder = t.testdir();
  const first = startService(t, folder);
  const { callId } = callIn(await first.service.initiate(request()));
  await first.service.command(callId, answerOn(LAPTOP));
  first.service.stop();
  await first.store.close();
  await pass(first.clock, 600_000);
  const { service, store, clock } = startService(t, folder, { clock: first.clock });
  const live = await service.start();
  t.match(live, [{ callId, legs: [{ state: 'reconnecting' }, { state: 'reconnecting' }] }]);
  await pass(clock, LIMITS.graceMs - 1);
  t.equal(stateOf(await store.findCall(callId)), 'active');
  await pass(clock, 1);
  t.equal(stateOf(await store.findCall(callId)), 'ended connection_lost');
});

await t.test('T25 an active call whose devices come back goes on to its longest duration', async (t) => {
  const folder = t.testdir();
  const first = startService(t, folder);
  const { callId } = callIn(await first.service.initiate(request()));
  await first.service.command(callId, answerOn(LAPTOP));
  first.service.stop();
  await first.store.close();
  const { service, store, clock } = startService(t, folder, { clock: first.clock });
  await service.start();
  await service.command(callId, { type: 'note-reconnected', userId: ALICE, deviceId: PHONE });
  await service.command(callId, { type: 'note-reconnected', userId: BOB, deviceId: LAPTOP });
  await pass(clock, LIMITS.maxDurationMs - 1);
  t.equal(stateOf(await store.findCall(callId)), 'active');
  await pass(clock, 1);
  t.equal(stateOf(await store.findCall(callId)), 'ended orphaned');
});

function unavailableWhile(isDown: () => boolean): (store: Store) => Store {
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown =>
          isDown() && name !== 'close'
            ? Promise.reject(new StoreUnavailable('down'))
            : (Reflect.apply(value, target, given) as unknown);
      },
    });
}

await t.test(
  'a store that cannot answer: commands reject, and the deadline is tried until it can',
  async (t) => {
    let isDown = false;
    const { service, store, clock, failed, committed } = startService(t, t.testdir(), {
      around: unavailableWhile(() => isDown),
    });
    const { callId } = callIn(await service.initiate(request()));
    isDown = true;
    await t.rejects(service.initiate(request({ roomId: room(2) })), { name: 'StoreUnavailable' });
    await t.rejects(service.command(callId, answerOn(LAPTOP)), { name: 'StoreUnavailable' });
    await t.rejects(service.find(callId, BOB), { name: 'StoreUnavailable' });
    await pass(clock, RING_MS);
    t.equal(failed.length, 1, 'the deadline was not judged');
    for (let n = 0; n < 5; n += 1) await pass(clock, 1_000);
    t.equal(failed.length, 6, 'tried every second');
    t.equal(committed.length, 1, 'and nothing was told');
    isDown = false;
    await pass(clock, 1_000);
    t.equal(stateOf(await store.findCall(callId)), 'ended no_answer');
    t.equal(clock.pending, 0);
  },
);

await t.test('I6 1,000 calls answered by two devices at one moment have one answerer each', async (t) => {
  const { service, store, committed } = startService(t, t.testdir());
  const callees = Array.from({ length: 1_000 }, (_, n) => user(n));
  const callIds = [];
  for (const [n, callee] of callees.entries()) {
    const caller = by(`@caller${n}:example.org` as UserId);
    callIds.push(
      callIn(await service.initiate(request({ ...caller, roomId: room(n), inviteeIds: [callee] }))).callId,
    );
  }
  const results = await Promise.all(
    callIds.map((callId, n) =>
      Promise.all([PHONE, LAPTOP].map((deviceId) => service.command(callId, answerOn(deviceId, callees[n])))),
    ),
  );
  const wrong = results.filter(
    (pair) => pair.map(stateOf).toSorted().join(' ') !== 'CALL_ANSWERED_ELSEWHERE active',
  );
  t.strictSame(wrong, []);
  const answers = committed.flatMap(({ events }) => events.filter(({ type }) => type === 'answered'));
  t.equal(answers.length, 1_000);
  for (const [n, callId] of callIds.entries()) {
    const call = await store.findCall(callId);
    const winner = results[n]?.findIndex((result) => 'call' in result) === 0 ? PHONE : LAPTOP;
    if (call?.state !== 'active' || call.legs[1]?.state !== 'joined' || call.legs[1].deviceId !== winner)
      t.fail(`${callId} is not with ${winner}`);
  }
});

await t.test('answer and reject at one moment: one of the two has happened, never both', async (t) => {
  const { service, store } = startService(t, t.testdir());
  for (let n = 0; n < 100; n += 1) {
    const caller = by(`@caller${n}:example.org` as UserId);
    const { callId } = callIn(
      await service.initiate(request({ ...caller, roomId: room(n), inviteeIds: [user(n)] })),
    );
    const answer = service.command(callId, answerOn(PHONE, user(n)));
    const reject = service.command(callId, { type: 'reject', userId: user(n), deviceId: LAPTOP });
    const states = [stateOf(await answer), stateOf(await reject), stateOf(await store.findCall(callId))].join(
      ', ',
    );
    if (!['active, active, active', 'CALL_ENDED, ended rejected, ended rejected'].includes(states))
      t.fail(states);
  }
  t.pass('100 pairs');
});

await t.test('T8 T9 the device that answered may say so again, the other may not', async (t) => {
  const { service } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  const first = await service.command(callId, answerOn(PHONE));
  t.strictSame(await service.command(callId, answerOn(PHONE)), first);
  t.equal(stateOf(await service.command(callId, answerOn(LAPTOP))), 'CALL_ANSWERED_ELSEWHERE');
  t.equal(
    stateOf(await service.command(callId, { type: 'end', userId: BOB, deviceId: LAPTOP })),
    'CALL_OTHER_DEVICE',
  );
});

await t.test('a stranger finds nothing, as if there were no call', async (t) => {
  const { service } = startService(t, t.testdir());
  const { callId } = callIn(await service.initiate(request()));
  t.equal(await service.find(callId, CAROL), undefined);
  t.match(await service.find(callId, BOB), { callId });
  for (const type of ['answer', 'reject', 'end', 'leave'] as const) {
    t.strictSame(await service.command(callId, { type, userId: CAROL, deviceId: PHONE }), {
      refused: 'CALL_NOT_FOUND',
    });
  }
});

await t.test('what is told has the versions of a call in order and without gaps', async (t) => {
  const { service, committed } = startService(t, t.testdir());
  const invitees = Array.from({ length: 20 }, (_, n) => user(n));
  const { callId } = callIn(await service.initiate(request({ inviteeIds: invitees })));
  await Promise.all(invitees.map((userId) => service.command(callId, answerOn(PHONE, userId))));
  t.strictSame(
    committed.map(({ call }) => call.version),
    Array.from({ length: 21 }, (_, n) => n + 1),
  );
});

await t.test('a command that changes nothing sets no timer back, however the two meet', async (t) => {
  for (let lag = 0; lag < 8; lag += 1) {
    const { service, store, clock } = startService(t, t.testdir());
    const { callId } = callIn(await service.initiate(request()));
    const gone = service.command(callId, { type: 'note-disconnected', userId: ALICE, deviceId: PHONE });
    for (let n = 0; n < lag; n += 1) await Promise.resolve();
    const idle = service.command(callId, { type: 'reject', userId: ALICE, deviceId: PHONE });
    await Promise.all([gone, idle]);
    await pass(clock, LIMITS.callerGraceMs);
    t.equal(stateOf(await store.findCall(callId)), 'ended caller_lost', `${lag} turns apart`);
    service.stop();
    await store.close();
  }
});
