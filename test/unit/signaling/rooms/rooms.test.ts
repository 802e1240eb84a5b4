// What rooms may take up, what is remembered of their users, and who is no longer a member of one.

import t from 'tap';

import type { RoomId, UserId } from '../../../../src/matrix/ids.ts';
import type { JoinedMembers } from '../../../../src/matrix/matrix.ts';
import { closeDeparted, type OpenPage } from '../../../../src/signaling/rooms/departures.ts';
import type { Entrant } from '../../../../src/signaling/rooms/entrant.ts';
import { RoomNames } from '../../../../src/signaling/rooms/names.ts';
import { Rooms } from '../../../../src/signaling/rooms/rooms.ts';
import { readSaid } from '../../../../src/signaling/rooms/said.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const address = (id: string) => `room:lobby/${id}` as UserId;
const user = (userId: string) => ({ userId, name: userId, avatar: undefined, address: address(userId) });
const said = (query: string) => readSaid(new URLSearchParams(query));
const known = (userId: string, name = userId) => ({
  ...user(userId),
  roomId: 'lobby',
  name,
  saidName: undefined,
});

await t.test('there are so many rooms, and so many sockets in one', (t) => {
  const rooms = new Rooms({ clock: new TestClock(), maxRooms: 2, maxSockets: 2 });
  const one = { deliver: () => undefined };
  const two = { deliver: () => undefined };
  const room = rooms.join('a', user('1'), one);
  t.ok(rooms.hasPlaceIn('a'));
  rooms.join('a', user('1'), two);
  t.notOk(rooms.hasPlaceIn('a'), 'as many sockets as it may have');
  t.ok(rooms.hasPlaceIn('b'));
  rooms.join('b', user('2'), { deliver: () => undefined });
  t.notOk(rooms.hasPlaceIn('c'), 'as many rooms as there may be');
  rooms.leave(room, '1', one);
  rooms.leave(room, '1', one);
  t.equal(room.socketCount, 1, 'twice is harmless');
  t.ok(rooms.hasPlaceIn('a'));
  rooms.leave(room, '1', two);
  t.equal(rooms.size, 1);
  t.ok(rooms.hasPlaceIn('c'));
  t.end();
});

await t.test('the names seen longest ago are forgotten first', (t) => {
  const names = new RoomNames(2);
  names.remember(known('1', 'Ann'));
  names.remember(known('2'));
  names.remember(known('1', 'Anna'));
  names.remember(known('3'));
  t.equal(names.get('lobby', '2'), undefined);
  t.equal(names.byAddress('lobby', address('2')), undefined);
  t.equal(names.get('lobby', '1')?.name, 'Anna');
  t.equal(names.byAddress('lobby', address('1'))?.name, 'Anna');
  t.equal(names.get('other', '1'), undefined);
  names.remember({ ...known('1'), address: '@ann:example.org' as UserId });
  t.equal(names.byAddress('lobby', address('1')), undefined, 'an address that it has no more');
  t.equal(names.byAddress('lobby', '@ann:example.org' as UserId)?.userId, '1');
  t.end();
});

await t.test('what a page says of itself is made fit to be shown, or left out', (t) => {
  t.strictSame(said('username=Ann%20B&avatar_url=https%3A%2F%2Fexample.org%2Fa.png'), {
    name: 'Ann B',
    avatar: 'https://example.org/a.png',
  });
  t.strictSame(said(''), { name: undefined, avatar: undefined });
  t.strictSame(said('username=%20%00&avatar_url=a%20b'), { name: undefined, avatar: undefined });
  t.equal(said(`username=${'x'.repeat(300)}`).name?.length, 255);
  t.equal(said(`avatar_url=${'x'.repeat(2049)}`).avatar, undefined);
  t.end();
});

await t.test('whoever has left the room of the homeserver is closed, and nobody else', async (t) => {
  const asked: string[] = [];
  const closed: string[] = [];
  const page = (userId: string, answer: JoinedMembers | undefined): OpenPage => {
    const joinedMembers = () => {
      asked.push(userId);
      return Promise.resolve(answer ?? { kind: 'unavailable' as const });
    };
    const matrixRoom = answer && { roomId: '!r:example.org' as RoomId, joinedMembers };
    const entrant = { occupant: { userId: userId as UserId }, matrixRoom } as Partial<Entrant> as Entrant;
    return { entrant, close: (code) => void closed.push(`${userId} ${code}`) };
  };
  const members: JoinedMembers = { kind: 'members', members: [{ userId: '@c:h' as UserId }] };
  const left: JoinedMembers = { kind: 'not-in-room' };
  await closeDeparted([page('@a:h', left), page('@a:h', left), page('@b:h', members), page('@c:h', members)]);
  t.strictSame(asked, ['@a:h', '@b:h'], 'each user once, until one can say');
  t.strictSame(closed, ['@a:h ROOM_NOT_FOUND', '@a:h ROOM_NOT_FOUND', '@b:h ROOM_NOT_FOUND']);
  closed.length = 0;
  await closeDeparted([page('@a:h', { kind: 'unavailable' }), page('@b:h', left), page('@d:h', undefined)]);
  t.strictSame(closed, ['@b:h ROOM_NOT_FOUND']);
  asked.length = 0;
  await closeDeparted(Array.from({ length: 9 }, (_, n) => page(`@${n}:h`, { kind: 'unavailable' })));
  t.equal(asked.length, 5);
});
