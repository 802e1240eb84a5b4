// Who ends a call, who only leaves it, and who is made to: T14 to T17, T23, T24, T26, T27, and the media.

import t from 'tap';

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
  tablet,
  typesOf,
} from './calls.ts';

await t.test('T14 cancel names every device that was told, whatever it last said', (t) => {
  const call = ringing([bob, carol]).notify(bob, phone, laptop, tablet);
  call.send({ type: 'note-ringing', userId: bob, deviceId: laptop });
  call.send({ type: 'silence', userId: bob, deviceId: tablet });
  t.same(call.send({ type: 'end', userId: alice, deviceId: phone }), [
    { type: 'missed', userId: bob, deviceIds: [phone, laptop, tablet] },
    { type: 'missed', userId: carol, deviceIds: [] },
    { type: 'ended', endedBy: alice, reason: 'cancelled', memberIds: [alice] },
  ]);
  t.equal(call.is, `ended cancelled by ${alice}`);
  t.equal(call.legs(), 'alice:left bob:missed carol:missed');
  t.end();
});

await t.test('T14 a leave by the caller while it rings is a cancel', (t) => {
  const call = group();
  call.send({ type: 'leave', userId: alice, deviceId: phone });
  t.equal(call.is, `ended cancelled by ${alice}`);
  t.end();
});

await t.test('T15 either side ends a one-to-one call', (t) => {
  for (const userId of [alice, bob]) {
    const call = active();
    t.match(call.send({ type: 'end', userId, deviceId: phone }), [
      { type: 'ended', endedBy: userId, reason: 'hangup', memberIds: [alice, bob] },
    ]);
    t.equal(call.legs(), 'alice:left bob:left');
    t.same(call.send({ type: 'end', userId, deviceId: phone }), [], 'again is no error');
  }
  t.end();
});

await t.test('T15 another device of the user cannot end its call, a client that names none can', (t) => {
  const call = active();
  t.equal(call.send({ type: 'end', userId: bob, deviceId: laptop }), 'CALL_OTHER_DEVICE');
  t.equal(call.send({ type: 'leave', userId: bob, deviceId: laptop }), 'CALL_OTHER_DEVICE');
  t.equal(call.is, 'active');
  call.send({ type: 'end', userId: bob, deviceId: undefined });
  t.equal(call.is, `ended hangup by ${bob}`);
  t.end();
});

await t.test('T15 the initiator ends a group for all, those included for whom it rings', (t) => {
  const call = group(bob, carol);
  t.same(call.send({ type: 'end', userId: alice, deviceId: phone }), [
    { type: 'missed', userId: dave, deviceIds: [phone] },
    { type: 'ended', endedBy: alice, reason: 'hangup', memberIds: [alice, bob, carol] },
  ]);
  t.end();
});

await t.test('T16 an end by another is a leave while more than two are in the call', (t) => {
  const call = group(bob, carol, dave);
  t.same(call.send({ type: 'end', userId: bob, deviceId: phone }), [
    { type: 'left', userId: bob, reason: 'hangup', deviceIds: [] },
  ]);
  t.same(call.send({ type: 'end', userId: bob, deviceId: phone }), [], 'and of no effect once it has left');
  call.send({ type: 'end', userId: carol, deviceId: phone });
  t.equal(call.legs(), 'alice:joined bob:left carol:left dave:joined');
  call.send({ type: 'end', userId: dave, deviceId: phone });
  t.equal(call.is, `ended hangup by ${dave}`, 'with two, it is an end');
  t.end();
});

await t.test('T16 with two in the call it is an end, even if others ring', (t) => {
  const call = group(bob);
  call.send({ type: 'end', userId: bob, deviceId: phone });
  t.equal(call.legs(), 'alice:left bob:left carol:missed dave:missed');
  t.end();
});

await t.test('T16 a leg in its grace still counts, and so does one behind it', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'note-disconnected', userId: carol, deviceId: phone });
  call.send({ type: 'end', userId: bob, deviceId: phone });
  t.equal(call.legs(), 'alice:joined bob:left carol:reconnecting dave:ringing');
  t.end();
});

await t.test('T17 leave in a one-to-one call ends it', (t) => {
  const call = active();
  t.same(call.send({ type: 'leave', userId: alice, deviceId: phone }), [
    { type: 'left', userId: alice, reason: 'hangup', deviceIds: [] },
    { type: 'ended', endedBy: alice, reason: 'hangup', memberIds: [bob] },
  ]);
  t.end();
});

