// Past calls, as the server tells them.

import t from 'tap';

import { readPastCalls, type PastCallsAnswer } from '../../../client/history.ts';

const CALL: PastCallsAnswer['calls'][number] = {
  call_id: 'c1',
  room_id: '!r:h',
  call_type: 'video',
  initiator_id: '@alice:h',
  status: 'ended',
  created_at: '2026-01-01T10:00:00.123Z',
  reason: 'hangup',
  duration_ms: 61_000,
  participants: [{ matrix_user_id: '@alice:h' }, { matrix_user_id: '@bob:h' }],
};

await t.test('a call of the past', async (t) => {
  const createdAt = Date.parse(CALL.created_at);
  t.strictSame(readPastCalls({ calls: [CALL] }), [
    {
      callId: 'c1',
      roomId: '!r:h',
      callType: 'video',
      state: 'ended',
      endReason: 'hangup',
      initiatorId: '@alice:h',
      createdAt,
      durationMs: 61_000,
      participants: ['@alice:h', '@bob:h'],
      cursor: `${createdAt}.c1`,
    },
  ]);
});

await t.test('one that nobody answered', async (t) => {
  const missed = { ...CALL, status: 'missed', reason: null, duration_ms: null };
  t.match(readPastCalls({ calls: [{ ...missed, call_type: 'voice' }] }), [
    { callType: 'voice', state: 'missed', endReason: undefined, durationMs: 0 },
  ]);
});
