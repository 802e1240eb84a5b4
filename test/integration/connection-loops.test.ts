// Real clients that cannot stay connected: each is named once in the log and on the operator's page, with the cause.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import t, { type Test } from 'tap';
import { WebSocket } from 'ws';

import type { OperatorState } from '../../src/observe/operator-state.ts';
import { createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway, type ConfigDocument, type TestGateway } from '../harness/gateway.ts';
import { connectNative, registerNative } from '../harness/native-client.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { connect4 } from '../harness/socket-io-client.ts';
import { until } from '../harness/until.ts';

const THRESHOLD = 3;
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

function start(t: Test, document: ConfigDocument = {}): Promise<TestGateway> {
  return startGateway(t, {
    signaling: { identity: 'claimed' },
    ...document,
    observe: { listen: '127.0.0.1:0', loop_threshold: THRESHOLD },
  });
}

function named({ logged }: TestGateway): readonly Record<string, unknown>[] {
  return logged.filter(({ msg }) => msg === 'a client cannot stay connected');
}

async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < times; n += 1) await action();
}

/** Once more than is allowed: then, and not before, it is named. */
async function loops(
  t: Test,
  gateway: TestGateway,
  action: () => Promise<unknown>,
): Promise<Record<string, unknown>> {
  await repeat(THRESHOLD, action);
  t.strictSame(named(gateway), [], 'not yet');
  await action();
  await until(() => named(gateway).length > 0);
  await action();
  t.equal(named(gateway).length, 1, 'once');
  const { loops: shown } = (await (await fetch(`${gateway.observeUrl}/api/state`)).json()) as OperatorState;
  const [line = {}] = named(gateway);
  t.equal(shown.length, 1);
  t.match(shown[0], {
    cause: line['cause'],
    remedy: line['remedy'],
    address: line['client'],
    path: line['path'],
  });
  return line;
}

