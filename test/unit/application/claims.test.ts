// Which claims are about whom a path names.

import t from 'tap';

import { judgeProfileClaims, judgeRoomClaims, type ClaimsVerdict } from '../../../src/application/claims.ts';
import { IN_ROOM, NOTHING, TUTOR } from './handshakes.ts';

const PROFILE_NAMES = {
  profileId: 'profile_id',
  profileType: 'profile_type',
  userId: 'matrix_user_id',
  name: 'name',
  avatar: 'avatar',
};
const ROOM_NAMES = { ...PROFILE_NAMES, subject: 'sub', room: 'room' };

function judge(claims: Readonly<Record<string, unknown>>): ClaimsVerdict {
  return judgeProfileClaims(claims, TUTOR, PROFILE_NAMES);
}

await t.test('a profile is its ID and its type', async (t) => {
  for (const id of [7, '7'])
    for (const type of ['tutor', 'Tutor', 'TUTOR'])
      t.same(judge({ profile_id: id, profile_type: type }), { user: NOTHING }, `${id} ${type}`);
  const others = [
    8,
    '8',
    '07',
    '7 ',
    ' 7',
    '7.0',
    '7e0',
    '0x7',
    '',
    null,
    undefined,
    true,
    [7],
    { a: 7 },
    7.5,
  ];
  for (const id of others)
    t.match(
      judge({ profile_id: id, profile_type: 'tutor' }),
      { refused: /^profile_id / },
      JSON.stringify(id),
    );
  for (const type of ['student', '', ' tutor', null, undefined, ['tutor'], 7])
    t.match(
      judge({ profile_id: 7, profile_type: type }),
      { refused: /^profile_type / },
      JSON.stringify(type),
    );
  t.match(judge({}), { refused: /^profile_id / });
});

await t.test('an ID that a number cannot hold is not taken for its neighbour', async (t) => {
  const subject = { ...TUTOR, profileId: 9_007_199_254_740_991 };
  const judgeId = (id: unknown) =>
    judgeProfileClaims({ profile_id: id, profile_type: 'tutor' }, subject, PROFILE_NAMES);
  t.same(judgeId('9007199254740991'), { user: NOTHING });
  for (const id of ['9007199254740992', '9007199254740990', '90071992547409910'])
    t.match(judgeId(id), { refused: /^profile_id / }, id);
});

await t.test('a room user is the subject, in the rooms that the token names', async (t) => {
  const judgeRoom = (claims: Readonly<Record<string, unknown>>) =>
    judgeRoomClaims(claims, IN_ROOM, ROOM_NAMES);
  t.same(judgeRoom({ sub: 'u1' }), { user: NOTHING });
  t.same(judgeRoom({ sub: 'u1', room: 'lobby' }), { user: NOTHING });
  t.same(judgeRoom({ sub: 'u1', room: ['hall', 'lobby'] }), { user: NOTHING });
  t.same(judgeRoomClaims({ sub: 7 }, { ...IN_ROOM, userId: '7' }, ROOM_NAMES), { user: NOTHING }, 'a number');
  for (const sub of ['u2', 'U1', '', undefined, null, ['u1'], { u1: 'u1' }])
    t.match(judgeRoom({ sub }), { refused: /^sub / }, JSON.stringify(sub));
  for (const room of ['hall', 'Lobby', '', null, [], ['hall'], { lobby: true }, 7, '*'])
    t.match(judgeRoom({ sub: 'u1', room }), { refused: /^room / }, JSON.stringify(room));
});

await t.test('what else a token says comes along, under the names that were configured', async (t) => {
  const claims = { sub: 'u1', matrix_user_id: '@u1:hs', name: 'U\n1', avatar: '/u.png' };
  t.same(judgeRoomClaims(claims, IN_ROOM, ROOM_NAMES), {
    user: { ...NOTHING, userId: '@u1:hs', name: 'U1', avatar: '/u.png' },
  });
  const renamed = { ...ROOM_NAMES, subject: 'https://a/uid', name: 'nick' };
  t.match(judgeRoomClaims({ 'https://a/uid': 'u1', nick: 'N' }, IN_ROOM, renamed), { user: { name: 'N' } });
  t.match(judgeRoomClaims({ ...claims, matrix_user_id: 'u1' }, IN_ROOM, ROOM_NAMES), {
    refused: 'matrix_user_id is no Matrix user ID',
  });
});
