// Which requests leave HTTP, and to whom they go: on a listener of its own, with targets that only echo.

import { connect, type Socket } from 'node:net';

import t, { type Test } from 'tap';
import { pino } from 'pino';

import { systemClock, type Clock } from '../../src/clock.ts';
import { addressRanges } from '../../src/http/address.ts';
import { createListeners, type Listeners } from '../../src/http/listeners.ts';
import { createUpgrades, type Upgrade, type UpgradeTarget } from '../../src/http/upgrade.ts';
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts';
import { systemRandom } from '../../src/random.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { TestClock } from '../harness/test-clock.ts';
import { until } from '../harness/until.ts';

const OFFER =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';

function request(target: string, headers = OFFER): string {
  return `GET ${target} HTTP/1.1\r\nHost: portico.test\r\n${headers}\r\n`;
}

interface Rig {
  readonly port: number;
  readonly listeners: Listeners;
  readonly taken: { name: string; upgrade: Upgrade }[];
  /** Targets of the ordinary requests. */
  readonly served: string[];
  readonly logged: Record<string, unknown>[];
  readonly metrics: Metrics;
  drains: boolean;
}

/** Says 101, the target's name, what came with the head, and then echoes. */
function echo(name: string, { socket, head }: Upgrade): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${name}:${head.toString()}`);
  socket.on('data', (data: Buffer) => socket.write(data));
  socket.on('end', () => socket.end());
}

async function start(
  t: Test,
  origins: readonly string[] = [],
  limits = {},
  clock: Clock = systemClock,
): Promise<Rig> {
  const metrics = createMetrics();
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const target = (name: string, path: string, checksOrigin: boolean): UpgradeTarget => ({
    claims: (asked) => asked === path || asked.startsWith(`${path}/`),
    checksOrigin,
    take(upgrade) {
      taken.push({ name, upgrade });
      echo(name, upgrade);
    },
  });
  const taken: Rig['taken'] = [];
  const served: string[] = [];
  const trustedProxies = addressRanges([]);
  const upgrades = createUpgrades({
    targets: [target('one', '/one', true), target('two', '/two', false), target('three', '/one', false)],
    trustedProxies,
    publicUrl: undefined,
    origins,
    isDraining: () => rig.drains,
    log,
    metrics,
    clock,
    random: systemRandom,
  });
  const listeners = createListeners([{ kind: 'tcp', host: '127.0.0.1', port: 0 }], {
    setting: 'listen',
    door(asked, response) {
      served.push(asked.url ?? '');
      asked.resume();
      setTimeout(() => response.end('ordinary'), asked.url === '/slow' ? 100 : 0);
    },
    upgrades,
    trustedProxies,
    limits: {
      connections: 100,
      connectionsPerAddress: 100,
      headerSizeBytes: 16_384,
      headerTimeoutMs: 1_000,
      keepAliveTimeoutMs: 200,
      ...limits,
    },
    clock: systemClock,
    onRefused: () => undefined,
  });
  await listeners.open();
  t.teardown(() => listeners.destroy());
  const [address] = listeners.addresses();
  const port = address?.kind === 'tcp' ? address.port : 0;
  const rig: Rig = { port, listeners, taken, served, logged, metrics, drains: false };
  return rig;
}

class Peer {
  text = '';
  isClosed = false;
  readonly socket: Socket;

  constructor(t: Test, port: number, bytes: string, isStubborn = false) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: isStubborn });
    this.socket.on('data', (data) => (this.text += data.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.write(bytes);
    t.teardown(() => this.socket.destroy());
  }
}

await t.test(
  'the first target that claims the path gets the socket, and what came with the head',
  async (t) => {
    const rig = await start(t);
    const one = new Peer(t, rig.port, `${request('/one/a?b=%c3')}early`);
    const two = new Peer(t, rig.port, request('/two'));
    await until(() => one.text.endsWith('one:early') && two.text.endsWith('two:'));
    one.socket.write(' and late');
    await until(() => one.text.endsWith('one:early and late'));
    t.strictSame(
      rig.taken.map(({ name }) => name).toSorted(),
      ['one', 'two'],
      'the third is asked by nobody',
    );
    const { upgrade } = rig.taken.find(({ name }) => name === 'one') ?? {};
    t.match(upgrade, {
      requestHead: { path: '/one/a', query: 'b=%c3' },
      origin: 'http://portico.test',
      client: { address: '127.0.0.1' },
      peerAddress: '127.0.0.1',
      requestId: /^[0-9a-f]{16}$/,
    });
    t.strictSame(rig.served, []);
  },
);

await t.test('what nobody claims gets a 404 and is closed, counted and logged', async (t) => {
  const rig = await start(t, [], {}, new TestClock());
  const answer = await sendRaw(
    rig.port,
    request('/three?access_token=s3cret') + 'frames already'.repeat(20_000),
  );
  t.equal(answer.status, 404);
  t.ok(answer.isClosed && !answer.isReset);
  t.match(answer.text, /\r\nConnection: close\r\n[^]*"error":"Not Found"/);
  t.match(rig.logged, [{ msg: 'request', route: 'upgrade', status: 404, code: 'ROUTE_NOT_FOUND' }]);
  t.notMatch(JSON.stringify(rig.logged), 's3cret');
  t.match(
    await rig.metrics.registry.metrics(),
    'portico_requests_total{route="upgrade",status="404",ended_by="client"} 1',
  );
  // With its peer: the deadline for those who do not close never comes.
  await until(() => rig.listeners.connections === 0);
});

await t.test('a refused peer that goes on sending, and never closes, is cut off', async (t) => {
  const rig = await start(t);
  const peer = new Peer(t, rig.port, request('/three'), true);
  const flood = setInterval(() => peer.socket.write('x'.repeat(1_000)), 20);
  t.teardown(() => clearInterval(flood));
  await until(() => peer.text.startsWith('HTTP/1.1 404 '));
  t.equal(rig.listeners.connections, 1, 'it gets to read why');
  await until(() => rig.listeners.connections === 0);
});

await t.test('pages of foreign origins are refused, where the target wants it so', async (t) => {
  const rig = await start(t, ['https://friend.example']);
  const table: readonly (readonly [string, string, number])[] = [
    ['/one', '', 101],
    ['/one', 'Origin: http://portico.test\r\n', 101],
    ['/one', 'Origin: https://friend.example\r\n', 101],
    ['/one', 'Origin: https://portico.test\r\n', 403],
    ['/one', 'Origin: http://portico.test:8080\r\n', 403],
    ['/one', 'Origin: https://friend.example.evil\r\n', 403],
    ['/one', 'Origin: null\r\n', 403],
    ['/one', 'Origin: \r\n', 403],
    ['/one', 'Origin: http://portico.test\r\nOrigin: http://evil.example\r\n', 403],
    ['/two', 'Origin: https://evil.example\r\n', 101],
    ['/three', 'Origin: https://evil.example\r\n', 404],
  ];
  for (const [path, origin, status] of table) {
    const answer = await sendRaw(rig.port, request(path, OFFER + origin), { answers: 1 });
    t.equal(answer.status, status, `${path} ${JSON.stringify(origin)}`);
  }
  t.equal(rig.logged.filter(({ code }) => code === 'ORIGIN_REFUSED').length, 6);
  const any = await start(t, ['*']);
  t.equal((await sendRaw(any.port, request('/one', `${OFFER}Origin: null\r\n`), { answers: 1 })).status, 101);
});

await t.test('while draining nobody gets in', async (t) => {
  const rig = await start(t);
  rig.drains = true;
  const answer = await sendRaw(rig.port, request('/one'));
  t.equal(answer.status, 503);
  t.match(answer.text, /\r\nRetry-After: 2\r\n/);
  t.ok(answer.isClosed);
  t.equal(rig.taken.length, 0);
});

await t.test('offers that are not taken up leave an ordinary request', async (t) => {
  const rig = await start(t);
  const websocket = request('/one').replace('GET', 'POST');
  const offers = [
    request('/one', OFFER.replace('websocket', 'h2c')),
    request('/one', OFFER.replace('websocket', 'websocket, h2c')),
    request('/one', `${OFFER}Upgrade: h2c\r\n`),
    request('/one', OFFER.replace('Connection: Upgrade', 'Connection: keep-alive')),
    request('/_matrix/client/v3/sync'),
    request('/_synapse/client/x'),
    request('http://portico.test/_matrix/x'),
    websocket,
    `${websocket.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\n')}body`,
    request('/one', `${OFFER}Content-Length: 4\r\n`) + 'body',
    request('/one').replace('HTTP/1.1', 'HTTP/1.0'),
    request('/one').replace('Host: portico.test\r\n', ''),
  ];
  for (const [i, offer] of offers.entries()) {
    const answer = await sendRaw(rig.port, offer, { answers: 1 });
    t.match(answer.text, /^HTTP\/1\.1 200 [^]*ordinary/, offer.slice(0, 120));
    t.equal(rig.served.length, i + 1);
  }
  t.equal(rig.taken.length, 0);
  const wellSpelled = request('/one', OFFER.replace('websocket', 'WebSocket'));
  t.equal((await sendRaw(rig.port, wellSpelled, { answers: 1 })).status, 101);
});