await t.test('T17 one alone waits for those who ring, nobody does not', (t) => {
  const call = group(bob);
  call.send({ type: 'leave', userId: bob, deviceId: phone });
  t.equal(call.is, 'active', 'carol and dave ring');
  t.match(call.send({ type: 'leave', userId: alice, deviceId: phone }), [
    { type: 'left', userId: alice },
    { type: 'missed', userId: carol, deviceIds: [phone] },
    { type: 'missed', userId: dave, deviceIds: [phone] },
    { type: 'ended', memberIds: [] },
  ]);
  t.end();
});

await t.test('T17 a group goes on without its initiator', (t) => {
  const call = group(bob, carol);
  call.send({ type: 'leave', userId: alice, deviceId: phone });
  t.equal(call.legs(), 'alice:left bob:joined carol:joined dave:ringing');
  t.end();
});

await t.test('T23 who leaves the room leaves the call', (t) => {
  const call = group(bob, carol);
  t.same(call.send({ type: 'remove-user', userId: dave }), [
    { type: 'left', userId: dave, reason: 'room_left', deviceIds: [phone] },
  ]);
  t.match(call.leg(dave), { state: 'left', joinedAtMs: undefined, reason: 'room_left' });
  t.same(call.send({ type: 'remove-user', userId: dave }), []);
  call.send({ type: 'remove-user', userId: bob });
  t.equal(call.is, 'active');
  call.send({ type: 'remove-user', userId: carol });
  t.equal(call.is, 'ended room_left by system');
  t.end();
});

await t.test('T23 a ring ends without its caller, and without its only callee', (t) => {
  for (const userId of [alice, bob]) {
    const call = ringing().notify(bob, phone);
    const events = call.send({ type: 'remove-user', userId });
    t.equal(call.is, 'ended room_left by system');
    t.match(events, [{ deviceIds: [phone] }, { type: 'ended' }], 'the device is told to stop');
  }
  t.end();
});

await t.test('T24 a revoked token takes its device out of the call, without grace', (t) => {
  const call = active();
  t.same(call.send({ type: 'revoke-device', userId: bob, deviceId: laptop }), [], 'not another device');
  t.same(typesOf(call.send({ type: 'revoke-device', userId: bob, deviceId: phone })), ['left', 'ended']);
  t.equal(call.is, 'ended token_revoked by system');
  t.end();
});

await t.test('T24 a revoked device rings no more, the others of the user do', (t) => {
  const call = ringing().notify(bob, phone, laptop);
  t.same(call.send({ type: 'revoke-device', userId: bob, deviceId: phone }), [
    { type: 'device-dropped', userId: bob, deviceId: phone, reason: 'token_revoked' },
  ]);
  t.equal(call.devices(bob), 'LAPTOP:notified');
  t.same(call.send({ type: 'revoke-device', userId: bob, deviceId: phone }), []);
  call.send({ type: 'revoke-device', userId: alice, deviceId: phone });
  t.equal(call.is, 'ended token_revoked by system');
  t.end();
});

await t.test('T26 a call that was swept ends orphaned', (t) => {
  const call = active();
  call.send({ type: 'terminate', reason: 'orphaned' });
  t.equal(call.is, 'ended orphaned by system');
  t.same(call.send({ type: 'terminate', reason: 'server_shutdown' }), [], 'an end is not changed');
  t.end();
});

await t.test('T27 what still goes on at the deadline of a drain is ended', (t) => {
  const call = group(bob);
  call.send({ type: 'terminate', reason: 'server_shutdown' });
  t.equal(call.is, 'ended server_shutdown by system');
  t.equal(call.legs(), 'alice:left bob:left carol:missed dave:missed');
  t.end();
});

await t.test('media are switched by those in the call, and told once', (t) => {
  const call = active();
  const muted = { type: 'toggle', userId: bob, medium: 'audio', isEnabled: false } as const;
  t.same(call.send(muted), [{ ...muted, type: 'toggled' }]);
  t.same(call.send(muted), []);
  t.match(call.leg(bob), { isAudioEnabled: false, isVideoEnabled: true });
  call.send({ type: 'toggle', userId: bob, medium: 'video', isEnabled: false });
  t.match(call.leg(bob), { isAudioEnabled: false, isVideoEnabled: false });
  t.equal(call.send({ ...muted, userId: mallory }), 'CALL_NOT_FOUND');
  t.equal(group().send(muted), 'CALL_NOT_JOINED');
  call.send({ type: 'end', userId: bob, deviceId: phone });
  t.equal(call.send({ ...muted, isEnabled: true }), 'CALL_ENDED');
  t.end();
});
