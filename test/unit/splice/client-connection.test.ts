// One client's connection in the lane: when it goes to the HTTP server and with which bytes, what is read of a body that
// nobody wants, and how it ends with a client that is slow, silent or gone.

import t from 'tap';

import { addressRanges } from '../../../src/http/address.ts';
import { newOutcome, type Passage } from '../../../src/http/exchange.ts';
import { createIntake } from '../../../src/http/intake.ts';
import { preflightAnswer } from '../../../src/http/preflight.ts';
import type { AccessRecord } from '../../../src/observe/access-log.ts';
import { ClientConnection } from '../../../src/splice/client-connection.ts';
import { FieldsMemory } from '../../../src/splice/connection-fields.ts';
import { CopyBuffers } from '../../../src/splice/copy-buffers.ts';
import { Forwarding } from '../../../src/splice/forwarding.ts';
import { answerSetting, requestHeadText } from '../../../src/splice/write-heads.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { answer, fakePool } from './exchanges.ts';
import { FakeSocket, turn } from './fake-socket.ts';

const LIMITS = {
  headerTimeoutMs: 10_000,
  keepAliveTimeoutMs: 75_000,
  bodyIdleTimeoutMs: 20_000,
  responseTimeoutMs: 60_000,
};
const LINGER_MS = 5_000;
const KEEP_ALIVE_GRACE_MS = 1_000;
const PEER = { address: '203.0.113.9', isUnix: false, isTls: false, localAuthority: '127.0.0.1:80' };
const NO_ADDRESSES = addressRanges([]);

async function connected() {
  const clock = new TestClock();
  const { pool, openings } = fakePool(clock);
  const upstreams: FakeSocket[] = [];
  /** Opens the connection that is waited for, or gives the one that was opened last. */
  const upstream = async (): Promise<FakeSocket> => {
    const opened = await openings.shift()?.open();
    if (opened !== undefined) upstreams.push(opened);
    const last = upstreams.at(-1);
    if (last === undefined) throw new Error('Synapse was not asked');
    return last;
  };
  const intake = createIntake({
    trustedProxies: NO_ADDRESSES,
    random: { hex: () => '00000000' },
    forwarded: { adminClients: NO_ADDRESSES, services: { tunnels: [], routes: [] } },
  });
  const copies = new CopyBuffers();
  /** What became of the socket, in order. */
  const told: string[] = [];
  /** What the HTTP server reads of it then. */
  const readAgain: string[] = [];
  const ended: { passage: Passage; record: AccessRecord }[] = [];
  const socket = new FakeSocket();
  const connection = new ClientConnection(socket.asSocket, PEER.address, new FieldsMemory(intake, PEER), {
    clock,
    setting: answerSetting(LIMITS.keepAliveTimeoutMs, undefined),
    maxHeadBytes: 16_384,
    ...LIMITS,
    plan(plain, followingBytes, client) {
      const known = client.fields.read(plain);
      const taken = known && intake.readTarget(plain.method, plain.target, known);
      if (known === undefined || taken === undefined) return undefined;
      const { head, requestId, route } = taken;
      if (followingBytes > (head.body.kind === 'length' ? head.body.bytes : 0)) return undefined;
      const outcome = newOutcome(route.route);
      const passage = { requestId, head, client: taken.client, peerAddress: PEER.address, outcome };
      if (route.to === 'preflight') return { kind: 'answer', passage, answer: preflightAnswer(head.path) };
      if (route.to !== 'synapse') return undefined;
      const asked = { passage, head: requestHeadText(passage, plain.startLine, known.forwardedLines) };
      const parts = { pool, clock, copies, ...LIMITS };
      return { kind: 'forward', forwarding: new Forwarding(asked, client, parts, undefined) };
    },
    ended: (passage, record) => ended.push({ passage, record }),
    handOver(_socket, unread) {
      told.push(`handed over with ${unread}`);
      // As the HTTP server does, at once: a socket that flows to nobody loses what it has.
      socket.on('data', (bytes: Buffer) => readAgain.push(bytes.toString('latin1')));
    },
    refuse: (_socket, code) => told.push(`refused: ${code}`),
    left: () => told.push('left'),
  });
  await turn();
  return { clock, socket, connection, upstreams, upstream, told, readAgain, ended };
}

