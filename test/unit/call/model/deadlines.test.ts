// What happens when nobody does anything: deadlines, lost connections, a restart. T18, T20 to T22, T25, T26.

import t from 'tap';

import { nextDeadlineMs } from '../../../../src/call/model/deadlines.ts';
import { isMissed } from '../../../../src/call/model/words.ts';
import {
  active,
  alice,
  bob,
  carol,
  group,
  laptop,
  LIMITS,
  phone,
  ringing,
  START_MS,
  typesOf,
  type Driven,
} from './calls.ts';

const JUDGE = { type: 'judge-deadlines' } as const;

await t.test('T18 nobody answers', (t) => {
  const call = ringing().notify(bob, phone);
  t.equal(nextDeadlineMs(call.call), START_MS + 60_000);
  t.same(call.wait(59_999).send(JUDGE), [], 'not a moment before');
  t.same(call.wait(1).send(JUDGE), [
    { type: 'missed', userId: bob, deviceIds: [phone] },
    { type: 'ended', endedBy: 'system', reason: 'no_answer', memberIds: [alice] },
  ]);
  t.ok(isMissed(call.leg(bob)));
  t.equal(nextDeadlineMs(call.call), undefined);
  t.same(call.send(JUDGE), []);
  t.end();
});

await t.test('T18 in an active group the others talk on', (t) => {
  const call = group(bob).wait(60_000);
  t.same(typesOf(call.send(JUDGE)), ['missed', 'missed']);
  t.equal(call.legs(), 'alice:joined bob:joined carol:missed dave:missed');
  t.equal(call.is, 'active');
  t.end();
});

await t.test('T18 one who waits alone in a group waits no longer', (t) => {
  const call = group(bob);
  call.send({ type: 'leave', userId: bob, deviceId: phone });
  call.wait(60_000).send(JUDGE);
  t.equal(call.is, 'ended no_answer by system');
  t.end();
});

await t.test('T20 a device that is gone comes back in its grace, and nobody is told', (t) => {
  const call = active().wait(1000);
  t.same(call.send({ type: 'note-disconnected', userId: bob, deviceId: laptop }), [], 'not the other device');
  t.same(call.send({ type: 'note-disconnected', userId: bob, deviceId: phone }), [
    { type: 'reconnecting', userId: bob, deviceId: phone, graceEndsAtMs: call.nowMs + 30_000 },
  ]);
  t.same(
    call.send({ type: 'note-disconnected', userId: bob, deviceId: phone }),
    [],
    'its grace is not renewed',
  );
  t.equal(nextDeadlineMs(call.call), call.nowMs + 30_000);
  call.wait(29_999);
  t.same(call.send({ type: 'note-reconnected', userId: bob, deviceId: laptop }), []);
  t.same(typesOf(call.send({ type: 'note-reconnected', userId: bob, deviceId: phone })), ['reconnected']);
  t.equal(call.legs(), 'alice:joined bob:joined');
  t.match(call.leg(bob), { joinedAtMs: START_MS + 5000 });
  t.same(call.send({ type: 'note-reconnected', userId: bob, deviceId: phone }), []);
  t.end();
});

await t.test('T21 a caller that is gone while it rings has ten seconds', (t) => {
  const call = ringing().notify(bob, phone).wait(1000);
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  t.equal(nextDeadlineMs(call.call), START_MS + 11_000);
  call.wait(10_000);
  t.same(call.send(JUDGE), [
    { type: 'missed', userId: bob, deviceIds: [phone] },
    { type: 'ended', endedBy: 'system', reason: 'caller_lost', memberIds: [alice] },
  ]);
  t.end();
});

await t.test('T21 a caller that comes back rings on', (t) => {
  const call = ringing();
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  call.wait(9999).send({ type: 'note-reconnected', userId: alice, deviceId: phone });
  t.equal(call.legs(), 'alice:joined bob:invited');
  t.equal(nextDeadlineMs(call.call), START_MS + 60_000);
  t.end();
});

await t.test('T22 grace over', (t) => {
  const call = active();
  call.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  t.same(call.wait(30_000).send(JUDGE), [
    { type: 'left', userId: bob, reason: 'connection_lost', deviceIds: [] },
    { type: 'ended', endedBy: 'system', reason: 'connection_lost', memberIds: [alice] },
  ]);
  t.equal(call.send({ type: 'note-reconnected', userId: bob, deviceId: phone }), 'CALL_ENDED');
  t.end();
});

