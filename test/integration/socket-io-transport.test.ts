// Socket.IO's own clients, old and new and not in JavaScript, against the transport.

import { createRequire } from 'node:module';

import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import t, { type Test } from 'tap';

import { CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import { runSocketIoClient } from '../harness/python.ts';
import {
  startSocketIoServer,
  type SocketIoServer,
  type SocketIoServerOptions,
} from '../harness/socket-io.ts';
import { until } from '../harness/until.ts';

interface AnyClient {
  readonly connected: boolean;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  close(): unknown;
}
type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => AnyClient;

const connect2 = createRequire(import.meta.url)('socket.io-client-2') as Connect;
const CLIENTS: readonly (readonly [string, Connect])[] = [
  ['client 4', (url, options) => io(url, options)],
  ['client 2', connect2],
];
const TRANSPORTS = [['polling', 'websocket'], ['websocket'], ['polling']];

async function serverOf(t: Test, options?: SocketIoServerOptions): Promise<SocketIoServer> {
  const server = await startSocketIoServer(options);
  t.teardown(() => server.close());
  return server;
}

function clientOf(
  t: Test,
  connect: Connect,
  url: string,
  options: Partial<ManagerOptions & SocketOptions>,
): { client: AnyClient; heard: unknown[][] } {
  const client = connect(url, {
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 20,
    ...options,
  });
  const heard: unknown[][] = [];
  for (const name of ['incoming-call', 'error', 'connect', 'connect_error', 'disconnect'])
    client.on(name, (...args) => heard.push([name, ...args]));
  t.teardown(() => client.close());
  return { client, heard };
}

function ask(client: AnyClient, name: string, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve) => client.emit(name, ...args, resolve));
}

for (const [name, connect] of CLIENTS) {
  for (const transports of TRANSPORTS) {
    await t.test(`${name} speaks over ${transports.join(', then ')}`, async (t) => {
      const server = await serverOf(t);
      const { client, heard } = clientOf(t, connect, server.url, { transports });
      t.same(await ask(client, 'echo', { text: 'grüße' }), { echo: { text: 'grüße' } });
      t.same(await ask(client, 'bare'), {}, 'a missing payload is none');
      client.emit('send', { name: 'incoming-call', payload: { callId: 'c1' } });
      client.emit('send', { name: 'error', payload: { code: 'CALL_NOT_FOUND' } });
      await until(() => heard.length >= 3);
      t.same(
        heard.filter(([event]) => event !== 'connect'),
        [
          ['incoming-call', { callId: 'c1' }],
          ['error', { code: 'CALL_NOT_FOUND' }],
        ],
        'each with one argument',
      );
      client.close();
      await until(() => server.seen[0]?.isClosed === true);
      await until(() => server.transport.sessions === 0);
      t.equal(server.seen.length, 1);
    });
  }
}

for (const transport of ['polling', 'websocket', 'both'] as const) {
  await t.test(`python-socketio speaks over ${transport}`, async (t) => {
    const server = await serverOf(t);
    const { exitCode, lines } = await runSocketIoClient(server.url, transport);
    t.equal(exitCode, 0, lines.join('\n'));
    const line = lines.find((text) => text.startsWith('saw '));
    t.match(JSON.parse(line?.slice(4) ?? '{}'), {
      ack: { echo: { text: 'grüße' } },
      'incoming-call': { callId: 'c1' },
      error: { code: 'CALL_NOT_FOUND' },
      transport: transport === 'both' ? 'websocket' : transport,
    });
    t.equal(server.seen[0]?.socket.arrival.token, 'python-token');
  });
}

await t.test('a token comes with CONNECT, else with Authorization, and never from the query', async (t) => {
  const server = await serverOf(t);
  const extraHeaders = { Authorization: 'Bearer header-token' };
  const shown = async (
    connect: Connect,
    options: Partial<ManagerOptions & SocketOptions>,
  ): Promise<string | undefined> => {
    const { client } = clientOf(t, connect, server.url, options);
    await ask(client, 'echo', {});
    return server.seen.at(-1)?.socket.arrival.token;
  };
  const connect4 = CLIENTS[0]?.[1] ?? connect2;
  t.equal(await shown(connect4, { auth: { token: 'auth-token' }, extraHeaders }), 'auth-token');
  t.equal(await shown(connect4, { auth: { token: { an: 'object' } }, extraHeaders }), 'header-token');
  t.equal(await shown(connect4, { query: { token: 'query-token' } }), undefined);
  t.equal(await shown(connect2, { query: { token: 'query-token' } }), undefined);
});

await t.test('a binary event ends its socket, and only that', async (t) => {
  for (const [name, connect] of CLIENTS) {
    for (const transports of TRANSPORTS) {
      const server = await serverOf(t);
      const { client, heard } = clientOf(t, connect, server.url, { transports, reconnection: false });
      const other = clientOf(t, connect, server.url, { transports });
      await ask(client, 'echo', {});
      await ask(other.client, 'echo', {});
      client.emit('echo', { data: Buffer.from('binary') });
      await until(() => heard.some(([event]) => event === 'disconnect'));
      t.equal(server.seen[0]?.isClosed, true, `${name}, ${transports.join()}`);
      t.equal(server.seen[0]?.frames.length, 1, 'the hub did not hear of it');
      t.same(await ask(other.client, 'echo', 1), { echo: 1 });
    }
  }
});

