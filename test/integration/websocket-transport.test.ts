// The WebSocket transport on raw sockets (threat case A53): whatever framing a peer invents gets the close code of
// RFC 6455, and no peer keeps a socket that it does not answer on.

import { connect, type Socket } from 'node:net';

import t, { type Test } from 'tap';
import { pino } from 'pino';

import { systemClock } from '../../src/clock.ts';
import { addressRanges } from '../../src/http/address.ts';
import { createListeners, type Listeners } from '../../src/http/listeners.ts';
import { createUpgrades } from '../../src/http/upgrade.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { DEAD_AFTER_MS, MAX_FRAME_BYTES, PING_EVERY_MS } from '../../src/protocol/limits.ts';
import { systemRandom } from '../../src/random.ts';
import type { SignalSocket } from '../../src/signaling/transport.ts';
import { CLOSE_WITHIN_MS, createWebSocketTransport } from '../../src/signaling/transports/websocket.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';
import {
  BINARY,
  CLOSE,
  FIN,
  frame,
  PING,
  PONG,
  readFrames,
  TEXT,
  type ReadFrame,
} from '../harness/websocket-frames.ts';

interface Opened {
  readonly socket: SignalSocket<string, string>;
  readonly frames: string[];
  closes: number;
}

interface Rig {
  readonly port: number;
  readonly clock: TestClock;
  readonly listeners: Listeners;
  readonly opened: Opened[];
}

async function start(t: Test): Promise<Rig> {
  const clock = new TestClock();
  const trustedProxies = addressRanges([]);
  const transport = createWebSocketTransport({ clock, trustedProxies });
  const opened: Opened[] = [];
  const upgrades = createUpgrades({
    targets: [
      {
        claims: (path) => path === '/',
        checksOrigin: true,
        take: (upgrade) =>
          transport.accept(upgrade, (socket) => {
            const one: Opened = { socket, frames: [], closes: 0 };
            opened.push(one);
            socket.listen({
              frame: (frame) => void one.frames.push(frame),
              closed: () => void (one.closes += 1),
            });
          }),
      },
    ],
    trustedProxies,
    publicUrl: undefined,
    origins: [],
    isDraining: () => false,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    clock: systemClock,
    random: systemRandom,
  });
  const listeners = createListeners([{ kind: 'tcp', host: '127.0.0.1', port: 0 }], {
    setting: 'listen',
    door: (_request, response) => response.end('ordinary'),
    upgrades,
    trustedProxies,
    limits: {
      connections: 1_000,
      connectionsPerAddress: 1_000,
      headerSizeBytes: 16_384,
      headerTimeoutMs: 5_000,
      keepAliveTimeoutMs: 5_000,
    },
    clock: systemClock,
    onRefused: () => undefined,
  });
  await listeners.open();
  t.teardown(() => listeners.destroy());
  const [address] = listeners.addresses();
  return { port: address?.kind === 'tcp' ? address.port : 0, clock, listeners, opened };
}

function handshake(headers = '', version = '13'): string {
  return [
    'GET / HTTP/1.1',
    'Host: portico.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Version: ${version}`,
    `${headers}\r\n`,
  ].join('\r\n');
}

