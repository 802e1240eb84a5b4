// What has to be looked for from time to time: revoked tokens, calls without sockets, credentials that expire; and the drain.

import t from 'tap';

import { LIMITS } from '../../harness/call-service.ts';
import {
  ICE_TTL_MS,
  pass,
  settle,
  startHub,
  userId,
  type NativeClient,
  type TestHub,
} from '../../harness/hub.ts';
import type { CallId } from '../../../src/matrix/ids.ts';

const CAPS = { caps: ['ice-servers-updated'] };
const SWEEP_MS = 10_000;

async function talk(test: TestHub): Promise<{ alice: NativeClient; bob: NativeClient; callId: string }> {
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob');
  const callId = await alice.dial();
  await bob.ask('answer', { callId });
  return { alice, bob, callId };
}

async function stateOf(test: TestHub, callId: string): Promise<string> {
  const call = await test.store.findCall(callId as CallId);
  return call?.state === 'ended' ? call.endReason : (call?.state ?? 'none');
}

await t.test('a revoked token closes its sockets, without a grace, and no others', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  const laptop = await test.register('bob', 'LAPTOP');
  test.homeserver.revoked.add('bob.PHONE');
  await pass(test.clock, SWEEP_MS);
  t.equal(bob.code, 4003);
  t.ok(laptop.socket.isOpen);
  t.ok(alice.socket.isOpen);
  t.match(alice.of('call-ended'), [{ callId, reason: 'token_revoked', endedBy: 'system' }]);
  const back = await test.register('bob', 'LAPTOP', { resume: { token: bob.resumeToken, seq: 0 } });
  t.match(back.of('error'), [{ code: 'RESUME_REJOIN' }]);
});

await t.test('a revoked token stops its phone ringing in the call, and the others ring on', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const phone = await test.register('bob');
  const laptop = await test.register('bob', 'LAPTOP');
  const callId = await alice.dial();
  test.homeserver.revoked.add('bob.PHONE');
  await pass(test.clock, SWEEP_MS);
  t.equal(phone.code, 4003);
  t.match(await laptop.ask('answer', { callId }), { ok: true });
});

await t.test('a homeserver that cannot say revokes nobody', async (t) => {
  const test = startHub(t);
  const { alice, bob } = await talk(test);
  test.homeserver.isDown = true;
  await pass(test.clock, 60_000, SWEEP_MS);
  t.ok(alice.socket.isOpen);
  t.ok(bob.socket.isOpen);
});

await t.test(
  'a token is found revoked and its place is left, though the store is out of order meanwhile',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    test.homeserver.revoked.add('bob.PHONE');
    test.gate.isFailing = true;
    await pass(test.clock, SWEEP_MS + 3_000, 1_000);
    t.equal(bob.code, 4003);
    t.strictSame(alice.of('call-ended'), []);
    test.gate.isFailing = false;
    await pass(test.clock, 1_000);
    t.match(alice.of('call-ended'), [{ reason: 'token_revoked' }]);
    t.equal(await stateOf(test, callId), 'token_revoked');
  },
);

await t.test(
  'a call in which nobody has a socket ends after five minutes, one with a socket does not',
  async (t) => {
    const test = startHub(t, { members: ['alice', 'bob', 'carol'], limits: { graceMs: 3_600_000 } });
    const { alice, bob, callId } = await talk(test);
    alice.socket.cut();
    await pass(test.clock, 600_000, SWEEP_MS);
    t.equal(await stateOf(test, callId), 'active', 'bob is there');
    bob.socket.cut();
    // The sessions wait for their clients before anything else.
    await pass(test.clock, LIMITS.graceMs + 300_000 - SWEEP_MS, SWEEP_MS);
    t.equal(await stateOf(test, callId), 'active');
    await pass(test.clock, 2 * SWEEP_MS, SWEEP_MS);
    t.equal(await stateOf(test, callId), 'orphaned');
  },
);

await t.test('a store that is out of order does not keep a sweep from the next', async (t) => {
  const test = startHub(t, { limits: { graceMs: 3_600_000 } });
  const { alice, bob, callId } = await talk(test);
  alice.socket.cut();
  bob.socket.cut();
  await settle();
  test.gate.isFailing = true;
  await pass(test.clock, LIMITS.graceMs + 300_000, SWEEP_MS);
  test.gate.isFailing = false;
  await pass(test.clock, 2 * SWEEP_MS, SWEEP_MS);
  t.equal(await stateOf(test, callId), 'orphaned');
});