function request(target = '/_matrix/client/versions', method = 'GET', ...lines: readonly string[]): string {
  return `${method} ${target} HTTP/1.1\r\n${['Host: gateway.test', ...lines].join('\r\n')}\r\n\r\n`;
}

const UPLOAD = request('/_matrix/media/v3/upload', 'POST', 'Content-Length: 10');
const OWN = request('/health');

await t.test('one request after the other is passed on, and each leaves its record', async (t) => {
  const { socket, upstreams, upstream, told, ended } = await connected();
  for (const body of ['one', 'two', 'three']) {
    await socket.arrive(request());
    t.match(
      (await upstream()).takeSent(),
      /^GET \/_matrix\/client\/versions HTTP\/1\.1\r\nhost: gateway\.test\r\n/,
    );
    await (await upstream()).arrive(answer(body));
    const sent = socket.takeSent();
    t.match(sent, new RegExp(`\r\nKeep-Alive: timeout=75\r\n\r\n${body}$`));
    const record = { status: 200, durationMs: 0, bytesReceived: request().length, bytesSent: sent.length };
    t.same(ended.at(-1)?.record, record);
    t.equal(ended.at(-1)?.passage.outcome.endedBy, 'complete');
  }
  t.equal(upstreams.length, 1);
  t.same(told, []);
  t.equal(ended.length, 3);
});

await t.test('a preflight is answered at once, and the connection stays', async (t) => {
  const { socket, upstreams, ended } = await connected();
  for (let i = 0; i < 2; i += 1) {
    await socket.arrive(request('/_matrix/client/v3/login', 'OPTIONS'));
    t.match(socket.takeSent(), /^HTTP\/1\.1 204 No Content\r\n/);
  }
  t.equal(upstreams.length, 0);
  t.match(ended[1], { record: { status: 204 }, passage: { outcome: { endedBy: 'complete' } } });
});

await t.test('a connection is handed over for good, with every byte of what is not plain', async (t) => {
  const { clock, socket, upstream, told, readAgain } = await connected();
  await socket.arrive(request());
  await (await upstream()).arrive(answer('ok'));
  const unread = `${OWN}${request()}`;
  await socket.arrive(unread);
  t.same(told, ['left', `handed over with ${unread.length}`]);
  await socket.arrive('more');
  t.equal(readAgain.join(''), `${unread}more`, 'they are there to be read again, before what comes later');
  t.equal(told.length, 2, 'the lane reads no more of it');
  clock.advance(1_000_000);
  t.equal(socket.destroyed, false, 'and no deadline of ours holds');
});

await t.test('a head that does not come at once is for the HTTP server to wait for', async (t) => {
  const { socket, told } = await connected();
  await socket.arrive('GET /_matrix/cli');
  t.same(told, ['left', 'handed over with 16']);
});

await t.test('requests behind one in work are handed over once that is answered', async (t) => {
  const { socket, upstream, told, readAgain } = await connected();
  await socket.arrive(UPLOAD);
  await socket.arrive(`0123456789${request()}`);
  await socket.arrive(OWN);
  t.match(
    (await upstream()).takeSent(),
    /\r\n\r\n0123456789$/,
    'Synapse gets the body, and no byte behind it',
  );
  t.same(told, [], 'not before');
  await (await upstream()).arrive(answer('done'));
  t.match(socket.takeSent(), /done$/);
  t.same(told, ['left', `handed over with ${request().length + OWN.length}`]);
  t.equal(readAgain.join(''), `${request()}${OWN}`);
});

await t.test('what a client sends ahead is kept up to a limit, and left in the kernel beyond', async (t) => {
  const { socket, upstream, readAgain } = await connected();
  await socket.arrive(request());
  await socket.arrive('x'.repeat(65_536));
  t.equal(socket.isPaused(), false);
  await socket.arrive('x');
  t.equal(socket.isPaused(), true);
  await (await upstream()).arrive(answer('ok'));
  t.equal(readAgain.join(''), 'x'.repeat(65_537), 'it is handed over whole');
});

