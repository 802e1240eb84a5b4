// What a change of a call is worth telling outside of any socket: to whom, why, and until when.

import t from 'tap';

import type { Call } from '../../../src/call/model/call.ts';
import type { CallEvent } from '../../../src/call/model/events.ts';
import { noticesOf, ringNotice } from '../../../src/call/notices.ts';
import {
  ALICE,
  answered,
  BOB,
  CAROL,
  ended,
  initiated,
  missed,
  PHONE,
  ringingCall,
} from '../../contract/calls.ts';
import { LAPTOP } from '../../harness/call-service.ts';

const AT_MS = 1_700_000_001_000;
const ringing = ringingCall(1);
const about = {
  callId: ringing.callId,
  roomId: ringing.roomId,
  callType: 'video',
  initiatorId: ALICE,
  at: AT_MS,
};

function told(call: Call, ...events: readonly CallEvent[]) {
  return noticesOf(call, events, AT_MS);
}

await t.test('a ring goes to all who were invited, with the end of the ring', async (t) => {
  const group = ringingCall(2, { to: [BOB, CAROL] });
  t.strictSame(ringNotice(group, { userIds: [BOB, CAROL], atMs: group.createdAtMs }), {
    ...about,
    at: group.createdAtMs,
    callId: group.callId,
    type: 'ring',
    callerName: group.callerName,
    userIds: [BOB, CAROL],
    expiresAt: group.ringDeadlineAtMs,
  });
  t.strictSame(told(group, { ...initiated, inviteeIds: [BOB, CAROL] }), [], 'and not at the commit');
});

await t.test(
  'a later ring goes to those only whom it is for, with the time at which they were called',
  async (t) => {
    const group = ringingCall(2, { to: [BOB, CAROL] });
    t.match(ringNotice(group, { userIds: [CAROL], atMs: AT_MS }), {
      type: 'ring',
      userIds: [CAROL],
      at: AT_MS,
      callerName: group.callerName,
      expiresAt: group.ringDeadlineAtMs,
    });
  },
);

await t.test('an answer names who answered, and stops the other devices', async (t) => {
  const events: CallEvent[] = [
    { type: 'answered', userId: BOB, deviceId: PHONE, isLateJoin: false },
    { type: 'answered-elsewhere', userId: BOB, deviceIds: [LAPTOP] },
  ];
  t.strictSame(told(answered(ringing), ...events), [
    { ...about, type: 'answer', userIds: [BOB] },
    { ...about, type: 'ring-cancel', userIds: [BOB], reason: 'answered_elsewhere' },
  ]);
});

await t.test('a decline stops the other devices and ends the call', async (t) => {
  const call = ended(ringing, 'rejected', { unanswered: 'rejected' });
  const events: CallEvent[] = [
    { type: 'rejected', userId: BOB, deviceId: PHONE },
    { type: 'declined-elsewhere', userId: BOB, deviceIds: [LAPTOP] },
    { type: 'ended', endedBy: BOB, reason: 'rejected', memberIds: [ALICE] },
  ];
  t.strictSame(told(call, ...events), [
    { ...about, type: 'ring-cancel', userIds: [BOB], reason: 'declined_elsewhere' },
    { ...about, type: 'end', userIds: [ALICE, BOB], reason: 'rejected' },
  ]);
});

await t.test('T14 T18 an end while it rings stops every ring, and says why', async (t) => {
  for (const reason of ['cancelled', 'no_answer', 'caller_lost'] as const) {
    const call = ended(ringing, reason);
    t.strictSame(told(call, missed, { type: 'ended', endedBy: 'system', reason, memberIds: [ALICE] }), [
      { ...about, type: 'ring-cancel', userIds: [BOB], reason },
      { ...about, type: 'end', userIds: [ALICE, BOB], reason },
    ]);
  }
});

await t.test('a missed ring of a call that goes on has no reason', async (t) => {
  t.strictSame(told(answered(ringing), { ...missed, userId: CAROL }), [
    { ...about, type: 'ring-cancel', userIds: [CAROL] },
  ]);
});

await t.test(
  'whoever was rung and is busy, or left the room, is told to stop while the call goes on',
  async (t) => {
    const group = ringingCall(2, { to: [BOB, CAROL] });
    const stops: readonly CallEvent[] = [
      { type: 'user-busy', userId: BOB, deviceIds: [PHONE] },
      { type: 'left', userId: BOB, reason: 'room_left', deviceIds: [PHONE] },
    ];
    for (const event of stops)
      t.match(told(group, event), [{ type: 'ring-cancel', userIds: [BOB] }], event.type);
  },
);

await t.test('what only sockets care about is not told', async (t) => {
  const events: readonly CallEvent[] = [
    { type: 'invited', userId: ALICE, deviceId: PHONE, inviteeIds: [CAROL] },
    { type: 'device-notified', userId: BOB, deviceId: PHONE },
    { type: 'device-ringing', userId: BOB, deviceId: PHONE, isFirst: true },
    { type: 'device-silenced', userId: BOB, deviceId: PHONE },
    { type: 'user-offline', userId: BOB },
    { type: 'toggled', userId: BOB, medium: 'audio', isEnabled: false },
    { type: 'reconnecting', userId: BOB, deviceId: PHONE, graceEndsAtMs: AT_MS },
    { type: 'reconnected', userId: BOB, deviceId: PHONE },
    { type: 'resumed' },
  ];
  t.strictSame(told(ringing, ...events), []);
  t.strictSame(told(ringing), []);
});

await t.test('a restart rings nobody: only a new call does', async (t) => {
  t.strictSame(told(ringing, { type: 'resumed' }), []);
});
