// Who may enter a room, by each setting: what is asked, what is certain of who enters, and how a refusal is coded.

import t from 'tap';

import type { Application, Judged, RoomSubject } from '../../../../src/application/application.ts';
import type { Door, Refusal } from '../../../../src/http/auth.ts';
import { roomUserAddress, type RoomId, type UserId } from '../../../../src/matrix/ids.ts';
import type { JoinedMembers } from '../../../../src/matrix/matrix.ts';
import {
  applicationAccess,
  matrixAccess,
  registryAccess,
  type Knock,
  type RoomAccess,
} from '../../../../src/signaling/rooms/access.ts';
import type { Entrant } from '../../../../src/signaling/rooms/entrant.ts';
import { StoreUnavailable } from '../../../../src/store/errors.ts';
import type { RoomStore } from '../../../../src/store/rooms.ts';
import { START_MS } from '../../../contract/calls.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const ROOM = '!room:example.org' as RoomId;
const ALICE = '@alice:example.org' as UserId;
const BOB = '@bob:example.org' as UserId;
const MEMBERS: JoinedMembers = {
  kind: 'members',
  members: [{ userId: ALICE, displayName: ' Alice\u0000 ' }, { userId: BOB }],
};

const isLocked = () => Promise.reject(new StoreUnavailable('locked'));

function knock(roomId: string, userId: string, token?: string): Knock {
  const arrival = { clientAddress: '192.0.2.1', isAddressUsable: true, origin: 'https://example.org', token };
  return { roomId, userId, arrival, handshake: {} as Knock['handshake'] };
}

async function entrantOf(access: RoomAccess, asked: Knock): Promise<Entrant> {
  const entrant = await access(asked);
  if ('refused' in entrant) throw new Error(entrant.refused);
  return entrant;
}

function doorOf(
  parts: Partial<Pick<Door, 'mode'>> & { members?: JoinedMembers; isDown?: boolean } = {},
): Door {
  const { mode = 'verified', members = MEMBERS, isDown = false } = parts;
  return {
    mode,
    homeserver: {
      whoami: (token) => {
        if (isDown) return Promise.resolve({ kind: 'unavailable' });
        if (token !== 'alice') return Promise.resolve({ kind: 'unknown-token' });
        return Promise.resolve({ kind: 'known', userId: ALICE, isGuest: false });
      },
      joinedMembers: () => Promise.resolve(members),
    },
    vouching: {
      vouchedUser: () => Promise.resolve({ kind: 'unknown' }) as never,
      vouchedUsers: () => Promise.resolve([]),
    },
  };
}

await t.test('matrix: a member enters under the name that the homeserver knows', async (t) => {
  const entrant = await entrantOf(matrixAccess(doorOf()), knock(ROOM, ALICE, 'alice'));
  t.match(entrant, {
    roomId: ROOM,
    userId: ALICE,
    displayName: 'Alice',
    name: undefined,
    occupant: { userId: ALICE, trust: 'verified', isNamed: true, token: undefined },
    outside: { roomId: ROOM },
    matrixRoom: { roomId: ROOM },
  });
  t.match(entrant.occupant.deviceId, /^room-[0-9a-f]{12}$/);
  t.equal(await entrant.occupant.recheck?.(), 'valid', 'its token goes on being looked at');
  t.strictSame(await entrant.outside?.find(BOB), { name: undefined });
  t.strictSame(await entrant.outside?.find('@carol:example.org' as UserId), {
    refused: 'ROOM_USER_NOT_FOUND',
  });
});

await t.test('matrix: every other is refused, and a silent homeserver is no refusal', async (t) => {
  const cases: readonly (readonly [Refusal['refused'], Door, Knock])[] = [
    ['ROOM_NOT_FOUND', doorOf(), knock('lobby', ALICE, 'alice')],
    ['ROOM_USER_NOT_FOUND', doorOf(), knock(ROOM, 'alice', 'alice')],
    ['IDENTITY_REQUIRED', doorOf(), knock(ROOM, ALICE)],
    ['IDENTITY_UNKNOWN_TOKEN', doorOf(), knock(ROOM, ALICE, 'other')],
    ['IDENTITY_MISMATCH', doorOf(), knock(ROOM, BOB, 'alice')],
    ['IDENTITY_UNAVAILABLE', doorOf({ isDown: true }), knock(ROOM, ALICE, 'alice')],
    ['ROOM_NOT_FOUND', doorOf({ members: { kind: 'not-in-room' } }), knock(ROOM, ALICE, 'alice')],
    ['IDENTITY_UNAVAILABLE', doorOf({ members: { kind: 'unavailable' } }), knock(ROOM, ALICE, 'alice')],
    ['IDENTITY_UNKNOWN_TOKEN', doorOf({ members: { kind: 'unknown-token' } }), knock(ROOM, ALICE, 'alice')],
  ];
  for (const [refused, door, asked] of cases) t.strictSame(await matrixAccess(door)(asked), { refused });
});

