// Who answers, who comes too late, who declines: T7 to T13.

import t from 'tap';

import { legOf } from '../../../../src/call/model/legs.ts';
import { rejectStatus } from '../../../../src/call/model/words.ts';
import {
  active,
  alice,
  bob,
  carol,
  dave,
  group,
  laptop,
  LIMITS,
  mallory,
  phone,
  ringing,
  START_MS,
  tablet,
  typesOf,
} from './calls.ts';

await t.test("T7 answer joins the device, and the user's other devices stop", (t) => {
  const call = ringing().notify(bob, phone, laptop, tablet).wait(5000);
  t.same(call.send({ type: 'answer', userId: bob, deviceId: laptop }), [
    { type: 'answered', userId: bob, deviceId: laptop, isLateJoin: false },
    { type: 'answered-elsewhere', userId: bob, deviceIds: [phone, tablet] },
  ]);
  t.match(call.call, { state: 'active', answeredAtMs: START_MS + 5000, ringDeadlineAtMs: START_MS + 60_000 });
  t.match(call.leg(bob), { state: 'joined', deviceId: laptop, joinedAtMs: START_MS + 5000 });
  t.equal(call.devices(bob), 'PHONE:answered_elsewhere TABLET:answered_elsewhere LAPTOP:answered');
  t.end();
});

await t.test('T7 a device may answer that no record says was told', (t) => {
  const call = ringing();
  t.same(typesOf(call.send({ type: 'answer', userId: bob, deviceId: phone })), ['answered']);
  t.equal(call.devices(bob), 'PHONE:answered');
  t.end();
});

await t.test('T7 in a group the others ring on, until the same deadline', (t) => {
  const call = group(bob);
  t.equal(call.legs(), 'alice:joined bob:joined carol:ringing dave:ringing');
  t.match(call.call, { state: 'active', ringDeadlineAtMs: START_MS + 60_000 });
  t.end();
});

await t.test('T7 nobody answers after the deadline, however late its timer', (t) => {
  const call = ringing().wait(60_000);
  t.equal(call.send({ type: 'answer', userId: bob, deviceId: phone }), 'CALL_ENDED');
  t.equal(call.call.version, 1, 'which is left to the timer');
  t.end();
});

await t.test('T7 a caller in its short grace has the long one once it is answered', (t) => {
  const call = ringing().wait(1000);
  call.send({ type: 'note-disconnected', userId: alice, deviceId: phone });
  call.wait(9000);
  t.same(typesOf(call.send({ type: 'answer', userId: bob, deviceId: phone })), ['answered', 'reconnecting']);
  t.match(call.leg(alice), { state: 'reconnecting', graceEndsAtMs: call.nowMs + LIMITS.graceMs });
  t.end();
});

await t.test('T8 answer again by the same device changes nothing and is no error', (t) => {
  const call = active();
  t.same(call.send({ type: 'answer', userId: bob, deviceId: phone }), []);
  call.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  t.same(call.send({ type: 'answer', userId: bob, deviceId: phone }), [], 'not in its grace either');
  t.end();
});

await t.test('T9 an answer that lost the race is refused', (t) => {
  const call = active();
  t.equal(call.send({ type: 'answer', userId: bob, deviceId: laptop }), 'CALL_ANSWERED_ELSEWHERE');
  t.match(call.leg(bob), { deviceId: phone });
  t.end();
});

await t.test('T9 an answer to a call that was cancelled meanwhile is refused', (t) => {
  const call = ringing();
  call.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(call.send({ type: 'answer', userId: bob, deviceId: phone }), 'CALL_ENDED');
  t.end();
});

await t.test('T10 an invited leg of an active group joins late', (t) => {
  const call = group(bob);
  const answeredAtMs = call.nowMs;
  call.wait(30_000);
  t.same(call.send({ type: 'answer', userId: carol, deviceId: phone }), [
    { type: 'answered', userId: carol, deviceId: phone, isLateJoin: true },
  ]);
  t.match(call.call, { state: 'active', answeredAtMs });
  t.end();
});

