// Sockets that cannot be resumed: what happened while one was away is handed to the next of the same device and kind.

import t from 'tap';

import type { CallId, DeviceId } from '../../../src/matrix/ids.ts';
import { startHub, userId } from '../../harness/hub.ts';

function toggled(isEnabled: boolean) {
  return { type: 'toggle', userId: userId('alice'), medium: 'audio', isEnabled } as const;
}

await t.test(
  'Socket.IO: what happened while a socket was away is handed to the next, in order and once',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.registerSocketIo('bob');
    const callId = await alice.dial();
    await bob.ask('answer', { callId });
    bob.socket.cut();
    await alice.ask('toggle-audio', { callId, enabled: false });
    await alice.ask('toggle-audio', { callId, enabled: true });
    await alice.ask('end', { callId });
    const laptop = await test.registerSocketIo('bob', 'LAPTOP');
    t.strictSame(laptop.told, []);
    const native = await test.register('bob');
    t.strictSame(native.told, [], 'another kind of client is not the same');
    const back = await test.registerSocketIo('bob');
    t.strictSame(back.told, ['audio-toggled', 'audio-toggled', 'call-ended']);
    t.strictSame((await test.registerSocketIo('bob')).told, []);
  },
);

await t.test(
  'Socket.IO: however much happened, the end of the call is among what is handed on',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.registerSocketIo('bob');
    const callId = await alice.dial();
    await bob.ask('answer', { callId });
    bob.socket.cut();
    for (let n = 0; n < 300; n += 1) await test.service.command(callId as CallId, toggled(n % 2 === 1));
    await alice.ask('end', { callId });
    const back = await test.registerSocketIo('bob');
    t.equal(back.told.at(-1), 'call-ended');
    t.ok(back.told.length <= 256);
  },
);

await t.test(
  'Socket.IO: a ring that ended while the socket was away is not rung, one that goes on is',
  async (t) => {
    const test = startHub(t);
    const alice = await test.register('alice');
    const bob = await test.registerSocketIo('bob');
    const callId = await alice.dial();
    bob.socket.cut();
    const back = await test.registerSocketIo('bob');
    t.strictSame(back.told, ['incoming-call']);
    back.socket.cut();
    await alice.ask('end', { callId });
    t.strictSame((await test.registerSocketIo('bob')).told, ['call-ended']);
  },
);

for (const kind of ['Socket.IO', 'native'] as const) {
  await t.test(
    `${kind}: whoever answers in place of a socket that is lost is in the call, not out of it`,
    async (t) => {
      const test = startHub(t);
      const alice = await test.register('alice');
      const open = () => (kind === 'native' ? test.register('bob') : test.registerSocketIo('bob'));
      const lost = await open();
      const callId = await alice.dial();
      // A page that is loaded anew: the new socket is there before the old one is gone.
      const back = await open();
      lost.socket.cut();
      t.match(await back.ask('answer', { callId }), { ok: true });
      t.notOk(back.told.includes('call-ended'), back.told.join());
      await alice.ask('end', { callId });
      t.equal(back.told.filter((type) => type === 'call-ended').length, 1);
    },
  );
}

await t.test('Socket.IO: a call screen that comes back has what it missed, its phone does not', async (t) => {
  const test = startHub(t);
  const alice = await test.register('alice');
  const bob = await test.registerSocketIo('bob');
  const callId = await alice.dial();
  await test.service.command(callId as CallId, {
    type: 'answer',
    userId: userId('bob'),
    deviceId: 'PHONE' as DeviceId,
  });
  const screen = test.connectSocketIo();
  const join = { callId, accessToken: 'bob.PHONE' };
  t.match(await screen.ask('join-call', join), { ok: true });
  screen.socket.cut();
  await alice.ask('toggle-audio', { callId, enabled: false });
  const back = test.connectSocketIo();
  await back.ask('join-call', join);
  t.equal(back.of('audio-toggled').length, 1);
  t.equal(bob.of('audio-toggled').length, 0);
  await alice.ask('end', { callId });
  t.equal(back.of('call-ended').length, 1);
  t.equal(bob.of('call-ended').length, 1);
});