await t.test('without upgrades every offer is ignored', async (t) => {
  const listeners = createListeners([{ kind: 'tcp', host: '127.0.0.1', port: 0 }], {
    setting: 'listen',
    door: (_request, response) => response.end('ordinary'),
    trustedProxies: addressRanges([]),
    limits: {
      connections: 10,
      connectionsPerAddress: 10,
      headerSizeBytes: 16_384,
      headerTimeoutMs: 1_000,
      keepAliveTimeoutMs: 1_000,
    },
    clock: systemClock,
    onRefused: () => undefined,
  });
  await listeners.open();
  t.teardown(() => listeners.destroy());
  const [address] = listeners.addresses();
  const port = address?.kind === 'tcp' ? address.port : 0;
  t.equal((await sendRaw(port, request('/one'), { answers: 1 })).status, 200);
});

await t.test(
  'an offer behind a request that is in work is an ordinary request, answered in order',
  async (t) => {
    const rig = await start(t);
    const answer = await sendRaw(rig.port, request('/slow', '') + request('/one'), { answers: 2 });
    t.match(answer.text, /^HTTP\/1\.1 200 [^]*ordinary[^]*HTTP\/1\.1 200 [^]*ordinary/);
    t.equal(rig.taken.length, 0);
    const peer = new Peer(t, rig.port, request('/slow', ''));
    await until(() => peer.text.endsWith('ordinary'));
    peer.socket.write(request('/one'));
    await until(() => peer.text.endsWith('one:'));
    t.equal(rig.taken.length, 1, 'after its answer the connection can be upgraded');
  },
);

