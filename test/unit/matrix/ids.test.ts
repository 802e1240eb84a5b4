// Identifiers: which address stands for whom, and that nobody can pass one off as a Matrix user or room.

import * as fc from 'fast-check';
import t from 'tap';

import { readInitiate } from '../../../src/call/requests.ts';
import { authenticate, type Door } from '../../../src/http/auth.ts';
import {
  conversationOf,
  conversationRoom,
  isMatrixRoom,
  isMatrixUser,
  parseParticipantId,
  parseRoomId,
  parseUserId,
  profileAddress,
  profileKeyOf,
  roomUserAddress,
  roomUserOf,
  type RoomId,
  type UserId,
} from '../../../src/matrix/ids.ts';
import { readRequest } from '../../../src/protocol/requests.ts';

const MAX_BYTES = 255;

/** What a page's application may use: short, long, of any script, with the signs that addresses are made with. */
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 90 }),
  fc.stringMatching(/^[:/%@!a-c0-9]{1,20}$/),
);
const conversationId = fc.oneof(name, fc.string({ maxLength: 300 }), fc.integer(), fc.double());

const ADDRESSES = [
  profileAddress('tutor_1'),
  roomUserAddress('lobby', '7'),
  roomUserAddress('@alice:example.org', '@alice:example.org'),
  profileAddress('@alice:example.org'),
] as readonly UserId[];

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

await t.test('a profile has an address, and the address its profile', (t) => {
  t.equal(profileAddress('tutor_1'), 'profile:tutor_1');
  t.equal(profileAddress('@alice:example.org'), 'profile:%40alice%3Aexample.org');
  t.equal(profileKeyOf('profile:tutor_1' as UserId), 'tutor_1');
  for (const other of ['@tutor_1:example.org', 'room:lobby/7', 'profile:', 'profile:a/b', 'profile:%'])
    t.equal(profileKeyOf(other as UserId), undefined, other);
  t.equal(profileKeyOf('profile:%74utor_1' as UserId), undefined, 'no second address of the same profile');
  for (const key of ['', 'x'.repeat(248), '\ud800']) t.equal(profileAddress(key), undefined, key);
  t.equal(profileAddress('x'.repeat(247))?.length, MAX_BYTES);
  t.end();
});

await t.test('a user of a room has an address, and the address both', (t) => {
  t.equal(roomUserAddress('lobby', '7'), 'room:lobby/7');
  t.same(roomUserOf('room:lobby/7' as UserId), { roomId: 'lobby', userId: '7' });
  t.not(roomUserAddress('a/b', 'c'), roomUserAddress('a', 'b/c'), 'who is who stays apart');
  for (const other of ['room:lobby', 'room:lobby/7/8', 'room:/7', 'room:lobby/', 'room:%/7', 'profile:7'])
    t.equal(roomUserOf(other as UserId), undefined, other);
  t.equal(roomUserAddress('', '7'), undefined);
  t.equal(roomUserAddress('lobby', ''), undefined);
  t.equal(roomUserAddress('x'.repeat(200), 'y'.repeat(50)), undefined, 'too long');
  t.end();
});

await t.test('a conversation has a room, and the room its id with its type', (t) => {
  t.equal(conversationRoom(17), 'conversation:17');
  t.equal(conversationRoom('17'), 'conversation:"17"');
  t.equal(conversationOf('conversation:17' as RoomId), 17);
  t.equal(conversationOf('conversation:"17"' as RoomId), '17');
  const others = [
    '!17:example.org',
    'conversation:',
    'conversation:null',
    'conversation:017',
    'conversation:[1]',
  ];
  for (const other of others) t.equal(conversationOf(other as RoomId), undefined, other);
  t.equal(conversationOf('conversation:1.0' as RoomId), undefined, 'no second room of the same conversation');
  for (const id of [Number.NaN, Number.POSITIVE_INFINITY, 'x'.repeat(241), 'ж'.repeat(121)])
    t.equal(conversationRoom(id), undefined, String(id));
  t.equal(conversationRoom('ж'.repeat(120))?.length, 135, 'bounded in bytes');
  t.end();
});

