// Sockets that read into one buffer, on real connections: nobody gets another's bytes, what is kept stays as it was, and
// the server they were accepted by counts them as before. A Node without what they need would fail the first test.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { READ_BYTES, startReading, stopReading, withSharedReads } from '../../../src/http/accepted-socket.ts';

type Test = Pick<typeof t, 'teardown'>;

/** A server, and a way to get both ends of a connection to it. */
async function listening(t: Test, path?: string) {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const where = path === undefined ? { host: '127.0.0.1', port: 0 } : { path };
  await new Promise<void>((resolve) => void server.listen(where, resolve));
  const ends: Socket[] = [];
  t.teardown(() => {
    for (const end of ends) end.destroy();
    server.close();
  });
  const pair = async (): Promise<{ client: Socket; socket: Socket; accepted: Socket }> => {
    const [{ port }, accepting] = [server.address() as AddressInfo, once(server, 'connection')];
    const client = connect(path === undefined ? { host: '127.0.0.1', port } : { path });
    const [accepted] = (await accepting) as [Socket];
    const socket = withSharedReads(accepted);
    ends.push(client, socket);
    return { client, socket, accepted };
  };
  return { server, pair };
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

/** All that `socket` tells by 'data' events until its end. */
async function allOf(socket: Socket): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return pieces;
}

await t.test('a reader gets every byte, in one buffer for all', async (t) => {
  const { pair } = await listening(t);
  const memories = new Set<ArrayBufferLike>();
  for (const text of ['one', 'two']) {
    const { client, socket, accepted } = await pair();
    t.not(socket, accepted, 'this Node has what a shared buffer needs');
    const read = new Promise<string>((resolve) =>
      startReading(socket, (bytes) => {
        memories.add(bytes.buffer);
        resolve(bytes.toString());
      }),
    );
    client.write(text);
    t.equal(await read, text);
    t.equal(socket.remoteAddress, '127.0.0.1');
    t.equal(socket.remotePort, client.localPort);
  }
  t.equal(memories.size, 1);
});

await t.test('what goes into the stream stays as it was when others read', async (t) => {
  const { pair } = await listening(t);
  const sent = ['a', 'b', 'c', 'd'].map((letter) => Buffer.alloc(5 * READ_BYTES + 7, letter));
  const reading: Promise<Buffer[]>[] = [];
  for (const bytes of sent) {
    const { client, socket } = await pair();
    reading.push(allOf(socket));
    client.end(bytes);
  }
  const read = (await Promise.all(reading)).map((pieces) => Buffer.concat(pieces));
  for (const [i, bytes] of sent.entries()) t.ok(read[i]?.equals(bytes), `${bytes.length} bytes`);
});

await t.test('nothing is lost between the reader and the stream', async (t) => {
  const { pair } = await listening(t);
  const { client, socket } = await pair();
  const ended = once(socket, 'end');
  let text = '';
  const first = new Promise<string>((resolve) => {
    const reader = (bytes: Buffer): void => {
      stopReading(socket, reader);
      socket.unshift(Buffer.from(bytes));
      socket.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      resolve(bytes.toString());
    };
    startReading(socket, reader);
  });
  client.write('first');
  t.equal(await first, 'first');
  client.end(', second');
  await ended;
  t.equal(text, 'first, second');
});

await t.test('who is paused reads nothing, and goes on where it was', async (t) => {
  const { pair } = await listening(t);
  for (const how of ['reader', 'stream'] as const) {
    const { client, socket } = await pair();
    let bytesRead = 0;
    const ended = once(socket, 'end');
    const sent = 40 * READ_BYTES;
    const begun = new Promise<void>((resolve) => {
      const count = (bytes: Buffer): void => {
        bytesRead += bytes.length;
        socket.pause();
        resolve();
      };
      if (how === 'reader') startReading(socket, count);
      else socket.on('data', count);
    });
    client.end(Buffer.alloc(sent));
    await begun;
    const before = bytesRead;
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    t.equal(bytesRead, before, `${how}: paused`);
    socket.on('pause', () => setImmediate(() => socket.resume()));
    socket.resume();
    await ended;
    t.equal(bytesRead, sent, `${how}: whole`);
  }
});

await t.test('the other end may stop sending and still be answered', async (t) => {
  const { pair } = await listening(t);
  const { client, socket } = await pair();
  const ended = once(socket, 'end');
  startReading(socket, () => undefined);
  client.end('that is all');
  await ended;
  const answered = allOf(client);
  socket.end('answer');
  t.equal(Buffer.concat(await answered).toString(), 'answer');
});

await t.test('the server counts it until it is closed', async (t) => {
  const { server, pair } = await listening(t);
  const { client, socket } = await pair();
  t.equal(await connectionsOf(server), 1);
  const closed = new Promise<string>((resolve) => void server.close(() => resolve('closed')));
  const early = new Promise<string>((resolve) => void setImmediate(() => resolve('still open')));
  t.equal(await Promise.race([closed, early]), 'still open');
  client.on('error', () => undefined);
  socket.resetAndDestroy();
  t.equal(await closed, 'closed');
  t.equal(await connectionsOf(server), 0);
});

await t.test('on a Unix socket too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-accepted-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { pair } = await listening(t, join(folder, 's'));
  const { client, socket, accepted } = await pair();
  t.not(socket, accepted);
  client.end('by path');
  t.equal(Buffer.concat(await allOf(socket)).toString(), 'by path');
});

await t.test('a socket that is gone already is left alone', async (t) => {
  const { pair } = await listening(t);
  const { socket } = await pair();
  socket.destroy();
  t.equal(withSharedReads(socket), socket);
});