await t.test('no timeout of HTTP ends an upgraded socket', async (t) => {
  const rig = await start(t);
  const fresh = new Peer(t, rig.port, request('/one'));
  const reused = new Peer(t, rig.port, request('/slow', ''));
  await until(() => reused.text.endsWith('ordinary'));
  reused.socket.write(request('/one'));
  await until(() => fresh.text.endsWith('one:') && reused.text.endsWith('one:'));
  // Longer than the header deadline and its check together, and than the keep-alive.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  for (const peer of [fresh, reused]) {
    peer.socket.write('still here');
    await until(() => peer.text.endsWith('still here'));
  }
  t.equal(rig.listeners.connections, 2, 'they count as connections');
  const [owned] = rig.taken;
  let timeouts = 0;
  owned?.upgrade.socket.setTimeout(20, () => (timeouts += 1));
  await until(() => timeouts > 0);
  t.equal(owned?.upgrade.socket.destroyed, false, 'an idle limit is the owner’s to keep');
});

await t.test('errors of a socket end it, not the process', async (t) => {
  const rig = await start(t);
  const peer = new Peer(t, rig.port, request('/one'));
  await until(() => peer.text.endsWith('one:'));
  rig.taken[0]?.upgrade.socket.emit('error', new Error('read ECONNRESET'));
  await until(() => rig.listeners.connections === 0);
  const resetting = new Peer(t, rig.port, request('/one'));
  await until(() => resetting.text.endsWith('one:'));
  resetting.socket.resetAndDestroy();
  await until(() => rig.listeners.connections === 0);
  t.equal(rig.taken.length, 2);
});

await t.test('a drain waits for upgraded sockets, a destroy ends them', async (t) => {
  const rig = await start(t);
  const peers = [1, 2].map(() => new Peer(t, rig.port, request('/one')));
  const idle = new Peer(t, rig.port, '');
  await until(() => rig.listeners.connections === 3 && peers.every(({ text }) => text.endsWith('one:')));
  let isDrained = false;
  const drained = rig.listeners.drain().then(() => (isDrained = true));
  await until(() => idle.isClosed);
  for (const peer of peers) {
    peer.socket.write('still here');
    await until(() => peer.text.endsWith('still here'));
  }
  peers[0]?.socket.end();
  await until(() => rig.listeners.connections === 1);
  t.equal(isDrained, false);
  rig.listeners.destroy();
  await drained;
  await until(() => peers.every(({ isClosed }) => isClosed));
  t.equal(rig.listeners.connections, 0);
});