await t.test('a connection on which nothing is asked is refused, and an unused one closed', async (t) => {
  const silent = await connected();
  silent.clock.advance(LIMITS.headerTimeoutMs - 1);
  t.same(silent.told, []);
  silent.clock.advance(2);
  t.same(silent.told, ['left', 'refused: REQUEST_TIMEOUT']);

  const { clock, socket, upstream, told } = await connected();
  await socket.arrive(request());
  await (await upstream()).arrive(answer('ok'));
  socket.takeSent();
  clock.advance(LIMITS.keepAliveTimeoutMs + KEEP_ALIVE_GRACE_MS - 1);
  await turn();
  t.equal(socket.destroyed, false, 'longer than the client was told');
  clock.advance(2);
  await turn();
  t.ok(socket.destroyed);
  t.equal(socket.takeSent(), '', 'without a word');
  t.same(told, ['left']);
});

await t.test('a client that goes while its request is in work leaves a record that says so', async (t) => {
  const { clock, socket, upstream, told, ended } = await connected();
  await socket.arrive(request());
  const asked = await upstream();
  await socket.cut();
  t.ok(asked.destroyed);
  t.match(ended, [{ record: { status: 0, bytesSent: 0 }, passage: { outcome: { endedBy: 'client' } } }]);
  t.same(told, ['left']);
  t.equal(clock.pending, 0);
});

await t.test('a client that does not read its answer is abandoned, and only then', async (t) => {
  const { clock, socket, upstream, ended } = await connected();
  await socket.arrive(request());
  socket.stall();
  await (await upstream()).arrive(answer('x'.repeat(100_000)));
  clock.advance(LIMITS.bodyIdleTimeoutMs - 1);
  t.equal(socket.destroyed, false);
  t.equal(ended.length, 0, 'it is not over before it was sent');
  clock.advance(2);
  await turn();
  t.ok(socket.destroyed);
  t.match(ended, [{ record: { status: 200 }, passage: { outcome: { endedBy: 'client' } } }]);
});