class Client {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);

  constructor(t: Test, port: number, headers = '') {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (data) => (this.#bytes = Buffer.concat([this.#bytes, data])));
    this.socket.on('error', () => undefined);
    this.socket.write(handshake(headers));
    t.teardown(() => this.socket.destroy());
  }

  get head(): string {
    const end = this.#bytes.indexOf('\r\n\r\n');
    return end === -1 ? '' : this.#bytes.toString('latin1', 0, end + 2);
  }

  get frames(): ReadFrame[] {
    const end = this.#bytes.indexOf('\r\n\r\n');
    return end === -1 ? [] : readFrames(this.#bytes, end + 4);
  }

  get closeCode(): number | undefined {
    return this.frames.find(({ opcode }) => opcode === CLOSE)?.payload.readUInt16BE(0);
  }
}

async function open(t: Test, rig: Rig, headers = ''): Promise<{ client: Client; opened: Opened }> {
  const before = rig.opened.length;
  const client = new Client(t, rig.port, headers);
  await until(() => client.head !== '' && rig.opened.length > before);
  const opened = rig.opened[before];
  if (opened === undefined) throw new Error('not opened');
  return { client, opened };
}

const BROKEN: readonly (readonly [string, readonly Buffer[], number])[] = [
  ['a message of 64 KiB and a byte', [frame(FIN | TEXT, 'x'.repeat(MAX_FRAME_BYTES + 1))], 1009],
  ['the same in two fragments', [frame(TEXT, 'x'.repeat(MAX_FRAME_BYTES)), frame(FIN, 'x')], 1009],
  [
    'a length of 2^63 and no payload',
    [Buffer.from([FIN | TEXT, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    1009,
  ],
  [
    '65 fragments',
    [frame(TEXT, 'x'), ...Array.from({ length: 63 }, () => frame(0, 'x')), frame(FIN, 'x')],
    1008,
  ],
  ['a frame without a mask', [frame(FIN | TEXT, '{}', false)], 1002],
  ...[0x40, 0x20, 0x10].map(
    (bit) => [`the reserved bit ${bit}`, [frame(FIN | bit | TEXT, '{}')], 1002] as const,
  ),
  ...[3, 7, 11, 15].map(
    (opcode) => [`the reserved opcode ${opcode}`, [frame(FIN | opcode, '{}')], 1002] as const,
  ),
  ['a continuation of nothing', [frame(FIN, 'x')], 1002],
  ['a text within a text', [frame(TEXT, 'x'), frame(FIN | TEXT, 'x')], 1002],
  ['a fragmented ping', [frame(PING, 'x')], 1002],
  ['a ping of 126 bytes', [frame(FIN | PING, 'x'.repeat(126))], 1002],
  ['a text that is no UTF-8', [frame(FIN | TEXT, Buffer.from([0xc3, 0x28]))], 1007],
  ['a surrogate in UTF-8', [frame(FIN | TEXT, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  ['a close with one byte', [frame(FIN | CLOSE, Buffer.from([3]))], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map(
    (code) =>
      [`a close with ${code}`, [frame(FIN | CLOSE, Buffer.from([code >> 8, code & 255]))], 1002] as const,
  ),
  ['a close whose reason is no UTF-8', [frame(FIN | CLOSE, Buffer.from([3, 232, 0xff]))], 1007],
  ['a binary message', [frame(FIN | BINARY, '{}')], 4002],
];

await t.test('broken framing gets its close code, and nothing of it is heard', async (t) => {
  const rig = await start(t);
  for (const [name, frames, code] of BROKEN) {
    const { client, opened } = await open(t, rig);
    client.socket.write(Buffer.concat([frame(FIN | TEXT, 'good'), ...frames]));
    await until(() => client.closeCode !== undefined);
    t.equal(client.closeCode, code, name);
    t.strictSame(opened.frames, ['good'], `${name}: only what came before is heard`);
    // This client neither answers the close nor ends.
    rig.clock.advance(CLOSE_WITHIN_MS);
    await until(() => opened.closes === 1);
  }
  await until(() => rig.listeners.connections === 0);
  t.equal(rig.clock.pending, 0, 'no timer is left');
});

await t.test('what is within the limits is heard, whole and in order', async (t) => {
  const rig = await start(t);
  const { client, opened } = await open(t, rig);
  const large = 'ü'.repeat(MAX_FRAME_BYTES / 2);
  const bytes = Buffer.concat([
    frame(FIN | TEXT, 'first'),
    frame(TEXT, 'a'),
    frame(FIN | PING, 'p'.repeat(125)),
    ...Array.from({ length: 62 }, () => frame(0, 'b')),
    frame(FIN, 'c'),
    frame(FIN | TEXT, large),
    frame(FIN | PONG, ''),
    frame(FIN | TEXT, ''),
  ]);
  for (let at = 0; at < 300; at += 1) client.socket.write(bytes.subarray(at, at + 1));
  client.socket.write(bytes.subarray(300));
  await until(() => opened.frames.length === 4);
  t.strictSame(opened.frames, ['first', `a${'b'.repeat(62)}c`, large, '']);
  await until(() => client.frames.length === 1);
  t.match(client.frames, [{ opcode: PONG, payload: Buffer.from('p'.repeat(125)) }]);
  opened.socket.send('answer');
  await until(() => client.frames.length === 2);
  t.equal(client.frames[1]?.payload.toString(), 'answer');
  t.equal(opened.closes, 0);
});

await t.test('what came with the handshake in one packet is heard', async (t) => {
  const rig = await start(t);
  const socket = connect(rig.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(Buffer.concat([Buffer.from(handshake()), frame(FIN | TEXT, 'early')]));
  await until(() => rig.opened[0]?.frames.length === 1);
  t.strictSame(rig.opened[0]?.frames, ['early']);
});

await t.test('a handshake that is none is answered and closed', async (t) => {
  const rig = await start(t);
  const version = await sendRaw(rig.port, handshake('', '12'));
  t.equal(version.status, 400);
  t.match(version.text, /\r\nSec-WebSocket-Version: 13/);
  t.ok(version.isClosed);
  for (const key of ['', 'short', 'dGhlIHNhbXBsZSBub25jZQ==, x']) {
    const answer = await sendRaw(rig.port, handshake().replace('dGhlIHNhbXBsZSBub25jZQ==', key));
    t.equal(answer.status, 400, key);
    t.ok(answer.isClosed);
  }
  t.equal((await sendRaw(rig.port, handshake('Sec-WebSocket-Protocol: a,,b\r\n'))).status, 400);
  t.equal(rig.opened.length, 0);
});

await t.test('compression is not agreed to', async (t) => {
  const rig = await start(t);
  const { client } = await open(t, rig, 'Sec-WebSocket-Extensions: permessage-deflate\r\n');
  t.notMatch(client.head, /extensions/i);
});

await t.test(
  'a token comes by Authorization or as a subprotocol, and is not echoed without need',
  async (t) => {
    const rig = await start(t);
    const table: readonly (readonly [string, string | undefined, string | undefined])[] = [
      ['', undefined, undefined],
      ['Authorization: Bearer t1\r\n', 't1', undefined],
      ['Sec-WebSocket-Protocol: access_token.t2, portico\r\n', 't2', 'portico'],
      ['Sec-WebSocket-Protocol: other, access_token.t2,portico\r\n', 't2', 'portico'],
      ['Sec-WebSocket-Protocol: access_token.t2, other\r\n', 't2', 'other'],
      ['Sec-WebSocket-Protocol: access_token.t2\r\n', 't2', 'access_token.t2'],
      ['Sec-WebSocket-Protocol: access_token.\r\n', undefined, 'access_token.'],
      ['Sec-WebSocket-Protocol: portico\r\n', undefined, 'portico'],
      ['Authorization: Bearer t1\r\nSec-WebSocket-Protocol: access_token.t2, portico\r\n', 't1', 'portico'],
    ];
    for (const [headers, token, echoed] of table) {
      const { client, opened } = await open(t, rig, headers);
      t.equal(opened.socket.arrival.token, token, headers);
      t.equal(/^Sec-WebSocket-Protocol: (.*)\r$/m.exec(client.head)?.[1], echoed, headers);
    }
    const { opened } = await open(t, rig, 'X-Forwarded-For: 192.0.2.1\r\n');
    t.strictSame(opened.socket.arrival, {
      clientAddress: '127.0.0.1',
      isAddressUsable: false,
      origin: 'http://portico.test',
      token: undefined,
    });
  },
);

await t.test('an orderly close says what was sent before, and why', async (t) => {
  const rig = await start(t);
  const { client, opened } = await open(t, rig);
  const texts = ['x', 'ü', 'x'.repeat(126), 'x'.repeat(65_535), '😀'.repeat(9_000), 'last'];
  for (const text of texts) opened.socket.send(text);
  opened.socket.close(4003, `because ${'ü'.repeat(100)}`);
  opened.socket.close(4001, 'again');
  opened.socket.send('too late');
  await until(() => client.frames.length === texts.length + 1);
  const close = client.frames.at(-1);
  const said = client.frames.slice(0, -1).map(({ payload }) => payload.toString());
  t.strictSame(said, texts, 'whole and in order, whether it is ASCII or not');
  t.equal(client.closeCode, 4003);
  t.match(close?.payload.subarray(2).toString(), /^because ü{57}$/, 'a reason has at most 123 bytes');
  client.socket.write(Buffer.concat([frame(FIN | TEXT, 'late'), frame(FIN | CLOSE, Buffer.from([15, 163]))]));
  await until(() => opened.closes === 1 || client.socket.readableEnded);
  client.socket.end();
  await until(() => opened.closes === 1);
  t.strictSame(opened.frames, [], 'nothing is heard after the close');
  t.equal(rig.clock.pending, 0);
});

await t.test('a close by the peer is answered, and closed() is said once', async (t) => {
  const rig = await start(t);
  for (const [name, bytes, code] of [
    ['with a code', frame(FIN | CLOSE, Buffer.from([3, 232])), 1000],
    ['without a code', frame(FIN | CLOSE), undefined],
  ] as const) {
    const { client, opened } = await open(t, rig);
    client.socket.write(bytes);
    await until(() => client.frames.length === 1);
    opened.socket.send('after the close');
    t.equal(client.frames[0]?.opcode, CLOSE, name);
    if (code !== undefined) t.equal(client.closeCode, code, name);
    client.socket.end();
    await until(() => opened.closes === 1);
    t.equal(client.frames.length, 1, 'nothing follows a close');
  }
  const { client, opened } = await open(t, rig);
  client.socket.resetAndDestroy();
  await until(() => opened.closes === 1);
  const half = await open(t, rig);
  half.client.socket.end();
  await until(() => half.opened.closes === 1);
  await until(() => rig.listeners.connections === 0);
  t.ok(rig.opened.every(({ closes }) => closes === 1));
  t.equal(rig.clock.pending, 0);
});

await t.test('who does not answer a close is cut off', async (t) => {
  const rig = await start(t);
  const { client, opened } = await open(t, rig);
  opened.socket.close(1012, 'restart');
  await until(() => client.closeCode === 1012);
  rig.clock.advance(CLOSE_WITHIN_MS - 1);
  client.socket.write(frame(FIN | TEXT, 'still talking'));
  t.equal(opened.closes, 0);
  rig.clock.advance(1);
  await until(() => opened.closes === 1 && rig.listeners.connections === 0);
  t.strictSame(opened.frames, []);
});

await t.test('who closes and never ends the connection is cut off too', async (t) => {
  const rig = await start(t);
  const { client, opened } = await open(t, rig);
  client.socket.write(frame(FIN | CLOSE, Buffer.from([3, 232])));
  await until(() => client.closeCode === 1000);
  await until(() => opened.closes === 1 && rig.listeners.connections === 0, 2 * CLOSE_WITHIN_MS);
});

await t.test(
  'who does not read shows in bufferedBytes, and is cut off when it does not take the close',
  async (t) => {
    const rig = await start(t);
    const { client, opened } = await open(t, rig);
    t.equal(opened.socket.bufferedBytes, 0);
    client.socket.pause();
    for (let i = 0; i < 400; i += 1) opened.socket.send('x'.repeat(65_536));
    t.ok(opened.socket.bufferedBytes > 1_048_576);
    opened.socket.close(4010, 'too slow');
    rig.clock.advance(CLOSE_WITHIN_MS);
    await until(() => opened.closes === 1);
  },
);

await t.test(
  'silent peers are pinged, and dead ones ended; a text half sent is no sign of life',
  async (t) => {
    const rig = await start(t);
    const living = await open(t, rig);
    const silent = await open(t, rig);
    const halfSent = await open(t, rig);
    halfSent.client.socket.write(frame(FIN | TEXT, 'x'.repeat(1_000)).subarray(0, 500));
    for (let ms = 0; ms < DEAD_AFTER_MS + 5_000; ms += PING_EVERY_MS / 5) {
      rig.clock.advance(PING_EVERY_MS / 5);
      const pings = living.client.frames.filter(({ opcode }) => opcode === PING).length;
      const answers = living.client.frames.filter(({ opcode }) => opcode === PONG).length;
      // The answer to the ping shows that the pong before it was heard.
      living.client.socket.write(Buffer.concat([frame(FIN | PONG), frame(FIN | PING)]));
      await until(() => living.client.frames.filter(({ opcode }) => opcode === PONG).length > answers);
      t.ok(pings <= ms / PING_EVERY_MS + 1);
    }
    await until(() => silent.opened.closes === 1 && halfSent.opened.closes === 1);
    t.ok(silent.client.frames.some(({ opcode }) => opcode === PING));
    t.equal(living.opened.closes, 0);
    t.strictSame(halfSent.opened.frames, []);
  },
);

await t.test('fragments of one byte, for ever, end after a few', async (t) => {
  const rig = await start(t);
  const { client, opened } = await open(t, rig);
  const flood = Buffer.concat([frame(TEXT, 'x'), ...Array.from({ length: 100_000 }, () => frame(0, 'x'))]);
  client.socket.write(flood);
  await until(() => client.closeCode === 1008);
  rig.clock.advance(CLOSE_WITHIN_MS);
  await until(() => opened.closes === 1);
});
