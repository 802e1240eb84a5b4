// One more for a call that goes on: who may ask, whom, and for how long it rings then.

import t from 'tap';

import { MAX_INVITEES } from '../../../../src/call/model/create.ts';
import { nextDeadlineMs } from '../../../../src/call/model/deadlines.ts';
import { ringLeftMs } from '../../../../src/call/model/ring.ts';
import type { UserId } from '../../../../src/matrix/ids.ts';
import {
  active,
  alice,
  bob,
  carol,
  dave,
  group,
  laptop,
  mallory,
  phone,
  ringing,
  typesOf,
  user,
  type Driven,
} from './calls.ts';

const RING_MS = 60_000;
const JUDGE = { type: 'judge-deadlines' } as const;

function invite(call: Driven, inviteeIds: readonly UserId[], userId = bob, deviceId = phone) {
  return call.send({ type: 'invite', userId, deviceId, inviteeIds });
}

function ringDeadlineOf({ call, nowMs }: Driven): number {
  return call.ringDeadlineAtMs - nowMs;
}

await t.test(
  'invite: anybody in an active call asks more users into it, who ring as long as the first',
  (t) => {
    const call = active().wait(10 * RING_MS);
    t.same(invite(call, [carol, dave, carol]), [
      { type: 'invited', userId: bob, deviceId: phone, inviteeIds: [carol, dave] },
    ]);
    t.equal(call.legs(), 'alice:joined bob:joined carol:invited dave:invited');
    t.equal(call.is, 'active');
    t.match(call.leg(carol), { isInitiator: false, devices: [], isAudioEnabled: true, isVideoEnabled: true });
    t.equal(ringDeadlineOf(call), RING_MS);
    t.equal(nextDeadlineMs(call.call), call.nowMs + RING_MS);
    t.equal(ringLeftMs(call.call, carol, call.nowMs), RING_MS);

    call.notify(carol, phone, laptop).wait(5000).answer(carol, laptop);
    t.equal(call.legs(), 'alice:joined bob:joined carol:joined dave:invited');
    t.equal(call.devices(carol), 'PHONE:answered_elsewhere LAPTOP:answered');
    call.wait(55_000);
    t.same(typesOf(call.send(JUDGE)), ['missed']);
    t.equal(call.legs(), 'alice:joined bob:joined carol:joined dave:missed');
    t.end();
  },
);

await t.test('invite: whoever has a leg is passed over, and with nobody left nothing changes', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'leave', userId: carol, deviceId: phone });
  const { version } = call.call;
  t.same(invite(call, [alice, bob, carol, dave]), [], 'in it, gone, rung');
  t.same(invite(call, []), []);
  t.equal(call.call.version, version);
  t.match(invite(call, [carol, mallory]), [{ inviteeIds: [mallory] }]);
  t.same(invite(call, [carol, mallory]), [], 'the same again');
  t.end();
});

await t.test('invite: the others who still ring do so as long as the new ones', (t) => {
  const call = group(bob).wait(50_000);
  invite(call, [mallory], alice);
  t.equal(ringDeadlineOf(call), RING_MS);
  call.wait(RING_MS).send(JUDGE);
  t.equal(call.legs(), 'alice:joined bob:joined carol:missed dave:missed mallory:missed');
  t.end();
});

await t.test('invite: a ring that was over is not taken up again, even if no timer has fired', (t) => {
  const call = group(bob).wait(RING_MS);
  t.same(typesOf(invite(call, [mallory], alice)), ['missed', 'missed', 'invited']);
  t.equal(call.legs(), 'alice:joined bob:joined carol:missed dave:missed mallory:invited');
  t.end();
});

await t.test('invite: only from the device in an active call', (t) => {
  t.equal(invite(ringing(), [carol], alice), 'CALL_NOT_ACTIVE');
  t.equal(invite(ringing(), [carol]), 'CALL_NOT_JOINED', 'who is only rung');
  t.equal(invite(active(), [carol], bob, laptop), 'CALL_OTHER_DEVICE');
  t.equal(invite(active(), [carol], mallory), 'CALL_NOT_FOUND');
  const talk = group(bob, carol);
  talk.send({ type: 'leave', userId: bob, deviceId: phone });
  t.equal(invite(talk, [mallory]), 'CALL_NOT_JOINED', 'who has left');
  t.match(invite(talk, [mallory], carol), [{ type: 'invited' }]);
  const over = active();
  over.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(invite(over, [carol]), 'CALL_ENDED');
  const lost = active();
  lost.send({ type: 'note-disconnected', userId: bob, deviceId: phone });
  t.match(invite(lost, [carol]), [{ type: 'invited' }], 'a lost connection is still in it');
  t.end();
});

await t.test('invite: at most fifty others in all, those included whose part is over', (t) => {
  const call = active();
  const many = Array.from({ length: MAX_INVITEES }, (_, index) => user(`user${index}`));
  t.equal(invite(call, many), 'CALL_FULL');
  t.equal(call.call.legs.length, 2, 'and nobody of them is asked');
  t.match(invite(call, many.slice(1)), [{ type: 'invited' }]);
  t.equal(call.call.legs.length, MAX_INVITEES + 1);
  call.wait(RING_MS).send(JUDGE);
  t.equal(invite(call, [carol]), 'CALL_FULL');
  t.same(invite(call, many.slice(1)), [], 'who was asked before is no more');
  t.end();
});

await t.test('invite: a call of two becomes a group', (t) => {
  const call = active();
  invite(call, [carol]);
  call.answer(carol).send({ type: 'end', userId: bob, deviceId: phone });
  t.equal(call.legs(), 'alice:joined bob:left carol:joined', 'with more than two, an end is a leave');
  const pair = active();
  invite(pair, [carol]);
  t.same(typesOf(pair.send({ type: 'end', userId: bob, deviceId: phone })), ['missed', 'ended']);
  const alone = active();
  invite(alone, [carol]);
  alone.send({ type: 'leave', userId: bob, deviceId: phone });
  t.equal(alone.is, 'active', 'somebody may still come');
  alone.send({ type: 'note-busy', userIds: [carol] });
  t.equal(alone.is, 'ended busy by system');
  t.end();
});
