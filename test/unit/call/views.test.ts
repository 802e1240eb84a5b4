// Calls as clients read them: exactly the member names of the contract, times as ISO 8601, nothing else of a call.

import t from 'tap';

import type { Call } from '../../../src/call/model/call.ts';
import { activeView, cursorAfter, eventView, historyView, statusView } from '../../../src/call/views.ts';
import { readHistoryQuery } from '../../../src/call/requests.ts';
import {
  ALICE,
  answered,
  BOB,
  CAROL,
  ended,
  initiated,
  joinedLeg,
  ringingCall,
} from '../../contract/calls.ts';

const CREATED = '2023-11-14T22:13:20.000Z';
const ANSWERED = '2023-11-14T22:13:20.005Z';
const ENDED = '2023-11-14T22:14:20.000Z';
const ringing = ringingCall(0);
const session = {
  id: ringing.callId,
  call_id: ringing.callId,
  room_id: ringing.roomId,
  call_type: 'video',
  status: 'ringing',
  initiator_id: ALICE,
  started_at: null,
  ended_at: null,
  created_at: CREATED,
};

await t.test('active: six members', async (t) => {
  const { call_id, room_id, call_type, initiator_id, created_at } = session;
  t.strictSame(activeView(ringing), {
    call_id,
    room_id,
    call_type,
    initiator_id,
    status: 'ringing',
    created_at,
  });
});

await t.test('status: nine members of the session, six of each participant', async (t) => {
  const participant = { audio_enabled: true, video_enabled: true, joined_at: ANSWERED, left_at: null };
  t.strictSame(statusView(ringing), {
    session,
    participants: [
      { matrix_user_id: ALICE, status: 'joined', ...participant },
      { matrix_user_id: BOB, status: 'invited', ...participant, video_enabled: false, joined_at: null },
    ],
  });
  t.strictSame(statusView(answered(ringing)), {
    session: { ...session, status: 'active', started_at: ANSWERED },
    participants: [
      { matrix_user_id: ALICE, status: 'joined', ...participant },
      { matrix_user_id: BOB, status: 'joined', ...participant },
    ],
  });
  t.strictSame(statusView(ended(answered(ringing), 'hangup')), {
    session: { ...session, status: 'ended', started_at: ANSWERED, ended_at: ENDED },
    participants: [
      { matrix_user_id: ALICE, status: 'left', ...participant, left_at: ENDED },
      { matrix_user_id: BOB, status: 'left', ...participant, left_at: ENDED },
    ],
  });
});

await t.test('a leg in its grace is joined to clients', async (t) => {
  const call = answered(ringing);
  const legs = call.legs.map((leg) =>
    leg.userId === BOB ? { ...joinedLeg(BOB), state: 'reconnecting' as const, graceEndsAtMs: 9 } : leg,
  );
  t.match(statusView({ ...call, legs }).participants[1], {
    status: 'joined',
    joined_at: ANSWERED,
    left_at: null,
  });
});

await t.test('history: what it was to this user', async (t) => {
  const call = ended(answered(ringing), 'hangup');
  const { id: _id, ...rest } = session;
  const entry = {
    ...rest,
    status: 'ended',
    direction: 'outgoing',
    reason: 'hangup',
    started_at: ANSWERED,
    ended_at: ENDED,
    duration_ms: 59_995,
    participants: [
      { matrix_user_id: ALICE, status: 'left' },
      { matrix_user_id: BOB, status: 'left' },
    ],
  };
  t.strictSame(historyView(call, ALICE), entry);
  t.strictSame(historyView(call, BOB), { ...entry, direction: 'incoming' });
});

await t.test('history: reason, duration and the word of each end', async (t) => {
  const rows: readonly [Call, string, string | null, number | null][] = [
    [ringing, 'ringing', null, null],
    [answered(ringing), 'active', null, null],
    [ended(answered(ringing), 'connection_lost'), 'ended', 'connection_lost', 59_995],
    [ended(ringing, 'no_answer'), 'missed', 'no_answer', null],
    [ended(ringing, 'busy', { unanswered: 'busy' }), 'missed', 'busy', null],
    [ended(ringing, 'caller_lost'), 'missed', 'caller_lost', null],
    [ended(ringing, 'rejected', { unanswered: 'rejected' }), 'rejected', 'rejected', null],
    [ended(ringing, 'cancelled'), 'ended', 'cancelled', null],
    [ended(ringing, 'replaced'), 'ended', 'replaced', null],
  ];
  for (const [call, status, reason, duration] of rows)
    t.match(historyView(call, BOB), { status, reason, duration_ms: duration }, `${status} ${reason}`);
  t.equal(historyView(ringing, CAROL).direction, 'incoming');
});

await t.test('timeline: place and time before the event', async (t) => {
  t.strictSame(eventView({ seq: 1, atMs: ringing.createdAtMs, event: initiated }), {
    seq: 1,
    at: CREATED,
    ...initiated,
  });
});

await t.test('a cursor is read as it was written', async (t) => {
  t.strictSame(readHistoryQuery({ before: cursorAfter(ringing) }), {
    value: { limit: 50, beforeMs: ringing.createdAtMs, beforeCallId: ringing.callId },
  });
});
