// What a peer may do to one socket: how fast it may speak, how many frames may be wrong, and how little it may read.

import t from 'tap';

import { pass, settle, startHub, userId } from '../../harness/hub.ts';
import { FrameRate } from '../../../src/signaling/frame-rate.ts';
import type { CallId } from '../../../src/matrix/ids.ts';

await t.test('a socket that speaks too often is closed, and nothing of it is heard after that', async (t) => {
  const test = startHub(t, { framesPerSecond: 4 });
  const client = await test.register('bob');
  for (let n = 0; n < 19; n += 1) client.send('ping');
  t.equal(client.of('pong').length, 19, 'five seconds at once');
  t.ok(client.socket.isOpen);
  client.send('ping');
  client.send('ping');
  t.equal(client.code, 4008);
  t.equal(client.of('pong').length, 19);
  t.strictSame(test.dropped, ['SIGNALING_RATE_EXCEEDED'], 'counted once');
  await settle();
  const back = await test.register('bob', 'PHONE', { resume: { token: client.resumeToken, seq: 0 } });
  t.strictSame(back.of('error'), [], 'its session may be resumed');
});

await t.test('one that keeps to its rate may speak for ever', (t) => {
  const rate = new FrameRate(10);
  let refused = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 100) if (!rate.admit(nowMs)) refused += 1;
  t.equal(refused, 0);
  for (let n = 0; n < 50; n += 1) rate.admit(60_000);
  t.notOk(rate.admit(60_000));
  t.ok(rate.admit(60_100));
  t.notOk(rate.admit(60_100));
  t.end();
});

await t.test('what is no JSON object closes the socket at once', async (t) => {
  for (const text of ['', '[]', '"text"', 'null', '{', '1']) {
    const test = startHub(t);
    const client = test.connect();
    client.socket.push(text);
    await settle();
    t.equal(client.code, 4002, text);
    t.strictSame(test.dropped, ['FRAME_MALFORMED']);
  }
});

await t.test(
  'a request with a defect is refused, and only one after another without end closes the socket',
  async (t) => {
    const test = startHub(t);
    const client = await test.register('bob');
    for (let n = 0; n < 20; n += 1) client.send('no-such-thing');
    t.equal(client.of('error').length, 20);
    client.send('ping');
    for (let n = 0; n < 20; n += 1) client.send('join-call', { callId: 'short' });
    t.ok(client.socket.isOpen, 'one good frame begins the count anew');
    t.match(await client.ask('toggle-audio', { callId: 'a'.repeat(32) }), { code: 'FRAME_MALFORMED' });
    await settle();
    t.equal(client.code, 4002);
  },
);

await t.test(
  'a reader that does not read is cut off, and its session can be resumed without a loss',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.register('bob');
    const callId = await alice.dial();
    await bob.ask('answer', { callId });
    const seen = bob.lastSeq;
    bob.socket.bufferedBytes = 1024 * 1024 + 1;
    const toggle = (isEnabled: boolean) =>
      test.service.command(callId as CallId, {
        type: 'toggle',
        userId: userId('alice'),
        medium: 'audio',
        isEnabled,
      });
    await toggle(false);
    t.equal(bob.socket.closedWith?.code, 4010);
    await toggle(true);
    t.strictSame(test.dropped, ['READER_TOO_SLOW'], 'counted once');
    const back = await test.register('bob', 'PHONE', { resume: { token: bob.resumeToken, seq: seen } });
    t.strictSame(back.told, ['audio-toggled', 'audio-toggled']);
    t.strictSame(
      back.of('audio-toggled').map(({ seq }) => seq),
      [seen + 1, seen + 2],
    );
  },
);

await t.test(
  'a Socket.IO reader that does not read finds what was not written at its next socket',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.registerSocketIo('bob');
    const callId = await alice.dial();
    await bob.ask('answer', { callId });
    bob.socket.bufferedBytes = 1024 * 1024 + 1;
    await alice.ask('end', { callId });
    t.equal(bob.socket.closedWith?.code, 4010);
    t.strictSame(bob.of('call-ended'), []);
    t.strictSame((await test.registerSocketIo('bob')).told, ['call-ended']);
  },
);

await t.test(
  'a heartbeat says nothing to the hub, and an answer to a socket that is gone is not sent',
  async (t) => {
    const test = startHub(t);
    const client = await test.register('bob');
    test.gate.hold('findCall');
    client.send('end', { callId: 'a'.repeat(32), id: 1 });
    await settle();
    const count = client.frames.length;
    client.socket.cut();
    test.gate.release();
    await pass(test.clock, 1_000);
    t.equal(client.frames.length, count);
    t.strictSame(test.failures, []);
  },
);