await t.test('a drain sends every socket away with 1012, one after another, and tells no call', async (t) => {
  const test = startHub(t);
  const { alice, bob, callId } = await talk(test);
  const page = test.connectSocketIo();
  const more: NativeClient[] = [];
  for (let n = 0; n < 20; n += 1) more.push(await test.register('bob', `DEVICE${n}`));
  const before = test.committed.length;
  test.setDraining();
  test.hub.drain();
  t.match(await bob.ask('initiate', { roomId: '!room:example.org', callType: 'voice' }), {
    code: 'GATEWAY_DRAINING',
  });
  await pass(test.clock, 200, 20);
  t.ok(
    more.some(({ socket }) => socket.isOpen),
    'not all at once',
  );
  const late = test.connect();
  await settle();
  t.equal(late.code, 1012);
  await pass(test.clock, 2_000, 100);
  for (const client of [alice, bob, ...more]) t.equal(client.code, 1012);
  t.equal(page.socket.closedWith?.code, 1012);
  await pass(test.clock, LIMITS.graceMs, 1_000);
  t.equal(await stateOf(test, callId), 'active');
  t.equal(test.committed.length, before);
  t.strictSame(alice.of('call-ended'), []);
});

await t.test('a drain with a store out of order leaves no timer that tries for ever', async (t) => {
  const test = startHub(t);
  const { alice, bob } = await talk(test);
  test.gate.isFailing = true;
  bob.socket.cut();
  await test.register('bob', 'LAPTOP');
  await settle();
  test.setDraining();
  test.hub.drain();
  alice.socket.cut();
  test.service.stop();
  await pass(test.clock, 10_000, 1_000);
  t.equal(test.clock.pending, 0);
});

await t.test(
  'a phone in a call gets new credentials before its own expire, if it asked for them',
  async (t) => {
    const test = startHub(t);
    const { alice, bob, callId } = await talk(test);
    const idle = await test.register('alice', 'LAPTOP', CAPS);
    await pass(test.clock, ICE_TTL_MS / 2 - 1, 10_000);
    t.strictSame(alice.of('ice-servers-updated'), []);
    await pass(test.clock, 1);
    t.match(alice.of('ice-servers-updated'), [{ ttl: 600, iceServers: [{ urls: ['turn:example.org'] }] }]);
    await pass(test.clock, ICE_TTL_MS / 2, 10_000);
    t.equal(alice.of('ice-servers-updated').length, 2, 'and again');
    t.strictSame(bob.of('ice-servers-updated'), []);
    t.strictSame(idle.of('ice-servers-updated'), [], 'nor one that is in no call');
    await alice.ask('end', { callId });
    await pass(test.clock, ICE_TTL_MS, 10_000);
    t.equal(alice.of('ice-servers-updated').length, 2);
  },
);

await t.test('a socket that goes and comes back while it asks for credentials gets them once', async (t) => {
  const test = startHub(t);
  const { alice } = await talk(test);
  let last = alice;
  for (let n = 0; n < 5; n += 1) {
    last.socket.cut();
    const resume = { token: last.resumeToken, seq: 0 };
    last = test.connect();
    last.send('register-user', { accessToken: 'alice.PHONE', ...CAPS, resume });
    for (let turn = 0; turn < 50 && last.of('registered').length === 0; turn += 1) await Promise.resolve();
    t.equal(last.of('registered').length, 1);
  }
  await pass(test.clock, ICE_TTL_MS / 2, 10_000);
  t.equal(last.of('ice-servers-updated').length, 1);
});

await t.test('a call that was loaded at the start is known to those who come back to it', async (t) => {
  const test = startHub(t);
  const { callId, alice, bob } = await talk(test);
  alice.socket.cut();
  bob.socket.cut();
  const again = startHub(t);
  const call = await test.store.findCall(callId as CallId);
  t.ok(call);
  if (call !== undefined) again.hub.start([call]);
  const back = await again.register('alice', 'PHONE', { resume: { token: alice.resumeToken, seq: 3 } });
  t.match(back.of('error'), [{ code: 'RESUME_REJOIN' }]);
  t.match(await back.ask('join-call', { callId }), { ok: true });
  t.equal(
    again.hub.apiCallers.deviceIn(callId as CallId, { userId: userId('alice'), clientAddress: '::1' }),
    undefined,
  );
});