await t.test('T22 a group goes on without the lost one', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  t.same(typesOf(call.wait(30_000).send(JUDGE)), ['left']);
  t.equal(call.legs(), 'alice:joined bob:left carol:joined dave:ringing');
  t.end();
});

await t.test('several deadlines that are seen late pass in their own order', (t) => {
  const call = ringing().wait(45_000);
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  call.wait(100_000).send(JUDGE);
  t.equal(call.is, 'ended caller_lost by system', 'the grace was over at 55 s');
  const later = ringing().wait(55_000);
  later.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  later.wait(100_000).send(JUDGE);
  t.equal(later.is, 'ended no_answer by system', 'the ring was over at 60 s, the grace at 65 s');
  t.end();
});

await t.test('a command sees the deadlines that have passed before it', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'note-disconnected', userId: carol, deviceId: phone });
  call.wait(30_000);
  const { version } = call.call;
  const muted = { type: 'toggle', userId: alice, medium: 'audio', isEnabled: false } as const;
  t.same(typesOf(call.send(muted)), ['left', 'toggled']);
  t.equal(call.call.version, version + 1, 'in one commit');
  t.end();
});

await t.test('T25 after a restart every leg has its full grace, and the ring what is left of it', (t) => {
  const call = group(bob);
  call.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  call.wait(50_000);
  t.same(call.send({ type: 'resume' }), [
    { type: 'resumed' },
    { type: 'reconnecting', userId: alice, deviceId: phone, graceEndsAtMs: call.nowMs + 30_000 },
    { type: 'reconnecting', userId: bob, deviceId: phone, graceEndsAtMs: call.nowMs + 30_000 },
  ]);
  t.equal(call.legs(), 'alice:reconnecting bob:reconnecting carol:ringing dave:ringing');
  t.equal(nextDeadlineMs(call.call), START_MS + 60_000);
  t.equal(call.devices(carol), 'PHONE:notified', 'the ledger knows who was told: nobody rings twice');
  t.end();
});

await t.test(
  'T25 a ringing call goes on to its deadline, for its caller may never have had a socket',
  (t) => {
    const call = ringing().notify(bob, phone).wait(20_000);
    t.same(call.send({ type: 'resume' }), [{ type: 'resumed' }]);
    t.equal(call.legs(), 'alice:joined bob:ringing');
    t.equal(nextDeadlineMs(call.call), START_MS + 60_000);
    call.wait(39_999).send(JUDGE);
    t.equal(call.is, 'ringing');
    call.wait(1).send(JUDGE);
    t.equal(call.is, 'ended no_answer by system');
    t.end();
  },
);

/** Restarted while the grace of its caller ran; it is long over, but nobody could have come back. */
function callerGone(): Driven {
  const call = ringing().notify(bob, phone);
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  call.wait(20_000).send({ type: 'resume' });
  return call;
}

await t.test('T25 a caller whose grace was running gets a full one, until it is back', (t) => {
  const lost = callerGone();
  t.equal(nextDeadlineMs(lost.call), lost.nowMs + LIMITS.callerGraceMs);
  lost.wait(LIMITS.callerGraceMs).send(JUDGE);
  t.equal(lost.is, 'ended caller_lost by system');
  const back = callerGone();
  back.send({ type: 'note-reconnected', userId: alice, deviceId: phone });
  t.equal(nextDeadlineMs(back.call), START_MS + 60_000);
  t.end();
});

await t.test('T25 overdue rings end as T18', (t) => {
  const call = ringing().notify(bob, phone).wait(90_000);
  t.same(typesOf(call.send({ type: 'resume' })), ['resumed', 'missed', 'ended']);
  t.equal(call.is, 'ended no_answer by system');
  t.same(call.send({ type: 'resume' }), []);
  const talk = group(bob).wait(90_000);
  talk.send({ type: 'resume' });
  t.equal(talk.legs(), 'alice:reconnecting bob:reconnecting carol:missed dave:missed');
  t.end();
});

await t.test('T26 no call is longer than the longest', (t) => {
  const call = active();
  t.equal(nextDeadlineMs(call.call), START_MS + LIMITS.maxDurationMs);
  call.wait(LIMITS.maxDurationMs).send(JUDGE);
  t.equal(call.is, 'ended orphaned by system');
  t.match(call.leg(bob), { state: 'left', reason: 'orphaned' });
  t.end();
});
