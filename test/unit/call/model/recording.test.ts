// Who records a call: noted while it goes on, of those who are in it; and nothing else of the call changes.

import t from 'tap';

import { active, alice, bob, carol, group, phone, ringing, typesOf } from './calls.ts';

await t.test('who is in an active call may record it, and stops', async (t) => {
  const call = active();
  const before = call.call;
  t.same(call.send({ type: 'note-recording', userId: alice, isOn: true }), [
    { type: 'recording-started', userId: alice },
  ]);
  t.same(call.send({ type: 'note-recording', userId: alice, isOn: false }), [
    { type: 'recording-stopped', userId: alice },
  ]);
  t.same({ ...call.call, version: before.version }, before, 'two commits, and nothing else');
});

await t.test('nobody records what rings, has ended, or does not concern them', async (t) => {
  t.equal(ringing().send({ type: 'note-recording', userId: alice, isOn: true }), 'CALL_NOT_ACTIVE');
  const call = group(bob);
  t.equal(call.send({ type: 'note-recording', userId: carol, isOn: true }), 'CALL_NOT_JOINED', 'still rung');
  call.send({ type: 'end', userId: alice, deviceId: phone });
  for (const isOn of [true, false])
    t.equal(call.send({ type: 'note-recording', userId: alice, isOn }), 'CALL_ENDED');
});

await t.test('who has left is noted to have stopped', async (t) => {
  const call = group(bob, carol);
  call.send({ type: 'note-recording', userId: bob, isOn: true });
  call.send({ type: 'leave', userId: bob, deviceId: phone });
  t.same(typesOf(call.send({ type: 'note-recording', userId: bob, isOn: false })), ['recording-stopped']);
  t.equal(call.send({ type: 'note-recording', userId: bob, isOn: true }), 'CALL_NOT_JOINED');
});
