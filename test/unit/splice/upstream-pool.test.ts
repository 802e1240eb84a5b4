// Which connection to Synapse a request gets, and how long one stays open that nobody uses.

import t from 'tap';

import { TestClock } from '../../harness/test-clock.ts';
import { answer, FakeBorrower, fakePool, openedBy } from './exchanges.ts';

/** Twisted closes an idle connection after 60 s; ours must be gone before. */
const MAX_IDLE_MS = 55_000;
const MIN_IDLE_MS = 50_000;

async function started(count = 0) {
  const clock = new TestClock();
  const fake = fakePool(clock);
  const opened = [];
  for (let i = 0; i < count; i += 1) opened.push(await openedBy(fake));
  return {
    clock,
    fake,
    pool: fake.pool,
    sockets: opened.map(({ socket }) => socket),
    connections: opened.map(({ connection }) => connection),
  };
}

await t.test('the connection that was given back last is lent next', async (t) => {
  const { pool, connections } = await started(3);
  const [a, b, c] = connections;
  t.equal(pool.take(), undefined, 'none is free before one was given back');
  for (const connection of connections) pool.giveBack(connection);
  t.equal(pool.take(), c);
  t.equal(pool.take(), b);
  if (c !== undefined) pool.giveBack(c);
  t.equal(pool.take(), c);
  t.equal(pool.take(), a);
  t.equal(pool.take(), undefined, 'each is lent once');
});

await t.test('connections that were closed meanwhile are passed over', async (t) => {
  const { pool, connections, sockets } = await started(4);
  for (const connection of connections) pool.giveBack(connection);
  await sockets[3]?.cut();
  await sockets[2]?.arriveEnd();
  await sockets[0]?.arrive('unasked');
  t.equal(pool.take(), connections[1], 'the only one left');
  t.equal(pool.take(), undefined);
});

await t.test('a connection that is not used for long is closed, before Synapse would close it', async (t) => {
  for (let offsetMs = 0; offsetMs < 5_000; offsetMs += 250) {
    const { clock, pool, connections } = await started(2);
    const [first, second] = connections;
    if (first === undefined || second === undefined) throw new Error('no connections');
    pool.giveBack(first);
    clock.advance(offsetMs);
    pool.giveBack(second);
    clock.advance(MIN_IDLE_MS);
    t.equal(second.isClosed, false, 'it stays for as long as it should');
    clock.advance(MAX_IDLE_MS - MIN_IDLE_MS);
    t.ok(first.isClosed && second.isClosed, `given back ${offsetMs} ms after the other, gone after 55 s`);
    t.equal(pool.take(), undefined, 'and is not lent');
    t.equal(clock.pending, 0, 'nothing is left to sweep');
  }
});

await t.test('a connection that is used now and then stays', async (t) => {
  const { clock, pool, connections } = await started(1);
  const [connection] = connections;
  if (connection === undefined) throw new Error('no connection');
  for (let i = 0; i < 10; i += 1) {
    pool.giveBack(connection);
    clock.advance(40_000);
    t.equal(pool.take(), connection, `after ${(i + 1) * 40} s`);
  }
  clock.advance(1_000_000);
  t.equal(connection.isClosed, false, 'one that is lent is not closed');
  pool.giveBack(connection);
  clock.advance(MIN_IDLE_MS);
  t.equal(connection.isClosed, false, 'its time begins anew');
  clock.advance(MAX_IDLE_MS - MIN_IDLE_MS);
  t.ok(connection.isClosed);
});

await t.test('only what grew old is swept', async (t) => {
  const { clock, pool, connections, sockets } = await started(3);
  for (const connection of connections) pool.giveBack(connection);
  for (let i = 0; i < 20; i += 1) {
    clock.advance(10_000);
    const taken = pool.take();
    t.equal(taken, connections[2], 'the one that is in use');
    if (taken !== undefined) pool.giveBack(taken);
  }
  t.same(
    sockets.map((socket) => socket.destroyed),
    [true, true, false],
  );
});

await t.test('a connection that cannot be made is told as none, once', async (t) => {
  const { pool, fake } = await started();
  const told: unknown[] = [];
  pool.open((connection) => told.push(connection));
  fake.openings[0]?.refuse();
  t.same(told, [undefined]);
});

await t.test('a pool that is closed closes what is unused, and what is given back later', async (t) => {
  const { clock, pool, connections } = await started(2);
  const [idle, lent] = connections;
  if (idle === undefined || lent === undefined) throw new Error('no connections');
  pool.giveBack(idle);
  pool.close();
  t.ok(idle.isClosed, 'what is unused');
  t.equal(lent.isClosed, false, 'what is in use goes on');
  t.equal(clock.pending, 0, 'nothing is swept any more');
  pool.giveBack(lent);
  t.ok(lent.isClosed, 'until it is given back');
  t.equal(pool.take(), undefined);
});

await t.test('a connection serves one exchange after the other', async (t) => {
  const { pool, sockets, connections } = await started(1);
  const [socket] = sockets;
  let [connection] = connections;
  for (let i = 0; i < 5; i += 1) {
    if (connection === undefined) throw new Error('no connection');
    const borrower = new FakeBorrower(connection);
    await socket?.arrive(answer(`answer ${i}`));
    t.equal(borrower.data, `answer ${i}`);
    pool.giveBack(connection);
    connection = pool.take();
  }
});

await t.test('what two connections receive side by side is kept apart', async (t) => {
  const { sockets, connections } = await started(2);
  const texts = ['a', 'b'].map((letter) => answer(letter.repeat(50), '200 OK', `X-A: ${letter.repeat(50)}`));
  const borrowers = connections.map((connection) => new FakeBorrower(connection));
  for (let at = 0; at < (texts[0]?.length ?? 0); at += 7) {
    for (const [i, socket] of sockets.entries()) await socket.arrive(texts[i]?.slice(at, at + 7) ?? '');
  }
  t.same(
    borrowers.map(({ data }) => data),
    ['a'.repeat(50), 'b'.repeat(50)],
  );
  t.match(borrowers[1]?.head?.lines.toString(), `X-A: ${'b'.repeat(50)}\r\n`);
});