await t.test('matrix, where claims are believed: nobody can be asked, and nobody is called', async (t) => {
  const entrant = await entrantOf(matrixAccess(doorOf({ mode: 'claimed' })), knock(ROOM, ALICE));
  t.match(entrant, {
    occupant: { userId: ALICE, trust: 'claimed' },
    outside: undefined,
    matrixRoom: undefined,
  });
});

await t.test('application: whom it knows, by its Matrix user or by an address', async (t) => {
  const clock = new TestClock(START_MS);
  const asked: RoomSubject[] = [];
  let judged: Judged = { kind: 'unavailable' };
  const application: Application<RoomSubject> = {
    judge: (_handshake, subject) => {
      asked.push(subject);
      return Promise.resolve(judged);
    },
    close: () => Promise.resolve(),
  };
  const access = applicationAccess(application, 'verified', clock);
  const user = { userId: undefined, name: 'Ann', avatar: '/ann.png', expiresAtMs: undefined };
  judged = { kind: 'known', user };
  const own = await entrantOf(access, knock('lobby', '7'));
  t.strictSame(asked, [{ kind: 'room', roomId: 'lobby', userId: '7' }]);
  t.match(own, {
    roomId: 'lobby',
    userId: '7',
    name: 'Ann',
    avatar: '/ann.png',
    occupant: { userId: roomUserAddress('lobby', '7'), trust: 'verified', token: undefined },
    outside: undefined,
  });
  t.equal(own.occupant.recheck, undefined);

  judged = { kind: 'known', user: { ...user, userId: ALICE, expiresAtMs: START_MS + 1_000 } };
  const mapped = await entrantOf(access, knock('lobby', '7'));
  t.match(mapped, { userId: '7', occupant: { userId: ALICE }, outside: { roomId: 'conversation:"lobby"' } });
  t.equal(mapped.occupant.deviceId, own.occupant.deviceId);
  t.not(mapped.occupant.deviceId, (await entrantOf(access, knock('other', '7'))).occupant.deviceId);
  t.strictSame(await mapped.outside?.find(BOB), { name: undefined });
  t.equal(await mapped.occupant.recheck?.(), 'valid');
  clock.advance(1_000);
  t.equal(await mapped.occupant.recheck?.(), 'revoked');

  const refusals: readonly (readonly [Judged, Refusal['refused']])[] = [
    [{ kind: 'unavailable' }, 'APPLICATION_UNAVAILABLE'],
    [{ kind: 'refused', why: 'not-found' }, 'ROOM_NOT_FOUND'],
    [{ kind: 'refused', why: 'forbidden' }, 'PAGE_REFUSED'],
    [{ kind: 'refused', why: 'unauthenticated' }, 'PAGE_REFUSED'],
  ];
  for (const [answer, refused] of refusals) {
    judged = answer;
    t.strictSame(await access(knock('lobby', '7')), { refused });
  }
  asked.length = 0;
  t.strictSame(await access(knock('x'.repeat(129), '7')), { refused: 'ROOM_NOT_FOUND' });
  t.strictSame(await access(knock('lobby', 'x'.repeat(129))), { refused: 'ROOM_USER_NOT_FOUND' });
  t.strictSame(await access(knock('lobby', '😀'.repeat(40))), { refused: 'ROOM_USER_NOT_FOUND' });
  t.strictSame(asked, [], 'nobody is asked about whom no address can be made');
});

await t.test('registry: to connect is to join, and what is not listed is not found', async (t) => {
  const clock = new TestClock(START_MS);
  const joinings: unknown[] = [];
  let answer: RoomStore['joinRoom'] = isLocked;
  const access = registryAccess(
    {
      joinRoom: (joining) => {
        joinings.push(joining);
        return answer(joining);
      },
    },
    clock,
  );
  t.strictSame(await access(knock('r', 'u')), { refused: 'STORE_UNAVAILABLE' });
  t.strictSame(joinings, [{ roomId: 'r', userId: 'u', atMs: START_MS }]);
  const kinds = [
    ['unknown-room', 'ROOM_NOT_FOUND'],
    ['unknown-user', 'ROOM_USER_NOT_FOUND'],
    ['full', 'REGISTRY_FULL'],
  ] as const;
  for (const [kind, refused] of kinds) {
    answer = () => Promise.resolve({ kind });
    t.strictSame(await access(knock('r', 'u')), { refused });
  }
  const user = { id: 'u', username: 'Ann', joinedAtMs: START_MS };
  answer = () => Promise.resolve({ kind: 'joined', user });
  t.match(await access(knock('r', 'u')), {
    name: 'Ann',
    occupant: { userId: roomUserAddress('r', 'u'), trust: 'claimed' },
    outside: undefined,
  });
  answer = () => Promise.reject(new Error('a defect'));
  await t.rejects(access(knock('r', 'u')), { message: 'a defect' });
});
