// One request at a time on each connection, with event emitters in place of sockets and responses.

import type { ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { EventEmitter } from 'node:events';

import t from 'tap';

import { RequestOrder } from '../../../src/http/in-order.ts';

function fakeSocket(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
}

/** Only what RequestOrder looks at: that it closes. */
function fakeResponse(): ServerResponse {
  return new EventEmitter() as ServerResponse;
}

await t.test('a request waits until every earlier one of its connection was answered', async (t) => {
  const order = new RequestOrder();
  const socket = fakeSocket();
  const begun: number[] = [];
  const responses = [0, 1, 2].map(() => fakeResponse());
  for (const [i, response] of responses.entries()) order.enter(socket, response, () => begun.push(i));
  t.same(begun, [0], 'the first begins at once');
  t.equal(order.currentOf(socket), responses[0], 'and is what the connection is busy with');
  responses[0]?.emit('close');
  t.same(begun, [0, 1], 'then the second');
  t.equal(order.currentOf(socket), responses[1]);
  responses[1]?.emit('close');
  t.same(begun, [0, 1, 2], 'then the third');
  responses[2]?.emit('close');
  t.equal(order.currentOf(socket), undefined, 'then the connection is idle');
  order.enter(socket, fakeResponse(), () => begun.push(3));
  t.same(begun, [0, 1, 2, 3], 'and the next begins at once again');
});

await t.test('connections do not wait for each other', async (t) => {
  const order = new RequestOrder();
  const begun: string[] = [];
  order.enter(fakeSocket(), fakeResponse(), () => begun.push('a'));
  order.enter(fakeSocket(), fakeResponse(), () => begun.push('b'));
  t.same(begun, ['a', 'b']);
});

await t.test('what waits on a connection that closed never begins', async (t) => {
  const order = new RequestOrder();
  const socket = fakeSocket();
  const first = fakeResponse();
  const begun: number[] = [];
  order.enter(socket, first, () => begun.push(0));
  order.enter(socket, fakeResponse(), () => begun.push(1));
  socket.destroy();
  first.emit('close');
  t.same(begun, [0]);
});

await t.test('a request that is answered while it begins lets the next one begin', async (t) => {
  const order = new RequestOrder();
  const socket = fakeSocket();
  const begun: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const response = fakeResponse();
    order.enter(socket, response, () => {
      begun.push(i);
      response.emit('close');
    });
  }
  t.same(begun, [0, 1, 2]);
  t.equal(order.currentOf(socket), undefined, 'and leaves the connection idle');
});

await t.test('sixteen requests may wait, and one more ends the connection', async (t) => {
  const order = new RequestOrder();
  const socket = fakeSocket();
  let begun = 0;
  for (let i = 0; i < 17; i += 1) order.enter(socket, fakeResponse(), () => (begun += 1));
  t.notOk(socket.destroyed, 'one that is answered and sixteen that wait');
  order.enter(socket, fakeResponse(), () => (begun += 1));
  t.ok(socket.destroyed, 'one more');
  t.equal(begun, 1, 'none of those that waited has begun');
});

await t.test(
  'what cannot be read is told behind all that came whole, and what did not is not begun',
  async (t) => {
    const order = new RequestOrder();
    const socket = fakeSocket();
    const done: string[] = [];
    const responses = [true, true, false].map((complete) =>
      Object.assign(fakeResponse(), { req: { complete } }),
    );
    for (const [i, response] of responses.entries())
      order.enter(socket, response, () => done.push(`request ${i}`));
    order.afterAll(socket, () => done.push('refusal'));
    t.same(done, ['request 0']);
    responses[0]?.emit('close');
    t.same(done, ['request 0', 'request 1']);
    responses[1]?.emit('close');
    t.same(done, ['request 0', 'request 1', 'refusal']);

    order.afterAll(fakeSocket(), () => done.push('at once'));
    t.equal(done.at(-1), 'at once', 'where nothing is in work');
  },
);

await t.test('behind an answer that ends the connection nothing is begun', async (t) => {
  const order = new RequestOrder();
  const socket = fakeSocket();
  const done: string[] = [];
  const first = fakeResponse();
  order.enter(socket, first, () => done.push('request'));
  order.afterAll(socket, () => done.push('refusal'));
  socket.end();
  first.emit('close');
  t.same(done, ['request']);
});
