// What every store promises of the room registry: who and what is in it, in which order, and until when.

import type { Test } from 'tap';

import type { Room, RoomMessage, RoomUser } from '../../src/store/rooms.ts';
import { TestClock } from '../harness/test-clock.ts';
import { START_MS } from './calls.ts';
import { makeStore, type MakeStorage } from './store-under-test.ts';

function id(n: number): string {
  return n.toString(16).padStart(32, '0');
}

function roomUser(n: number, joinedAtMs = START_MS): RoomUser {
  return { id: id(n), username: `Üser "${n}" 🦊`, joinedAtMs };
}

function room(n: number, createdAtMs = START_MS + n): Room {
  return { id: id(n), name: `Räum '${n}'`, createdAtMs };
}

function message(n: number, roomId: string, atMs = START_MS): RoomMessage {
  const about = { id: id(n), roomId, userId: id(1), username: 'Ann', avatar: undefined };
  return { ...about, content: `line ${n}\n\u0000 é 🚪`, atMs };
}

/** The longest that is kept. */
const LONGEST = 'é'.repeat(8_192);

export async function testRooms(t: Test, makeStorage: MakeStorage): Promise<void> {
  await t.test('gives back users and rooms as they were put', async (t) => {
    const store = await makeStore(t, makeStorage);
    t.equal(await store.findUser(id(1)), undefined);
    t.equal(await store.findRoom(id(1)), undefined);
    t.same(await store.listRooms(10), []);
    t.equal(await store.addUser(roomUser(1)), 'added');
    t.equal(await store.addRoom(room(1)), 'added');
    t.strictSame(await store.findUser(id(1)), roomUser(1));
    t.strictSame(await store.findRoom(id(1)), { ...room(1), memberCount: 0 });
    t.equal(await store.findUser('general'), undefined, 'any text may be asked for');
    t.equal(await store.findRoom("' OR 1"), undefined);
  });

  await t.test('lists rooms, oldest first, with how many are in each', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (const n of [3, 1, 2]) await store.addRoom(room(n));
    await store.addRoom(room(4, START_MS + 2));
    for (const n of [1, 2]) {
      await store.addUser(roomUser(n));
      await store.joinRoom({ roomId: id(2), userId: id(n), atMs: START_MS });
    }
    const listed = await store.listRooms(10);
    t.strictSame(
      listed,
      [room(1), room(2), room(4, START_MS + 2), room(3)].map((made) => ({
        ...made,
        memberCount: made.id === id(2) ? 2 : 0,
      })),
    );
    t.strictSame(await store.listRooms(2), listed.slice(0, 2));
  });

  await t.test('lets users join, again too, and says what is unknown', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (const n of [1, 2]) await store.addUser(roomUser(n));
    await store.addRoom(room(1));
    const join = (n: number, atMs: number) => store.joinRoom({ roomId: id(1), userId: id(n), atMs });
    t.strictSame(await join(2, START_MS + 1), { kind: 'joined', user: roomUser(2, START_MS + 1) });
    await join(1, START_MS + 2);
    t.strictSame(await store.listMembers(id(1)), [roomUser(2, START_MS + 1), roomUser(1, START_MS + 2)]);
    t.strictSame(await join(2, START_MS + 3), { kind: 'joined', user: roomUser(2, START_MS + 3) }, 'again');
    t.strictSame(await store.listMembers(id(1)), [roomUser(1, START_MS + 2), roomUser(2, START_MS + 3)]);
    t.strictSame(await store.findUser(id(2)), roomUser(2), 'it registered when it did');
    t.same(await join(3, START_MS), { kind: 'unknown-user' });
    t.same(await store.joinRoom({ roomId: id(2), userId: id(3), atMs: START_MS }), { kind: 'unknown-room' });
    t.equal((await store.findRoom(id(1)))?.memberCount, 2);
    t.same(await store.listMembers(id(2)), []);
  });

  await t.test('a room has at most 1,000 members, who may join again', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.addRoom(room(1));
    for (let n = 1; n <= 1_001; n++) await store.addUser(roomUser(n));
    const join = (n: number) => store.joinRoom({ roomId: id(1), userId: id(n), atMs: START_MS });
    for (let n = 1; n <= 1_000; n++) await join(n);
    t.same(await join(1_001), { kind: 'full' });
    t.match(await join(1), { kind: 'joined' });
    t.equal((await store.listMembers(id(1))).length, 1_000);
  });

  await t.test('at most 1,000 rooms are made', async (t) => {
    const store = await makeStore(t, makeStorage);
    for (let n = 1; n <= 1_000; n++) await store.addRoom(room(n));
    t.equal(await store.addRoom(room(1_001)), 'full');
    t.equal(await store.findRoom(id(1_001)), undefined);
    t.equal((await store.listRooms(2_000)).length, 1_000);
  });

  await t.test('gives the newest messages of a room in the order in which they were written', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.addRoom(room(1));
    await store.addRoom(room(2));
    t.same(await store.listMessages(id(1), 50), []);
    const written: RoomMessage[] = [];
    for (let n = 1; n <= 60; n++) {
      // Times that go back change nothing in the order.
      const next = { ...message(n, id(1), START_MS - n), avatar: n % 2 === 0 ? '/a.png' : undefined };
      t.equal(await store.putMessage(next), 'put');
      await store.putMessage(message(1_000 + n, id(2)));
      written.push(next);
    }
    t.strictSame(await store.listMessages(id(1), 50), written.slice(-50));
    t.strictSame(await store.listMessages(id(1), 1_000), written);
    t.same(await store.listMessages(id(1), 0), []);
    t.same(await store.listMessages(id(3), 50), []);
  });

  await t.test('refuses messages for no room, and those beyond 16 KiB', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.addRoom(room(1));
    t.equal(await store.putMessage(message(1, id(2))), 'unknown-room');
    t.equal(await store.putMessage({ ...message(2, id(1)), content: `${LONGEST}.` }), 'too-long');
    t.equal(await store.putMessage({ ...message(3, id(1)), content: LONGEST }), 'put');
    t.strictSame(
      (await store.listMessages(id(1), 10)).map(({ content }) => content),
      [LONGEST],
    );
  });

  await t.test('is as it was after it was closed and opened again', async (t) => {
    const storage = makeStorage(t, new TestClock(START_MS));
    const before = await storage.open();
    await before.addUser(roomUser(1));
    await before.addRoom(room(1));
    await before.joinRoom({ roomId: id(1), userId: id(1), atMs: START_MS });
    await before.putMessage(message(1, id(1)));
    await before.close();
    const after = await storage.open();
    t.teardown(() => after.close());
    t.strictSame(await after.findRoom(id(1)), { ...room(1), memberCount: 1 });
    t.strictSame(await after.listMembers(id(1)), [roomUser(1)]);
    t.strictSame(await after.listMessages(id(1), 10), [message(1, id(1))]);
  });

  await t.test('forgets with the old calls what is older, and nothing that is in use', async (t) => {
    const store = await makeStore(t, makeStorage);
    const oldMs = START_MS - 10;
    for (const n of [1, 2, 3, 4]) await store.addUser(roomUser(n, n === 4 ? START_MS : oldMs));
    for (const n of [1, 2, 3, 4]) await store.addRoom(room(n, n === 4 ? START_MS : oldMs));
    const join = (roomId: number, userId: number, atMs: number) =>
      store.joinRoom({ roomId: id(roomId), userId: id(userId), atMs });
    await join(1, 1, oldMs);
    await join(2, 1, oldMs);
    await join(2, 2, oldMs);
    await join(2, 2, START_MS);
    await join(3, 3, oldMs);
    for (let n = 1; n <= 120; n++) await store.putMessage(message(n, id(3), oldMs));
    await store.putMessage(message(121, id(3), START_MS));
    t.equal(await store.deleteEndedBefore(START_MS), 0, 'how many calls');

    t.same(
      (await store.listRooms(10)).map((listed) => [listed.id, listed.memberCount]),
      [
        [id(2), 1],
        [id(3), 0],
        [id(4), 0],
      ],
      'without the one in which nothing and nobody is left',
    );
    t.strictSame(await store.listMembers(id(2)), [roomUser(2)]);
    const users = await Promise.all([1, 2, 3, 4].map((n) => store.findUser(id(n))));
    t.same(
      users.map((found) => found?.id),
      [undefined, id(2), undefined, id(4)],
    );
    t.strictSame(await store.listMessages(id(3), 200), [message(121, id(3), START_MS)], 'its author is gone');
    t.equal(await store.putMessage(message(122, id(1))), 'unknown-room');
  });

  await t.test('rejects with StoreUnavailable once it is closed', async (t) => {
    const store = await makeStore(t, makeStorage);
    await store.close();
    const unavailable = { name: 'StoreUnavailable' };
    await t.rejects(store.addUser(roomUser(1)), unavailable);
    await t.rejects(store.findUser(id(1)), unavailable);
    await t.rejects(store.addRoom(room(1)), unavailable);
    await t.rejects(store.findRoom(id(1)), unavailable);
    await t.rejects(store.listRooms(1), unavailable);
    await t.rejects(store.joinRoom({ roomId: id(1), userId: id(1), atMs: START_MS }), unavailable);
    await t.rejects(store.listMembers(id(1)), unavailable);
    await t.rejects(store.putMessage(message(1, id(1))), unavailable);
    await t.rejects(store.listMessages(id(1), 1), unavailable);
  });
}
