// The ring ledger: who was told, who rings, who is busy or offline. T3 to T6.

import t from 'tap';

import type { CallCommand } from '../../../../src/call/model/commands.ts';
import { MAX_DEVICES_PER_LEG, ringLeftMs } from '../../../../src/call/model/ring.ts';
import { isMissed } from '../../../../src/call/model/words.ts';
import type { DeviceId } from '../../../../src/matrix/ids.ts';
import {
  active,
  alice,
  bob,
  carol,
  dave,
  device,
  group,
  laptop,
  mallory,
  phone,
  ringing,
  START_MS,
  tablet,
  typesOf,
} from './calls.ts';

function invitation(deviceId: DeviceId): CallCommand {
  return { type: 'note-notified', devices: [{ userId: bob, deviceId }] };
}

await t.test('T1 all told devices of all users are one commit', (t) => {
  const call = ringing([bob, carol]);
  const devices = [
    { userId: bob, deviceId: phone },
    { userId: bob, deviceId: laptop },
    { userId: carol, deviceId: phone },
    { userId: mallory, deviceId: phone },
  ];
  const events = call.send({ type: 'note-notified', devices });
  t.same(
    events,
    devices.slice(0, 3).map((told) => ({ type: 'device-notified', ...told })),
    'a stranger is not told',
  );
  t.equal(call.call.version, 2);
  t.equal(call.legs(), 'alice:joined bob:ringing carol:ringing');
  t.same(call.send({ type: 'note-notified', devices }), [], 'and nobody for a second time');
  t.end();
});

await t.test('T3 a busy callee of a one-to-one call ends it, and has missed it', (t) => {
  const call = ringing();
  t.same(typesOf(call.send({ type: 'note-busy', userIds: [bob] })), ['user-busy', 'ended']);
  t.equal(call.is, 'ended busy by system');
  t.equal(call.legs(), 'alice:left bob:busy');
  t.ok(isMissed(call.leg(bob)));
  t.notOk(isMissed(call.leg(alice)));
  t.end();
});

await t.test('T3 a group rings on until all of it is busy', (t) => {
  const call = ringing([bob, carol, dave]);
  call.send({ type: 'note-busy', userIds: [bob, carol] });
  t.equal(call.is, 'ringing');
  call.send({ type: 'note-busy', userIds: [dave] });
  t.equal(call.is, 'ended busy by system');
  t.end();
});

await t.test('T3 busy and declined together are declined, for that says more', (t) => {
  const call = ringing([bob, carol]);
  call.send({ type: 'reject', userId: bob, deviceId: phone });
  call.send({ type: 'note-busy', userIds: [carol] });
  t.equal(call.is, 'ended rejected by system');
  t.end();
});

await t.test('T3 a user who turns out to be busy while ringing has its devices stopped', (t) => {
  const call = group();
  t.same(call.send({ type: 'note-busy', userIds: [bob, bob, mallory] }), [
    { type: 'user-busy', userId: bob, deviceIds: [phone] },
  ]);
  t.equal(call.devices(bob), 'PHONE:stopped');
  t.end();
});

await t.test('T4 without a reachable device it rings on until the deadline', (t) => {
  const call = ringing();
  t.same(typesOf(call.send({ type: 'note-offline', userIds: [bob] })), ['user-offline']);
  t.equal(call.legs(), 'alice:joined bob:offline');
  t.equal(call.is, 'ringing');
  t.same(call.send({ type: 'note-offline', userIds: [bob] }), [], 'said once');
  call.wait(60_000).send({ type: 'judge-deadlines' });
  t.equal(call.is, 'ended no_answer by system');
  t.ok(isMissed(call.leg(bob)));
  t.end();
});

await t.test('T4 several users are offline in one commit', (t) => {
  const call = ringing([bob, carol, dave]);
  t.same(call.send({ type: 'note-offline', userIds: [bob, carol, mallory] }), [
    { type: 'user-offline', userId: bob },
    { type: 'user-offline', userId: carol },
  ]);
  t.equal(call.legs(), 'alice:joined bob:offline carol:offline dave:invited');
  t.end();
});

await t.test('T4 a user with a told device is not offline', (t) => {
  const call = ringing().notify(bob, phone);
  t.same(call.send({ type: 'note-offline', userIds: [bob] }), []);
  t.equal(call.legs(), 'alice:joined bob:ringing');
  t.end();
});

