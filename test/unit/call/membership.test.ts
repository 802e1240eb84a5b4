// Who may be called, for each kind of answer of the homeserver.

import t from 'tap';

import { findInvitees, type RoomQuestion } from '../../../src/call/membership.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids.ts';
import type { JoinedMembers } from '../../../src/matrix/matrix.ts';
import { ALICE, BOB, CAROL, ROOM } from '../../contract/calls.ts';
import { fakeHomeserver, UNAVAILABLE, UNKNOWN_TOKEN } from '../matrix/fake-homeserver.ts';

const question: RoomQuestion = {
  token: 'token of alice',
  roomId: ROOM,
  callerId: ALICE,
  invitees: undefined,
  clientAddress: '192.0.2.7',
};

function members(...userIds: readonly UserId[]): JoinedMembers {
  return { kind: 'members', members: userIds.map((userId) => ({ userId, displayName: 'Somebody' })) };
}

function answering(answer: JoinedMembers) {
  const asked: [string, RoomId, string | undefined][] = [];
  const homeserver = {
    ...fakeHomeserver(),
    joinedMembers: async (token: string, roomId: RoomId, clientAddress?: string) => {
      asked.push([token, roomId, clientAddress]);
      return answer;
    },
  };
  return { homeserver, asked };
}

await t.test("all joined members but the caller, asked with the caller's own token", async (t) => {
  const { homeserver, asked } = answering(members(ALICE, BOB, CAROL));
  t.strictSame(await findInvitees(homeserver, question), { inviteeIds: [BOB, CAROL] });
  t.strictSame(asked, [['token of alice', ROOM, '192.0.2.7']]);
  await findInvitees(homeserver, question);
  t.equal(asked.length, 2, 'asked each time: who has left must not ring');
});

await t.test('of named invitees only those who are in the room', async (t) => {
  const { homeserver } = answering(members(ALICE, BOB));
  const named = async (...invitees: readonly UserId[]) => findInvitees(homeserver, { ...question, invitees });
  t.strictSame(await named(BOB), { inviteeIds: [BOB] });
  t.strictSame(await named(CAROL, BOB, BOB, ALICE), { inviteeIds: [BOB] });
  t.strictSame(await named(CAROL), { inviteeIds: [] });
  t.strictSame(await named(), { inviteeIds: [] });
});

await t.test('alone in the room there is nobody', async (t) => {
  t.strictSame(await findInvitees(answering(members(ALICE)).homeserver, question), { inviteeIds: [] });
});

await t.test('without a list there is a refusal, never a call without recipients', async (t) => {
  const rows: readonly [JoinedMembers, string][] = [
    [{ kind: 'not-in-room' }, 'CALL_NOT_IN_ROOM'],
    [UNKNOWN_TOKEN, 'IDENTITY_UNKNOWN_TOKEN'],
    [UNAVAILABLE, 'IDENTITY_UNAVAILABLE'],
  ];
  for (const [answer, refused] of rows)
    t.strictSame(await findInvitees(answering(answer).homeserver, question), { refused }, answer.kind);
});
