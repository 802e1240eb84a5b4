// Who is told that a call is recorded: everybody in it who asked for such news, also who comes later; nobody else.

import t from 'tap';

import type { CallId } from '../../../src/matrix/ids.ts';
import { settle, startHub, userId, type NativeClient, type TestHub } from '../../harness/hub.ts';

const CAPS = { caps: ['recording'] };

async function note(test: TestHub, callId: string, name: string, isOn: boolean): Promise<void> {
  await test.service.command(callId as CallId, { type: 'note-recording', userId: userId(name), isOn });
  await settle();
}

function heard(client: NativeClient): readonly unknown[] {
  return client.of('recording-started', 'recording-stopped').map((frame) => [frame['type'], frame['userId']]);
}

const started = (name: string) => ['recording-started', userId(name)];
const stopped = (name: string) => ['recording-stopped', userId(name)];

await t.test('everybody in the call who asked for it hears of both ends, once', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob', 'PHONE', CAPS);
  const unchanged = await test.register('carol');
  const callId = await alice.dial();
  await bob.ask('answer', { callId });
  await unchanged.ask('answer', { callId });
  await note(test, callId, 'bob', true);
  t.match(alice.of('recording-started'), [{ callId, userId: userId('bob') }]);
  await note(test, callId, 'bob', false);
  for (const client of [alice, bob]) t.same(heard(client), [started('bob'), stopped('bob')]);
  t.same(heard(unchanged), [], 'a client that did not ask hears nothing');
});

await t.test('who only rings hears nothing, and who comes later what goes on then', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob', 'PHONE', CAPS);
  const carol = await test.register('carol', 'PHONE', CAPS);
  const callId = await alice.dial();
  await bob.ask('answer', { callId });
  await note(test, callId, 'alice', true);
  await note(test, callId, 'bob', true);
  await note(test, callId, 'bob', false);
  t.same(heard(carol), []);
  await carol.ask('answer', { callId });
  t.same(heard(carol), [started('alice')]);
  await carol.ask('join-call', { callId });
  t.same(heard(carol), [started('alice'), started('alice')], 'and again when it asks to join');
});

await t.test('who had joined before it answered is told when it answers', async (t) => {
  const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
  const alice = await test.register('alice', 'PHONE', CAPS);
  const bob = await test.register('bob', 'PHONE', CAPS);
  const carol = await test.register('carol', 'PHONE', CAPS);
  const callId = await alice.dial();
  await carol.ask('join-call', { callId });
  await bob.ask('answer', { callId });
  await note(test, callId, 'bob', true);
  t.same(heard(carol), [], 'it only rings');
  await carol.ask('answer', { callId });
  t.same(heard(carol), [started('bob')]);
});

await t.test(
  'a device that comes back on a new session is told again, one that resumes is not',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice', 'PHONE', CAPS);
    const bob = await test.register('bob', 'PHONE', CAPS);
    const callId = await alice.dial();
    await bob.ask('answer', { callId });
    await note(test, callId, 'alice', true);
    bob.socket.cut();
    await settle();
    const resume = { token: bob.resumeToken, seq: bob.lastSeq };
    const back = await test.register('bob', 'PHONE', { ...CAPS, resume });
    t.same(heard(back), []);
    back.socket.cut();
    await settle();
    const anew = await test.register('bob', 'PHONE', CAPS);
    await anew.ask('join-call', { callId });
    t.same(heard(anew), [started('alice')]);
  },
);

await t.test(
  'who has left hears no more of it, and the end of the call ends it without a word',
  async (t) => {
    const test = startHub(t, { members: ['alice', 'bob', 'carol'] });
    const alice = await test.register('alice', 'PHONE', CAPS);
    const bob = await test.register('bob', 'PHONE', CAPS);
    const carol = await test.register('carol', 'PHONE', CAPS);
    const callId = await alice.dial();
    for (const client of [bob, carol]) await client.ask('answer', { callId });
    await note(test, callId, 'bob', true);
    await bob.ask('leave-call', { callId });
    await note(test, callId, 'bob', false);
    t.same(heard(bob), [started('bob')]);
    t.same(heard(alice), [started('bob'), stopped('bob')]);
    await note(test, callId, 'alice', true);
    await alice.ask('end', { callId });
    await note(test, callId, 'alice', false);
    t.same(heard(carol), [started('bob'), stopped('bob'), started('alice')]);
    t.equal(carol.told.at(-1), 'call-ended');
  },
);
