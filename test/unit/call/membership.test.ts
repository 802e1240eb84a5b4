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
  t.strictSame(await findInvitees(homeserver, question), {
    inviteeIds: [BOB, CAROL],
    callerName: 'Somebody',
  });
  t.strictSame(asked, [['token of alice', ROOM, '192.0.2.7']]);
  await findInvitees(homeserver, question);
  t.equal(asked.length, 2, 'asked each time: who has left must not ring');
});

await t.test('of named invitees only those who are in the room', async (t) => {
  const { homeserver } = answering(members(ALICE, BOB));
  const named = async (...invitees: readonly UserId[]) => findInvitees(homeserver, { ...question, invitees });
  t.strictSame(await named(BOB), { inviteeIds: [BOB], callerName: 'Somebody' });
  t.strictSame(await named(CAROL, BOB, BOB, ALICE), { inviteeIds: [BOB], callerName: 'Somebody' });
  t.strictSame(await named(CAROL), { inviteeIds: [], callerName: 'Somebody' });
  t.strictSame(await named(), { inviteeIds: [], callerName: 'Somebody' });
});

await t.test('alone in the room there is nobody', async (t) => {
  t.strictSame(await findInvitees(answering(members(ALICE)).homeserver, question), {
    inviteeIds: [],
    callerName: 'Somebody',
  });
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

await t.test('the caller is called what the room calls it, in one printable line', async (t) => {
  const nameFor = async (displayName: string | undefined, callerId = ALICE) => {
    const members = [{ userId: callerId, ...(displayName === undefined ? {} : { displayName }) }];
    const answer = await findInvitees(answering({ kind: 'members', members }).homeserver, {
      ...question,
      callerId,
    });
    return 'callerName' in answer ? answer.callerName : answer.refused;
  };
  const rows: readonly [shown: string | undefined, name: string][] = [
    ['Alice', 'Alice'],
    ['  Älice  Liddell 🦊 ', 'Älice  Liddell 🦊'],
    ['Al\r\nice\0\u007f\u0085', 'Alice'],
    ['Alice\u2028\u2029', 'Alice'],
    ['\u202egnp.ecilA\u2066', 'gnp.ecilA'],
    ['👩‍💻', '👩‍💻'],
    ['\ud83e', '\ufffd'],
    [undefined, 'alice'],
    ['', 'alice'],
    [' \t\n', 'alice'],
    ['x'.repeat(300), 'x'.repeat(255)],
    ['🦊'.repeat(300), '🦊'.repeat(127)],
    [`a${'🦊'.repeat(300)}`, `a${'🦊'.repeat(127)}`],
    [`${'x'.repeat(254)} y`, 'x'.repeat(254)],
  ];
  for (const [n, [shown, name]] of rows.entries()) t.equal(await nameFor(shown), name, `row ${n}`);
  t.equal(await nameFor(undefined, '@:example.org' as UserId), '@:example.org', 'without a localpart');
  const { homeserver } = answering(members(BOB));
  t.match(await findInvitees(homeserver, question), { callerName: 'alice' }, 'not in the list');
});