await t.test('T10 who has missed, declined or left the group does not come in again', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'leave', userId: carol, deviceId: phone });
  t.equal(call.send({ type: 'answer', userId: carol, deviceId: phone }), 'CALL_NOT_RINGING');
  call.send({ type: 'reject', userId: dave, deviceId: phone });
  t.equal(call.send({ type: 'answer', userId: dave, deviceId: phone }), 'CALL_NOT_RINGING');
  t.end();
});

await t.test('the caller cannot answer its own call, and a stranger sees none', (t) => {
  const call = ringing();
  t.equal(call.send({ type: 'answer', userId: alice, deviceId: laptop }), 'CALL_NOT_RINGING');
  t.equal(call.send({ type: 'answer', userId: alice, deviceId: phone }), 'CALL_NOT_RINGING');
  t.equal(call.send({ type: 'answer', userId: mallory, deviceId: phone }), 'CALL_NOT_FOUND');
  call.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(call.send({ type: 'answer', userId: mallory, deviceId: phone }), 'CALL_NOT_FOUND', 'ended or not');
  t.end();
});

await t.test("T11 reject ends a one-to-one call, and the user's other devices stop", (t) => {
  const call = ringing().notify(bob, phone, laptop);
  t.same(call.send({ type: 'reject', userId: bob, deviceId: phone }), [
    { type: 'rejected', userId: bob, deviceId: phone },
    { type: 'declined-elsewhere', userId: bob, deviceIds: [laptop] },
    { type: 'ended', endedBy: bob, reason: 'rejected', memberIds: [alice] },
  ]);
  t.equal(call.is, `ended rejected by ${bob}`);
  t.equal(call.devices(bob), 'LAPTOP:declined_elsewhere PHONE:declined');
  t.equal(call.send({ type: 'answer', userId: bob, deviceId: laptop }), 'CALL_ENDED', 'reject then answer');
  t.same(call.send({ type: 'reject', userId: bob, deviceId: phone }), [], 'again is no error');
  t.equal(rejectStatus(call.call, bob), 'rejected');
  t.end();
});

await t.test('T11 an end by the callee while it rings is a decline', (t) => {
  const call = ringing().notify(bob, phone);
  call.send({ type: 'end', userId: bob, deviceId: undefined });
  t.equal(call.is, `ended rejected by ${bob}`);
  t.equal(call.devices(bob), 'PHONE:declined_elsewhere', 'from which device is not known: all are told');
  t.end();
});

await t.test('T12 reject in a group is of that leg only, and of the call when it was the last', (t) => {
  const call = group();
  t.same(typesOf(call.send({ type: 'reject', userId: bob, deviceId: phone })), ['rejected']);
  t.equal(call.legs(), 'alice:joined bob:rejected carol:ringing dave:ringing');
  t.equal(rejectStatus(call.call, bob), 'rejected', 'the answer says so although the call rings');
  call.send({ type: 'leave', userId: carol, deviceId: phone });
  t.same(typesOf(call.send({ type: 'reject', userId: dave, deviceId: phone })), ['rejected', 'ended']);
  t.equal(call.is, `ended rejected by ${dave}`);
  t.end();
});

await t.test('T12 the last decline ends an active group that only one is left in', (t) => {
  const call = group(bob);
  call.send({ type: 'reject', userId: carol, deviceId: phone });
  call.send({ type: 'leave', userId: bob, deviceId: phone });
  t.equal(call.is, 'active', 'dave may still answer');
  call.send({ type: 'reject', userId: dave, deviceId: phone });
  t.equal(call.is, `ended rejected by ${dave}`);
  t.end();
});

await t.test('T13 answer beats reject, from either device', (t) => {
  const call = active();
  for (const deviceId of [phone, laptop]) {
    t.same(call.send({ type: 'reject', userId: bob, deviceId }), []);
    t.equal(rejectStatus(call.call, bob), 'active');
  }
  call.send({ type: 'end', userId: alice, deviceId: phone });
  t.same(call.send({ type: 'reject', userId: bob, deviceId: phone }), []);
  t.equal(rejectStatus(call.call, bob), 'ended');
  t.end();
});

await t.test('T13 the caller has nothing to reject', (t) => {
  const call = ringing();
  t.same(call.send({ type: 'reject', userId: alice, deviceId: phone }), []);
  t.equal(legOf(call.call, alice)?.state, 'joined');
  t.end();
});
