// One connection to Synapse: where its answers end, when it may be lent again, and how its loss is told.

import t from 'tap';

import { TestClock } from '../../harness/test-clock.ts';
import { answer, FakeBorrower, fakePool, openedBy } from './exchanges.ts';
import { turn } from './fake-socket.ts';

/** @param isTls whether the socket tells by events what it reads, instead of reading into one buffer for all */
async function connected(isTls = false) {
  return await openedBy(fakePool(new TestClock(), isTls));
}

async function lent(isRequestWhole = true, isTls = false) {
  const { socket, connection } = await connected(isTls);
  return { socket, connection, borrower: new FakeBorrower(connection, isRequestWhole) };
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

await t.test('one answer after the other is read, each to its end', async (t) => {
  const rows: readonly [sent: string, data: string][] = [
    [answer('abc'), 'abc'],
    [answer(''), ''],
    [`${CHUNKED}3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`, 'abcde'],
    ['HTTP/1.1 204 No Content\r\nX-A: a\r\n\r\n', ''],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ''],
    [`\r\n\r\n${answer('after empty lines')}`, 'after empty lines'],
    [`HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n${answer('late')}`, 'late'],
  ];
  for (const isTls of [false, true]) {
    const { socket, connection } = await connected(isTls);
    for (const [sent, data] of rows) {
      const borrower = new FakeBorrower(connection);
      await socket.arrive(sent);
      t.match(borrower.told.join(), /^began \d+,ended,flush$/, JSON.stringify(sent));
      t.equal(borrower.data, data, 'its data');
      t.equal(borrower.isReusable, true, 'and the connection can be lent again');
    }
    t.equal(connection.isClosed, false);
  }
});

await t.test('an answer is the same wherever it is cut, and byte by byte', async (t) => {
  for (const sent of [
    answer('{"a":1}', '200 OK', 'X-A: a'),
    `${CHUNKED}7\r\n{"a":1}\r\n0\r\n\r\n`,
    `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${answer('{"a":1}')}`,
    `\r\n${answer('{"a":1}')}`,
  ]) {
    for (let at = 1; at <= sent.length; at += 1) {
      const { socket, borrower } = await lent(true, at % 2 === 0);
      const pieces = at === sent.length ? Array.from(sent) : [sent.slice(0, at), sent.slice(at)];
      for (const piece of pieces) await socket.arrive(piece);
      if (borrower.data !== '{"a":1}' || borrower.isReusable !== true)
        t.fail(`${JSON.stringify(sent.slice(0, at))} | ${JSON.stringify(sent.slice(at))}`);
    }
  }
  t.pass('no cut makes a difference');
});

await t.test('a connection is lent again only when nothing of either message is left on it', async (t) => {
  const early = await lent(false);
  await early.socket.arrive(answer('early'));
  t.equal(early.borrower.isReusable, false, 'the request is not sent as a whole');
  t.ok(early.connection.isClosed);

  const more = await lent();
  await more.socket.arrive(`${answer('one')}${answer('two')}`);
  t.same(more.borrower.told, ['began 200', 'ended', 'flush'], 'the second answer is told to nobody');
  t.equal(more.borrower.isReusable, false, 'more came than was asked for');
  t.ok(more.connection.isClosed);

  const last = await lent();
  await last.socket.arrive(answer('last', '200 OK', 'Connection: close'));
  t.equal(last.borrower.isReusable, false, 'Synapse ends the connection');
  t.ok(last.connection.isClosed);

  const unanswered = await lent();
  t.equal(unanswered.connection.giveBack(true), false, 'it is not answered');
  t.ok(unanswered.connection.isClosed);
});

await t.test('bytes that nobody asked for close the connection', async (t) => {
  const fresh = await connected();
  await fresh.socket.arrive(answer('unasked'));
  t.ok(fresh.connection.isClosed, 'on a fresh one');

  const used = await lent();
  await used.socket.arrive(answer('asked'));
  await used.socket.arrive('\r\n');
  t.ok(used.connection.isClosed, 'on one that was given back');
  t.same(used.borrower.told, ['began 200', 'ended', 'flush'], 'and nobody is told');
});

await t.test('an end of the connection ends an answer that has no other end', async (t) => {
  const { socket, borrower, connection } = await lent();
  await socket.arrive('HTTP/1.1 200 OK\r\nX-A: a\r\n\r\nabc');
  await socket.arrive('de');
  t.same(borrower.told, ['began 200', 'flush'], 'not yet');
  await socket.arriveEnd();
  t.same(borrower.told, ['began 200', 'flush', 'ended', 'flush']);
  t.equal(borrower.data, 'abcde');
  t.equal(borrower.isReusable, false);
  t.ok(connection.isClosed);

  const reset = await lent();
  await reset.socket.arrive('HTTP/1.1 200 OK\r\nX-A: a\r\n\r\nabc');
  reset.socket.destroy(new Error('reset'));
  await turn();
  t.equal(reset.borrower.told.at(-1), 'lost: broken', 'a reset is no end');
});

