// Who may record, hear and delete; and the names under which recordings are saved.

import t from 'tap';

import { hasBeenIn, mayDelete, refuseBegin } from '../../../src/recording/rights.ts';
import { fileName, recordingView } from '../../../src/recording/views.ts';
import type { CallId, RecordingId } from '../../../src/matrix/ids.ts';
import { ALICE, answered, BOB, CAROL, ended, ringingCall, START_MS, user } from '../../contract/calls.ts';

const ringing = ringingCall(1);
const active = answered(ringing);
const over = ended(active, 'hangup');

await t.test('only who is in an active call may record it', async (t) => {
  t.equal(refuseBegin(ringing, ALICE), 'CALL_NOT_ACTIVE');
  t.equal(refuseBegin(active, ALICE), undefined);
  t.equal(refuseBegin(active, BOB), undefined);
  t.equal(refuseBegin(active, CAROL), 'CALL_NOT_JOINED');
  t.equal(refuseBegin(over, ALICE), 'CALL_ENDED');
});

await t.test('who was in the call may hear it afterwards, and nobody who was not', async (t) => {
  for (const userId of [ALICE, BOB]) {
    t.ok(hasBeenIn(active, userId));
    t.ok(hasBeenIn(over, userId));
  }
  t.notOk(hasBeenIn(ringing, BOB), 'who is still rung');
  t.notOk(hasBeenIn(ended(ringing, 'rejected', { unanswered: 'rejected' }), BOB), 'who declined');
  t.notOk(hasBeenIn(active, CAROL), 'a stranger');
});

await t.test('who recorded and who called may delete', async (t) => {
  t.ok(mayDelete(active, BOB, BOB));
  t.ok(mayDelete(active, BOB, ALICE));
  t.notOk(mayDelete(active, ALICE, BOB));
  t.notOk(mayDelete(active, BOB, user(1)));
});

await t.test('a recording is shown with its times, and saved under a harmless name', async (t) => {
  const recording = {
    id: 'f'.repeat(32) as RecordingId,
    callId: '0'.repeat(32) as CallId,
    userId: BOB,
    type: 'video/webm',
    state: 'recording',
    bytes: 5,
    startedAtMs: START_MS,
    endedAtMs: undefined,
  } as const;
  t.strictSame(recordingView(recording), {
    id: recording.id,
    userId: BOB,
    startedAt: '2023-11-14T22:13:20.000Z',
    endedAt: null,
    bytes: 5,
    type: 'video/webm',
    state: 'recording',
  });
  t.equal(recordingView({ ...recording, endedAtMs: START_MS + 1 }).endedAt, '2023-11-14T22:13:20.001Z');
  t.equal(fileName(recording), 'call-2023-11-14T22-13-20Z.webm');
  t.equal(fileName({ ...recording, type: 'audio/mp4' }), 'call-2023-11-14T22-13-20Z.m4a');
  t.equal(fileName({ ...recording, type: '../"x' }), 'call-2023-11-14T22-13-20Z.bin');
});
