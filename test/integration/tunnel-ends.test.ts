// How tunnels end: by either side, by silence, by a stop of the gateway, and never by leaving anything behind.

import t from 'tap';

import { agree, gauge, openTunnel, startTunnel, tunnelsOpen } from '../harness/tunnel.ts';
import { connectRaw, offerTo, SWITCHING } from '../harness/raw-upgrades.ts';
import { until } from '../harness/until.ts';
import { frame, readFrames } from '../harness/websocket-frames.ts';

const silent = (): void => undefined;

await t.test('an end of one side is told to the other, which may finish its sentence', async (t) => {
  for (const first of ['client', 'upstream'] as const) {
    const rig = await startTunnel(t);
    const { client, server } = await openTunnel(t, rig);
    const [one, other] = first === 'client' ? [client, server] : [server, client];
    one.socket.end('last words', 'latin1');
    await until(() => other.hasEnded);
    t.equal(other.body, 'last words', `of the ${first}`);
    t.notOk(one.hasEnded, 'the other direction is open');
    other.write('the rest');
    await until(() => one.body === 'the rest');
    other.socket.end();
    await until(() => one.isClosed && other.isClosed);
    t.equal(await tunnelsOpen(rig), 0);
  }
});

await t.test('a side that does not end after the other is ended', async (t) => {
  const rig = await startTunnel(t);
  const { client, server } = await openTunnel(t, rig);
  client.socket.end();
  await until(() => server.hasEnded);
  rig.clock.advance(4_900);
  t.notOk(client.isClosed, 'a short while is given');
  rig.clock.advance(200);
  await until(() => (client.isClosed && rig.upstream.connections[0]?.isClosed === true) || client.hasEnded);
  server.socket.end();
  await until(() => rig.upstream.open() === 0);
  t.equal(await tunnelsOpen(rig), 0);
});

await t.test('a reset of either side ends both', async (t) => {
  const rig = await startTunnel(t);
  const one = await openTunnel(t, rig);
  one.client.socket.resetAndDestroy();
  await until(() => one.server.isClosed || one.server.hasEnded);
  const two = await openTunnel(t, rig);
  two.server.socket.resetAndDestroy();
  await until(() => two.client.isClosed || two.client.hasEnded);
  t.equal(await tunnelsOpen(rig), 0);
});

await t.test('a tunnel on which nothing moves ends, and traffic of either side keeps it', async (t) => {
  const rig = await startTunnel(t, agree, { idle_timeout: '120s' });
  const { client, server } = await openTunnel(t, rig);
  for (const [from, to] of [
    [client, server],
    [server, client],
    [client, server],
  ] as const) {
    rig.clock.advance(110_000);
    const before = to.body.length;
    from.socket.write(frame(0x82, 'x', false));
    await until(() => to.body.length > before);
  }
  rig.clock.advance(119_000);
  t.notOk(client.isClosed || client.hasEnded);
  const before = client.body.length;
  rig.clock.advance(2_000);
  await until(() => client.body.length > before);
  const [last] = readFrames(Buffer.from(client.body, 'latin1'), before);
  t.same([last?.opcode, last?.payload.readUInt16BE(0)], [8, 1001], 'the client is told why');
  rig.clock.advance(2_000);
  await until(() => client.hasEnded && server.hasEnded);
  t.equal(await tunnelsOpen(rig), 0);
});

await t.test('a drain says 1012 between two frames, never within one', async (t) => {
  const rig = await startTunnel(t);
  const idle = await openTunnel(t, rig);
  const busy = await openTunnel(t, rig);
  const asking = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => asking.head !== '');
  const message = frame(0x82, Buffer.alloc(300, 'm'), false);
  busy.server.socket.write(message.subarray(0, 100));
  await until(() => busy.client.body.length === 100);

  const stopped = rig.gateway.stop();
  await until(() => idle.client.body !== '');
  t.same(Buffer.from(idle.client.body, 'latin1'), Buffer.from([0x88, 2, 0x03, 0xf4]));
  t.equal(busy.client.body.length, 100, 'nothing is put into a frame');
  busy.server.socket.write(Buffer.concat([message.subarray(100), message]));
  await until(() => busy.client.body.length > 300);
  const frames = readFrames(Buffer.from(busy.client.body, 'latin1'), 0);
  t.same(
    frames.map(({ opcode, payload }) => [opcode, payload.length]),
    [
      [2, 300],
      [8, 2],
    ],
    'behind it, and nothing more',
  );
  busy.client.write('its own close frame');
  await until(() => busy.server.body === 'its own close frame');
  busy.server.socket.end();
  await until(() => busy.client.hasEnded);
  busy.client.socket.end();
  rig.clock.advance(2_000);
  await stopped;
  await until(() => rig.upstream.open() === 0 || idle.server.hasEnded);
  t.ok(idle.client.hasEnded || idle.client.isClosed, 'one that never answers is ended');
});

await t.test('a drain refuses what the upstream has not agreed to', async (t) => {
  const rig = await startTunnel(t, silent);
  const client = connectRaw(t, rig.port, offerTo('/x'));
  await until(() => rig.upstream.connections[0] !== undefined);
  const stopped = rig.gateway.stop();
  await until(() => client.hasEnded);
  t.match(client.head, /^HTTP\/1\.1 503 /);
  client.socket.end();
  await stopped;
  await until(() => rig.upstream.connections[0]?.hasEnded === true);
});

await t.test('a thousand clients that leave in the middle of it leave nothing behind', async (t) => {
  const rig = await startTunnel(t, (end) => {
    // Every third agrees when its client may be gone already.
    if (rig.upstream.connections.length % 3 === 0) setTimeout(() => end.write(SWITCHING), 2);
  });
  const sockets = openSockets();
  for (let batch = 1; batch <= 20; batch += 1) {
    const clients = Array.from({ length: 50 }, () => connectRaw(t, rig.port, offerTo('/x')));
    await until(() => rig.upstream.connections.length >= batch * 50, 10_000);
    for (const [index, { socket }] of clients.entries()) {
      if (index % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    // A client that only said its last word may still wait for the answer, for five seconds.
    await until(() => {
      rig.clock.advance(1_000);
      return rig.upstream.open() === 0;
    }, 10_000);
  }
  t.equal(rig.upstream.connections.length, 1_000);
  t.equal(await tunnelsOpen(rig), 0);
  t.equal(await gauge(rig, 'portico_connections'), 0);
  for (const { socket } of rig.upstream.connections) socket.destroy();
  await until(() => openSockets() <= sockets + 2);
  t.pass('but for the one that asked for the metrics');
});

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