await t.test('a loss is told once, with what it was', async (t) => {
  const rows: readonly [before: string, received: string, kind: string, why: string][] = [
    ['', '', 'broken', 'a fresh connection without an answer'],
    [answer('a'), '', 'reused-connection-lost', 'one that has served, without an answer'],
    [answer('a'), 'HTTP/1.1 200 OK\r\nContent-Le', 'reused-connection-lost', 'within the head'],
    [answer('a'), 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'broken', 'behind the head'],
    [answer('a'), 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', 'broken', 'within the body'],
    [answer('a'), `${CHUNKED}3\r\nabc\r\n0\r\n`, 'broken', 'before the last byte of the chunks'],
  ];
  for (const [before, received, kind, why] of rows) {
    for (const end of ['cut', 'arriveEnd'] as const) {
      const { socket, connection } = await connected();
      if (before !== '') {
        const first = new FakeBorrower(connection);
        await socket.arrive(before);
        t.equal(first.isReusable, true);
      }
      const borrower = new FakeBorrower(connection);
      if (received !== '') await socket.arrive(received);
      await socket[end]();
      await turn();
      t.same(
        borrower.told.filter((line) => line.startsWith('lost')),
        [`lost: ${kind}`],
        `${why}, ${end}`,
      );
      t.ok(connection.isClosed);
    }
  }
});

await t.test(
  'what is no answer breaks the connection, and what was good of it is passed on first',
  async (t) => {
    const rows: readonly [received: string, told: readonly string[], why: string][] = [
      ['<html>', ['flush', 'lost: broken'], 'another protocol'],
      ['HTTP/1.1 200 OK\n', ['flush', 'lost: broken'], 'a bare line feed'],
      ['HTTP/1.1 200 OK\r\nX A: a\r\n\r\n', ['flush', 'lost: broken'], 'a line that is no field'],
      [`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(16_384)}`, ['flush', 'lost: broken'], 'a head without an end'],
      [`${CHUNKED}3\r\nabc\r\nx`, ['began 200', 'flush'], 'a chunk that may become one'],
      [`${CHUNKED}3\r\nabc\r\nx\r\n`, ['began 200', 'flush', 'lost: broken'], 'a chunk without a size'],
    ];
    for (const [received, told, why] of rows) {
      const { socket, borrower, connection } = await lent();
      await socket.arrive(received);
      t.same(borrower.told, told, why);
      t.equal(connection.isClosed, told.at(-1) === 'lost: broken');
    }
  },
);

await t.test(
  'an answer that lets us go on, or speaks something else, is a loss of the connection',
  async (t) => {
    for (const head of [
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n',
    ]) {
      const { socket, borrower, connection } = await lent();
      await socket.arrive(`${head}${answer('later')}`);
      t.equal(borrower.told[0], 'lost: reused-connection-lost', JSON.stringify(head));
      t.equal(borrower.head, undefined, 'what follows it is not read');
      t.ok(connection.isClosed);
    }
  },
);

await t.test('a loss is told to nobody who gave the connection back or up', async (t) => {
  const back = await lent();
  await back.socket.arrive(answer('a'));
  await back.socket.cut();
  t.same(back.borrower.told, ['began 200', 'ended', 'flush'], 'given back');
  const up = await lent();
  up.connection.destroy();
  await turn();
  t.same(up.borrower.told, [], 'given up');
  t.ok(up.connection.isClosed);
});

await t.test('what is written goes out as it is, and who wrote too much is told when to go on', async (t) => {
  const { socket, connection, borrower } = await lent();
  t.equal(connection.write('GET /\xe4'), true);
  t.equal(connection.write(Buffer.from([0, 255])), true);
  t.equal(socket.takeSent(), 'GET /\xe4\0\xff');
  socket.stall();
  t.equal(connection.write('x'.repeat(socket.writableHighWaterMark)), false);
  t.same(borrower.told, [], 'not yet');
  await socket.readOn();
  t.same(borrower.told, ['drained']);
});

await t.test('a connection that is paused reads nothing until it is resumed', async (t) => {
  const { socket, connection, borrower } = await lent();
  connection.pause();
  await socket.arrive(answer('abc'));
  t.same(borrower.told, []);
  connection.resume();
  await turn();
  t.same(borrower.told, ['began 200', 'ended', 'flush']);
});