await t.test('after a final close a client stays away, after another it comes back by itself', async (t) => {
  for (const [name, connect] of CLIENTS) {
    for (const transports of TRANSPORTS) {
      const server = await serverOf(t);
      const { client, heard } = clientOf(t, connect, server.url, { transports });
      await ask(client, 'echo', {});
      const isConnected = (times: number): boolean =>
        heard.filter(([event]) => event === 'connect').length === times;
      const first = server.seen[0]?.socket;
      first?.send({ kind: 'event', name: 'incoming-call', payload: { last: 'words' } });
      first?.close(CLOSE_CODES.comeBack);
      await until(() => isConnected(2));
      t.ok(
        heard.some(([event]) => event === 'incoming-call'),
        `${name}, ${transports.join()}: what was sent before arrived`,
      );
      await ask(client, 'echo', {});
      const second = server.seen[1]?.socket;
      second?.send({ kind: 'event', name: 'error', payload: { last: 'words' } });
      second?.close(CLOSE_CODES.identityRefused);
      second?.send({ kind: 'event', name: 'error', payload: { too: 'late' } });
      await until(() => !client.connected);
      t.same(heard.at(-2), ['error', { last: 'words' }]);
      t.same(heard.at(-1)?.slice(0, 2), ['disconnect', 'io server disconnect']);
      await until(() => server.transport.sessions === 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      t.equal(server.seen.length, 2, 'it did not come back');
      t.ok(server.seen.every(({ isClosed }) => isClosed));
    }
  }
});

await t.test('a reader that is too slow is gone at once', async (t) => {
  for (const transports of TRANSPORTS) {
    const server = await serverOf(t);
    const connect = CLIENTS[0]?.[1] ?? connect2;
    const { client, heard } = clientOf(t, connect, server.url, { transports, reconnection: false });
    await ask(client, 'echo', {});
    server.seen[0]?.socket.close(4010);
    await until(() => server.seen[0]?.isClosed === true && server.transport.sessions === 0);
    await until(() => heard.some(([event]) => event === 'disconnect'));
    t.pass(transports.join());
  }
});

await t.test('what a reader does not take is counted', async (t) => {
  const server = await serverOf(t);
  const connect = CLIENTS[0]?.[1] ?? connect2;
  const { client } = clientOf(t, connect, server.url, { transports: ['polling'] });
  await ask(client, 'echo', {});
  const socket = server.seen[0]?.socket;
  t.equal(socket?.bufferedBytes, 0);
  for (let i = 0; i < 50; i += 1)
    socket?.send({ kind: 'event', name: 'error', payload: { text: 'x'.repeat(1000) } });
  const bytes = socket?.bufferedBytes ?? 0;
  t.ok(bytes > 40_000 && bytes < 60_000, `${bytes} bytes wait for the next poll`);
  await until(() => socket?.bufferedBytes === 0);
});

await t.test('a client that asked for recovery goes on where it was, and gets an offset', async (t) => {
  const server = await serverOf(t);
  const connect = CLIENTS[0]?.[1] ?? connect2;
  const { client, heard } = clientOf(t, connect, server.url, { transports: ['websocket'] });
  await ask(client, 'recover', { sessionId: 's1' });
  const first = server.seen[0]?.socket;
  first?.send({ kind: 'event', name: 'error', payload: 1 });
  await until(() => heard.some(([event]) => event === 'error'));
  t.equal(heard.at(-1)?.length, 3, 'the offset stands behind the payload');
  // Cut, with a frame on its way that the client never sees: its end is already destroyed.
  (client as unknown as { io: { engine: { close(): void } } }).io.engine.close();
  first?.send({ kind: 'event', name: 'error', payload: 2 });
  await until(() => server.seen.length === 2);
  const second = server.seen[1]?.socket;
  t.equal(second?.sessionHint, 's1');
  t.equal(first?.sessionHint, undefined);
  second?.send({ kind: 'event', name: 'error', payload: 3 });
  await until(() => heard.filter(([event]) => event === 'error').length === 3);
  t.same(
    heard.filter(([event]) => event === 'error').map(([, payload]) => payload),
    [1, 2, 3],
    'all, in order, once',
  );
});

await t.test('a client that did not ask for recovery begins anew', async (t) => {
  const server = await serverOf(t);
  const connect = CLIENTS[0]?.[1] ?? connect2;
  const { client, heard } = clientOf(t, connect, server.url, { transports: ['websocket'] });
  await ask(client, 'echo', {});
  server.seen[0]?.socket.send({ kind: 'event', name: 'error', payload: 1 });
  await until(() => heard.some(([event]) => event === 'error'));
  server.seen[0]?.socket.close(CLOSE_CODES.comeBack);
  await until(() => server.seen.length === 2);
  t.equal(server.seen[1]?.socket.sessionHint, undefined);
});

await t.test('sessions have a limit, for one address too, and give their place back', async (t) => {
  const connect = CLIENTS[0]?.[1] ?? connect2;
  for (const limits of [
    { sessions: 2, sessionsPerAddress: 10 },
    { sessions: 10, sessionsPerAddress: 2 },
  ]) {
    const server = await serverOf(t, { limits });
    const open = [1, 2].map(() => clientOf(t, connect, server.url, { transports: ['polling'] }));
    await until(() => server.seen.length === 2);
    for (const transports of [['polling'], ['websocket']]) {
      const { heard } = clientOf(t, connect, server.url, { transports, reconnection: false });
      await until(() => heard.some(([event]) => event === 'connect_error'));
    }
    t.same(server.refused, ['CONNECTIONS_EXCEEDED', 'CONNECTIONS_EXCEEDED']);
    open[0]?.client.close();
    await until(() => server.transport.sessions === 1);
    clientOf(t, connect, server.url, { transports: ['websocket'] });
    await until(() => server.seen.length === 3);
  }
});