await t.test('a client that reads slowly gets its answer, and the connection lives on', async (t) => {
  const { clock, socket, upstream, ended } = await connected();
  await socket.arrive(request());
  socket.stall();
  const pieces = Array.from('0123456789', (digit) => digit.repeat(20_000));
  const body = pieces.join('');
  await (await upstream()).arrive(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
  for (const [i, piece] of pieces.entries()) {
    await (await upstream()).arrive(piece);
    clock.advance(LIMITS.bodyIdleTimeoutMs - 1_000);
    if (i % 3 === 0) await socket.readOn();
    socket.stall();
  }
  await socket.readOn();
  await turn();
  t.ok(socket.takeSent().endsWith(`\r\n\r\n${body}`), 'byte for byte, although it was read into one buffer');
  t.equal(ended.length, 1);
  t.equal(ended[0]?.passage.outcome.endedBy, 'complete');
  t.equal(socket.destroyed, false);
});

await t.test('a body that nobody wants is read to its end, and then the connection closes', async (t) => {
  const { clock, socket, upstream, told, ended } = await connected();
  await socket.arrive(`${UPLOAD}012`);
  await (await upstream()).arrive(answer('no', '413 Too Large'));
  t.match(socket.takeSent(), /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  t.equal(socket.writableEnded, false, 'the client is still sending');
  await socket.arrive('3456');
  t.equal(ended.length, 0);
  await socket.arrive('789');
  await turn();
  t.ok(socket.destroyed);
  t.match(ended, [{ record: { status: 413 }, passage: { outcome: { endedBy: 'complete' } } }]);
  t.same(told, ['left'], 'it is handed over to nobody');
  t.equal(clock.pending, 0);
});

await t.test('a body that does not come to its end is awaited for some seconds only', async (t) => {
  const { clock, socket, upstream, ended } = await connected();
  await socket.arrive(UPLOAD);
  await (await upstream()).arrive(answer('no', '413 Too Large'));
  for (let i = 0; i < 4; i += 1) {
    clock.advance(LINGER_MS / 4 - 1);
    await socket.arrive('x');
    t.equal(socket.destroyed, false);
  }
  clock.advance(5);
  await turn();
  t.ok(socket.destroyed, 'not put off by a client that sends byte by byte');
  t.equal(ended.length, 1);
});

await t.test('a connection that is to close does so when no request is in work', async (t) => {
  const idle = await connected();
  idle.connection.closeWhenFree();
  await turn();
  t.ok(idle.socket.destroyed, 'at once');

  const { clock, socket, connection, upstream, told, ended } = await connected();
  await socket.arrive(request());
  connection.closeWhenFree();
  connection.closeWhenFree();
  await turn();
  t.equal(socket.destroyed, false, 'not within a request');
  await (await upstream()).arrive(answer('ok'));
  t.match(socket.takeSent(), /ok$/);
  t.ok(socket.destroyed, 'but behind its answer');
  t.same(told, ['left']);
  t.equal(ended.length, 1);
  clock.advance(60_000);
  t.equal(clock.pending, 0);
});

await t.test('a closing connection does not wait for ever for a client that does not read', async (t) => {
  const { clock, socket, connection, upstream } = await connected();
  await socket.arrive(request('/_matrix/client/v3/login', 'OPTIONS'));
  socket.stall();
  await socket.arrive(request('/_matrix/client/v3/login', 'OPTIONS'));
  connection.closeWhenFree();
  await turn();
  t.equal(socket.destroyed, false, 'what was answered may still be taken');
  clock.advance(LIMITS.bodyIdleTimeoutMs + 1);
  t.ok(socket.destroyed);
  await t.rejects(upstream(), 'nothing was asked');
});

await t.test('a client that has said its last word within a body is refused', async (t) => {
  const { socket, told } = await connected();
  await socket.arrive(`${UPLOAD}012`);
  await socket.arriveEnd();
  t.same(told, ['refused: REQUEST_MALFORMED']);
});

await t.test('a client that has said its last word behind its request is taken for gone', async (t) => {
  const { socket, upstream, told, ended } = await connected();
  await socket.arrive(request());
  const asked = await upstream();
  await socket.arriveEnd();
  await turn();
  t.ok(socket.destroyed && asked.destroyed);
  t.match(ended, [{ record: { status: 0 }, passage: { outcome: { endedBy: 'client' } } }]);
  t.same(told, ['left']);
});

await t.test('a client that breaks off in a second request gets the answer to the first', async (t) => {
  const { socket, upstream, told, ended } = await connected();
  await socket.arrive(request());
  await socket.arrive('GET /_matr');
  await socket.arriveEnd();
  t.same([socket.destroyed, ...told], [false]);
  await (await upstream()).arrive(answer('first'));
  t.match(socket.takeSent(), /first$/);
  t.same(told, ['left', 'refused: REQUEST_MALFORMED'], 'and a refusal of the second');
  t.equal(ended.length, 1);
});

await t.test('an answer that breaks off looks complete to nobody', async (t) => {
  const { clock, socket, upstream, ended } = await connected();
  await socket.arrive(request());
  await (await upstream()).arrive('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
  await (await upstream()).cut();
  t.ok(socket.wasReset);
  t.match(ended, [{ record: { status: 200 }, passage: { outcome: { code: 'UPSTREAM_FAILED' } } }]);
  t.equal(clock.pending, 0);
});

await t.test('an answer that lets us go on is answered as a failure, once', async (t) => {
  const { socket, upstream, told, ended } = await connected();
  await socket.arrive(`${UPLOAD}0123456789`);
  await (await upstream()).arrive('HTTP/1.1 100 Continue\r\n\r\n');
  t.equal(socket.takeSent().match(/HTTP\/1\.1 502 /g)?.length, 1);
  t.equal(ended.length, 1);
  t.same(told, []);
});
