// What clients of the original server read: its words, and no others.

import t from 'tap';

import type { EndReason, Leg } from '../../../../src/call/model/call.ts';
import { isMissed, localpartOf, participantStatus, sessionStatus } from '../../../../src/call/model/words.ts';
import { parseUserId, profileAddress, roomUserAddress } from '../../../../src/matrix/ids.ts';
import { active, alice, bob, carol, group, phone, ringing } from './calls.ts';

await t.test('everybody has a name that can be shown, if only their own part of their id', (t) => {
  const names = [
    [alice, 'alice'],
    [parseUserId('@:example.org'), '@:example.org'],
    [profileAddress('tutor_1'), 'tutor_1'],
    [roomUserAddress('lobby', '7'), '7'],
    [roomUserAddress('a/b', 'a\n/:b'), 'a%0A%2F%3Ab'],
  ] as const;
  for (const [userId, name] of names) t.equal(userId && localpartOf(userId), name);
  t.end();
});

await t.test('a call is said to be ringing, active, and then why it was over', (t) => {
  t.equal(sessionStatus(ringing().call), 'ringing');
  t.equal(sessionStatus(active().call), 'active');
  const ended = active();
  ended.send({ type: 'end', userId: alice, deviceId: phone });
  const { call } = ended;
  if (call.state !== 'ended') throw new TypeError('it has ended');
  const unanswered: Readonly<Record<EndReason, string>> = {
    rejected: 'rejected',
    no_answer: 'missed',
    busy: 'missed',
    caller_lost: 'missed',
    hangup: 'ended',
    cancelled: 'ended',
    glare: 'ended',
    replaced: 'ended',
    connection_lost: 'ended',
    room_left: 'ended',
    token_revoked: 'ended',
    orphaned: 'ended',
    server_shutdown: 'ended',
    operator: 'ended',
    ice_failed: 'ended',
    unknown_error: 'ended',
  };
  const reasons: readonly EndReason[] = [
    'rejected',
    'no_answer',
    'busy',
    'caller_lost',
    'hangup',
    'cancelled',
  ];
  for (const endReason of reasons) {
    t.equal(sessionStatus({ ...call, endReason, answeredAtMs: undefined }), unanswered[endReason], endReason);
    t.equal(sessionStatus({ ...call, endReason }), 'ended', `${endReason} after an answer`);
  }
  t.end();
});

await t.test('a participant has one of five words', (t) => {
  const base = { userId: bob, isInitiator: false, devices: [], isAudioEnabled: true, isVideoEnabled: true };
  const joined = { ...base, deviceId: phone, joinedAtMs: 1 };
  const legs: readonly (readonly [Leg, string, boolean])[] = [
    [{ ...base, state: 'invited' }, 'invited', false],
    [{ ...base, state: 'offline' }, 'invited', false],
    [{ ...base, state: 'ringing' }, 'ringing', false],
    [{ ...joined, state: 'joined' }, 'joined', false],
    [{ ...joined, state: 'reconnecting', graceEndsAtMs: 2 }, 'joined', false],
    [{ ...base, state: 'left', joinedAtMs: 1, leftAtMs: 2, reason: 'hangup' }, 'left', false],
    [{ ...base, state: 'rejected', atMs: 1 }, 'rejected', false],
    [{ ...base, state: 'busy', atMs: 1 }, 'rejected', true],
    [{ ...base, state: 'missed', atMs: 1 }, 'invited', true],
  ];
  for (const [leg, word, isInMissedList] of legs) {
    t.equal(participantStatus(leg), word, leg.state);
    t.equal(
      isMissed(leg),
      isInMissedList,
      `${leg.state} is ${isInMissedList ? '' : 'not '}in the missed list`,
    );
  }
  t.end();
});

await t.test('who missed an active group call has missed it while it goes on', (t) => {
  const call = group(bob).wait(60_000);
  call.send({ type: 'judge-deadlines' });
  t.equal(sessionStatus(call.call), 'active');
  t.ok(isMissed(call.leg(carol)));
  t.end();
});
