// Which exchange is charged with which bytes of its connection: each byte once, in whichever lane.

import type { Socket } from 'node:net';

import t from 'tap';

import { ConnectionBytes } from '../../../src/http/connection-bytes.ts';

function fakeSocket(bytesRead = 0, bytesWritten = 0) {
  const counts = { bytesRead, bytesWritten };
  return { counts, socket: counts as Socket };
}

await t.test('an exchange is charged with what came and went since the one before it', async (t) => {
  const bytes = new ConnectionBytes();
  const { counts, socket } = fakeSocket(100, 20);
  t.same(bytes.charge(socket), { bytesReceived: 100, bytesSent: 20 }, 'the first');
  Object.assign(counts, { bytesRead: 150, bytesWritten: 1_020 });
  t.same(bytes.charge(socket), { bytesReceived: 50, bytesSent: 1_000 }, 'the second');
  t.same(bytes.charge(socket), { bytesReceived: 0, bytesSent: 0 }, 'nothing since');
});

await t.test(
  'what another lane was charged with is not charged again, but for what is still unread',
  async (t) => {
    const bytes = new ConnectionBytes();
    const { counts, socket } = fakeSocket(1_000, 500);
    bytes.handOver(socket, 80);
    t.same(bytes.charge(socket), { bytesReceived: 80, bytesSent: 0 }, 'the bytes of its first request');
    Object.assign(counts, { bytesRead: 1_010, bytesWritten: 505 });
    t.same(bytes.charge(socket), { bytesReceived: 10, bytesSent: 5 }, 'then as ever');
  },
);

await t.test('a connection that is handed over unused is charged as a fresh one', async (t) => {
  const bytes = new ConnectionBytes();
  const { socket } = fakeSocket(60, 0);
  bytes.handOver(socket, 60);
  t.same(bytes.charge(socket), { bytesReceived: 60, bytesSent: 0 });
});

await t.test('connections are counted apart', async (t) => {
  const bytes = new ConnectionBytes();
  const [one, other] = [fakeSocket(1, 2), fakeSocket(3, 4)];
  bytes.charge(one.socket);
  t.same(bytes.charge(other.socket), { bytesReceived: 3, bytesSent: 4 });
});