await t.test('whatever the application calls them: its own address each, within its bounds, or none', (t) => {
  fc.assert(
    fc.property(name, name, conversationId, (one, other, conversation) => {
      const profile = profileAddress(one);
      if (profile !== undefined && profileKeyOf(profile) !== one) throw new Error(`profile ${profile}`);
      const user = roomUserAddress(one, other);
      const read = user && roomUserOf(user);
      if (user !== undefined && (read?.roomId !== one || read.userId !== other))
        throw new Error(`user ${user}`);
      const room = conversationRoom(conversation);
      // JSON has one zero, and so has ===.
      if (room !== undefined && conversationOf(room) !== conversation) throw new Error(`room ${room}`);
      for (const address of [profile, user, room])
        if (address !== undefined && bytesOf(address) > MAX_BYTES) throw new Error(`long ${address}`);
      if ([profile, user].some((id) => id !== undefined && (parseUserId(id) ?? !parseParticipantId(id))))
        throw new Error(`taken for a Matrix user: ${profile} ${user}`);
      if (room !== undefined && parseRoomId(room) !== undefined) throw new Error(`a Matrix room: ${room}`);
    }),
    { numRuns: 2000 },
  );
  t.end();
});

await t.test('any text is read as an address of nobody, or of one', (t) => {
  const text = fc
    .tuple(fc.constantFrom('profile:', 'room:', 'conversation:', '@', ''), fc.string({ maxLength: 40 }))
    .map(([prefix, rest]) => prefix + rest);
  fc.assert(
    fc.property(text, (given) => {
      const [userId, roomId] = [given as UserId, given as RoomId];
      const [key, user, id] = [profileKeyOf(userId), roomUserOf(userId), conversationOf(roomId)];
      if (key !== undefined && profileAddress(key) !== given) throw new Error('another profile');
      if (user !== undefined && roomUserAddress(user.roomId, user.userId) !== given)
        throw new Error('another user');
      if (id !== undefined && conversationRoom(id) !== given) throw new Error('another conversation');
    }),
    { numRuns: 2000 },
  );
  t.end();
});

await t.test('what is of Matrix is told apart', (t) => {
  t.ok(isMatrixUser('@alice:example.org' as UserId));
  t.ok(isMatrixRoom('!room:example.org' as RoomId));
  for (const address of ADDRESSES) t.notOk(isMatrixUser(address), address);
  t.notOk(isMatrixRoom('conversation:"!room:example.org"' as RoomId));
  t.end();
});

await t.test('something may be for an address, and for nothing else that is no user', (t) => {
  for (const address of ['@alice:example.org', ...ADDRESSES])
    t.equal(parseParticipantId(address), address, address);
  for (const other of ['all', '', 'profile:', 'room:a b', 'profile:ж', `profile:${'x'.repeat(248)}`, 7, null])
    t.equal(parseParticipantId(other), undefined, String(other));
  t.end();
});

await t.test('nobody can claim an address at any door, nor ask for a call there', async (t) => {
  const door: Omit<Door, 'mode'> = {
    homeserver: {
      whoami: () => Promise.resolve({ kind: 'unknown-token' }),
      joinedMembers: () => Promise.resolve({ kind: 'unknown-token' }),
    },
    vouching: {
      vouchedUser: () => Promise.resolve({ kind: 'refused' }),
      vouchedUsers: () => Promise.resolve([]),
    },
  };
  for (const claimedUserId of ADDRESSES) {
    const shown = { claimedUserId, clientAddress: '192.0.2.1', isAddressUsable: true };
    for (const mode of ['claimed', 'vouched', 'verified'] as const)
      t.same(
        await authenticate(shown, { ...door, mode }),
        { refused: 'IDENTITY_REQUIRED' },
        `${claimedUserId}, ${mode}`,
      );
    const asked = { roomId: '!room:example.org', callType: 'voice', userId: claimedUserId };
    t.match(readRequest('initiate', { ...asked, invitees: [claimedUserId] }), { problem: /invitees/ });
    t.match(readInitiate({ ...asked, invitees: [claimedUserId] }, true), { fault: /invitees/ });
  }
  const inConversation = { roomId: conversationRoom(17), callType: 'voice', userId: '@alice:example.org' };
  t.match(readRequest('initiate', inConversation), { problem: /roomId/ });
  t.match(readInitiate(inConversation, true), { fault: /roomId/ });
});
