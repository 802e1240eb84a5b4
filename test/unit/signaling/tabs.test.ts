// Tabs of one device, and rings that race: who is told that it is over must not ring, and rings once.

import t from 'tap';

import type { CallId, DeviceId } from '../../../src/matrix/ids.ts';
import { ROOM } from '../../contract/calls.ts';
import { OFFER, pass, settle, startHub, userId, type NativeClient, type TestHub } from '../../harness/hub.ts';

const CAPS = { caps: ['call-ringing', 'peer-reconnecting', 'ice-servers-updated'] };

interface Ringing {
  readonly alice: NativeClient;
  readonly bob: NativeClient;
  readonly laptop: NativeClient;
  readonly callId: string;
}

/** Alice has called bob, who has two devices. */
async function ring(test: TestHub): Promise<Ringing> {
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob', 'PHONE', CAPS);
  const laptop = await test.register('bob', 'LAPTOP', CAPS);
  const callId = await alice.dial();
  return { alice, bob, laptop, callId };
}

await t.test(
  'two tabs of one device: one answers, the other stops, and hears of the end only once',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await ring(test);
    const tab = await test.register('bob');
    await bob.ask('answer', { callId });
    t.strictSame(tab.told, ['incoming-call', 'call-ended']);
    t.match(tab.of('call-ended')[0], { reason: 'answered_elsewhere' });
    await alice.ask('end', { callId });
    t.strictSame(tab.told, ['incoming-call', 'call-ended'], 'once');
    t.strictSame(bob.told, ['incoming-call', 'call-ended']);
    t.match(bob.of('call-ended')[0], { reason: 'hangup' });
  },
);

await t.test('two tabs of one device: one rejects or hangs up, the other stops ringing', async (t) => {
  for (const request of ['reject', 'end', 'leave-call']) {
    const test = startHub(t);
    const { bob, callId } = await ring(test);
    const tab = await test.register('bob');
    await bob.ask(request, { callId });
    t.strictSame(tab.told, ['incoming-call', 'call-ended'], request);
    t.match(tab.of('call-ended')[0], { reason: 'declined_elsewhere' });
    t.strictSame(bob.told, ['incoming-call'], request);
  }
});

await t.test('a tab that was told that another answered gets none of its negotiation', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await ring(test);
  const tab = await test.register('bob');
  await bob.ask('answer', { callId });
  bob.socket.cut();
  await pass(test.clock, 2_000);
  alice.send('webrtc-offer', { callId, offer: OFFER });
  await settle();
  t.strictSame(tab.of('webrtc-offer'), []);
  const back = await test.register('bob', 'PHONE', {
    resume: { token: bob.resumeToken, seq: bob.lastSeq },
  });
  t.strictSame(back.told, ['webrtc-offer']);
});

await t.test('a ring that is answered or cancelled before it could be sent is not sent', async (t) => {
  for (const type of ['end', 'answer'] as const) {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.register('bob');
    const laptop = await test.register('bob', 'LAPTOP');
    test.gate.hold('replaceCall');
    const callId = await alice.dial();
    t.equal(test.gate.held, 1, 'the ledger is being stored');
    const device = type === 'end' ? { userId: userId('alice') } : { userId: userId('bob') };
    const done = test.service.command(callId as CallId, { type, ...device, deviceId: 'PHONE' as DeviceId });
    await settle();
    test.gate.release();
    await done;
    await settle();
    t.strictSame(bob.of('incoming-call'), [], type);
    t.strictSame(laptop.of('incoming-call'), [], type);
  }
});

await t.test('a store that is out of order rings late, not never', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.register('bob');
  test.gate.hold('insertCall');
  alice.send('initiate', { roomId: ROOM, callType: 'video' });
  await settle();
  test.gate.isFailing = true;
  test.gate.release();
  await settle();
  t.strictSame(bob.told, []);
  await pass(test.clock, 1_000);
  t.strictSame(bob.told, []);
  test.gate.isFailing = false;
  await pass(test.clock, 1_000);
  t.strictSame(bob.told, ['incoming-call']);
});