await t.test('T5 a device that registers later rings for what is left', (t) => {
  const call = ringing();
  call.send({ type: 'note-offline', userIds: [bob] });
  call.wait(20_000);
  t.equal(ringLeftMs(call.call, bob, call.nowMs), 40_000);
  call.notify(bob, phone);
  t.equal(call.legs(), 'alice:joined bob:ringing');
  t.equal(call.call.state !== 'ended' && call.call.ringDeadlineAtMs, START_MS + 60_000);
  t.end();
});

await t.test('T5 with two seconds or less left, and for whom it does not ring, no device is told', (t) => {
  const { call } = ringing();
  t.equal(ringLeftMs(call, bob, START_MS + 57_999), 2001);
  t.equal(ringLeftMs(call, bob, START_MS + 58_000), undefined);
  t.equal(ringLeftMs(call, alice, START_MS), undefined, 'the caller');
  t.equal(ringLeftMs(call, mallory, START_MS), undefined, 'a stranger');
  t.equal(ringLeftMs(active().call, bob, START_MS), undefined, 'who has answered');
  t.end();
});

await t.test('T5 a device that was told may be told again, one that is too late may not', (t) => {
  const call = ringing().notify(bob, phone);
  t.same(call.send(invitation(phone)), []);
  call.answer(bob);
  t.equal(call.send(invitation(laptop)), 'CALL_NOT_RINGING');
  call.send({ type: 'end', userId: alice, deviceId: phone });
  t.equal(call.send(invitation(laptop)), 'CALL_ENDED');
  t.end();
});

await t.test('T6 the first device that reports ringing is told to the caller', (t) => {
  const call = ringing().notify(bob, phone, laptop);
  t.match(call.send({ type: 'note-ringing', userId: bob, deviceId: laptop }), [{ isFirst: true }]);
  t.match(call.send({ type: 'note-ringing', userId: bob, deviceId: phone }), [{ isFirst: false }]);
  t.same(call.send({ type: 'note-ringing', userId: bob, deviceId: phone }), []);
  t.match(call.send({ type: 'note-ringing', userId: bob, deviceId: tablet }), [{ isFirst: false }]);
  t.equal(
    call.devices(bob),
    'PHONE:ringing LAPTOP:ringing TABLET:ringing',
    'a push may be first to reach it',
  );
  t.end();
});

await t.test('T6 a silenced device is still told when the ring is over', (t) => {
  const call = ringing().notify(bob, phone);
  t.same(typesOf(call.send({ type: 'silence', userId: bob, deviceId: phone })), ['device-silenced']);
  t.same(call.send({ type: 'silence', userId: bob, deviceId: phone }), []);
  t.same(
    call.send({ type: 'note-ringing', userId: bob, deviceId: phone }),
    [],
    'a late report undoes nothing',
  );
  t.match(call.send({ type: 'end', userId: alice, deviceId: phone }), [
    { type: 'missed', deviceIds: [phone] },
  ]);
  t.end();
});

await t.test('T6 a device that reports too late learns why', (t) => {
  const call = active();
  t.equal(call.send({ type: 'note-ringing', userId: bob, deviceId: laptop }), 'CALL_ANSWERED_ELSEWHERE');
  t.equal(call.send({ type: 'silence', userId: bob, deviceId: phone }), 'CALL_NOT_RINGING');
  t.equal(call.send({ type: 'note-ringing', userId: alice, deviceId: laptop }), 'CALL_NOT_RINGING');
  t.end();
});

await t.test('the ledger of a user has a limit, and the device that makes way is told', (t) => {
  const call = ringing();
  const devices = Array.from({ length: MAX_DEVICES_PER_LEG }, (_, index) => device(`D${index}`));
  call.notify(bob, ...devices);
  t.same(call.send({ type: 'note-notified', devices: [{ userId: bob, deviceId: phone }] }), [
    { type: 'device-dropped', userId: bob, deviceId: device('D0'), reason: 'too_many' },
    { type: 'device-notified', userId: bob, deviceId: phone },
  ]);
  t.equal(call.leg(bob).devices.length, MAX_DEVICES_PER_LEG);
  t.end();
});