function ask(gateway: TestGateway, target: string, headers = HANDSHAKE): () => Promise<unknown> {
  return () =>
    sendRaw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: portico.test\r\n${headers}\r\n`, { answers: 1 });
}

/** A client that checks certificates while the handshake goes on, as browsers and OpenSSL do, and says so. */
function distrust(port: number): Promise<unknown> {
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-verify_return_error'], {
    stdio: 'ignore',
  });
  return once(client, 'exit');
}

await t.test('a wrong path', async (t) => {
  const gateway = await start(t);
  const line = await loops(t, gateway, ask(gateway, '/signaling?token=s3cret'));
  t.match(line, { level: 40, client: '127.0.0.1', path: '/signaling', cause: 'path', ends_per_minute: 4 });
  t.match(line['remedy'], 'Sockets are served at /, /socket.io/.');
  t.notMatch(JSON.stringify(gateway.logged), 's3cret');
  const metrics = await (await fetch(`${gateway.observeUrl}/metrics`)).text();
  t.match(metrics, 'portico_connection_loops_total{cause="path"} 1');
});

await t.test('a wrong path of Socket.IO', async (t) => {
  const gateway = await start(t);
  const line = await loops(t, gateway, ask(gateway, '/rtc/socket.io/?EIO=4&transport=polling', ''));
  t.match(line, { path: '/rtc/socket.io/', cause: 'path' });
});

await t.test('an Upgrade that a proxy took away, and ordinary requests in place of WebSockets', async (t) => {
  const taken = await start(t);
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  t.match(await loops(t, taken, ask(taken, '/', key)), { path: '/', cause: 'upgrade' });
  const plain = await start(t, { signaling: { identity: 'claimed', native: { path: '/rtc' } } });
  t.match(await loops(t, plain, ask(plain, '/rtc', '')), { path: '/rtc', cause: 'plain' });
});

await t.test('a page of an origin that may not', async (t) => {
  const gateway = await start(t);
  const origin = 'Origin: https://elsewhere.example\r\n';
  t.match(await loops(t, gateway, ask(gateway, '/', HANDSHAKE + origin)), { cause: 'origin' });
});

await t.test(
  'plain HTTP to a port of TLS, TLS to a port of plain HTTP, a certificate that is not trusted',
  async (t) => {
    const certificates = createCertificateFolder(t);
    const tls = certificates.write('chat', certificates.issue('chat.test'));
    const secure = await start(t, { tls });
    t.match(await loops(t, secure, ask(secure, '/')), { client: '127.0.0.1', cause: 'scheme' });
    const plain = await start(t);
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    t.match(await loops(t, plain, () => sendRaw(plain.port, hello)), { cause: 'scheme' });
    const strict = await start(t, { tls });
    t.match(await loops(t, strict, () => distrust(strict.port)), { cause: 'certificate' });
  },
);

await t.test('a token that the homeserver does not know', async (t) => {
  const synapse = await startRecordingUpstream(t, ({ socket }) => {
    const body = '{"errcode":"M_UNKNOWN_TOKEN","error":"no"}';
    socket.write(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  const gateway = await start(t, { synapse: { url: synapse.url }, signaling: { identity: 'verified' } });
  const line = await loops(t, gateway, async () => {
    const client = await connectNative(t, gateway.url);
    client.send('register-user', { accessToken: 'old' });
    await once(client.socket, 'close');
    t.equal(client.closed?.code, 4003);
  });
  t.match(line, { cause: 'identity', user: undefined, path: '/' });
});

await t.test('a user whose sockets break off is named, another one at the same address is not', async (t) => {
  const gateway = await start(t);
  const visit = async (userId: string): Promise<void> => {
    const client = await registerNative(t, gateway.url, { userId });
    client.socket.terminate();
    await once(client.socket, 'close');
  };
  await repeat(THRESHOLD, () => visit('@bob:example.org'));
  const line = await loops(t, gateway, () => visit('@alice:example.org'));
  t.match(line, { user: '@alice:example.org', cause: 'cut' });
});

await t.test('frames that cannot be read, and a client that leaves by itself', async (t) => {
  const gateway = await start(t);
  const line = await loops(t, gateway, async () => {
    const { socket } = await connectNative(t, gateway.url);
    socket.send(Buffer.from([1, 2, 3]));
    await once(socket, 'close');
  });
  t.match(line, { cause: 'frames' });
  const other = await start(t);
  const leaving = await loops(t, other, async () => {
    const { socket } = await connectNative(t, other.url);
    socket.close(1000);
    await once(socket, 'close');
  });
  t.match(leaving, { cause: 'left' });
});

await t.test('Socket.IO clients that come and go', async (t) => {
  const gateway = await start(t);
  const line = await loops(t, gateway, async () => {
    const socket = connect4(gateway.url, { transports: ['websocket'], reconnection: false, forceNew: true });
    await new Promise((resolve) => socket.on('connect', () => resolve(undefined)));
    socket.close();
  });
  t.match(line, { path: '/socket.io/', cause: 'left' });
});

await t.test('old pages of rooms, by their namespaces: some come and go, some are not let in', async (t) => {
  const options = { transports: ['websocket'], reconnection: false, forceNew: true };
  const visit = (gateway: TestGateway, event: string) => async (): Promise<void> => {
    const socket = connect4(`${gateway.url}/ws/lobby/1`, options);
    await new Promise((resolve) => socket.on(event, () => resolve(undefined)));
    socket.close();
  };
  const open = await start(t, { signaling: { identity: 'claimed', room: { enabled: true, rooms: 'open' } } });
  t.match(await loops(t, open, visit(open, 'connect')), { path: '/ws/lobby/1', cause: 'left' });
  const room = { enabled: true, rooms: 'registry' };
  const unknown = await start(t, { signaling: { identity: 'claimed', room } });
  const line = await loops(t, unknown, visit(unknown, 'connect_error'));
  t.match(line, { path: '/ws/lobby/1', cause: 'not-found' });
});

await t.test('behind a trusted proxy its clients are named, and never the proxy', async (t) => {
  const gateway = await start(t, { trusted_proxies: ['127.0.0.1'] });
  await repeat(10, ask(gateway, '/wrong'));
  t.strictSame(named(gateway), []);
  const line = await loops(t, gateway, ask(gateway, '/wrong', `${HANDSHAKE}X-Forwarded-For: 192.0.2.7\r\n`));
  t.match(line, { client: '192.0.2.7' });
});

await t.test('sockets that stay, and that we send away ourselves, are no loop', async (t) => {
  const gateway = await start(t);
  const sockets = await Promise.all(
    Array.from({ length: 10 }, (_, n) => registerNative(t, gateway.url, { userId: `@u${n}:example.org` })),
  );
  t.ok(sockets.every(({ socket }) => socket.readyState === WebSocket.OPEN));
  await gateway.gateway.stop();
  t.strictSame(named(gateway), []);
});
