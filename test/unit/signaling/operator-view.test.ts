// What operators see of sockets, and how a device is sent away: all of its sockets, with its place in a call kept.

import t from 'tap';

import { connectedSocket, disconnectDevice } from '../../../src/signaling/operator-view.ts';
import { settle, startHub, type TestHub } from '../../harness/hub.ts';

function shown({ hub }: TestHub) {
  return [...hub.connected].flatMap((session) => connectedSocket(session) ?? []);
}

await t.test('sockets are shown with who is behind them, as far as that is known', async (t) => {
  const test = startHub(t);
  await test.register('alice');
  test.connect({ clientAddress: '192.0.2.9' });
  t.match(shown(test), [
    {
      dialect: 'native',
      userId: '@alice:example.org',
      deviceId: 'PHONE',
      trust: 'verified',
      clientAddress: '192.0.2.1',
      callIds: [],
    },
    { userId: undefined, deviceId: undefined, trust: 'none', clientAddress: '192.0.2.9' },
  ]);
  t.notMatch(JSON.stringify(shown(test)), /alice\.PHONE/, 'no token is');
});

await t.test('every socket of a device is told to come back, and no other', async (t) => {
  const test = startHub(t);
  const tabs = [await test.register('alice'), await test.register('alice')];
  const others = [await test.register('alice', 'LAPTOP'), await test.register('bob')];
  const [first] = shown(test);
  t.equal(disconnectDevice(test.hub.connected, first?.sessionId ?? ''), 2);
  for (const { socket } of tabs)
    t.match(socket.closedWith, { code: 1012, reason: /^Disconnected by the operator/ });
  for (const { socket } of others) t.equal(socket.closedWith, undefined);
  await settle();
  t.equal(shown(test).length, 2);
});

await t.test('one that has not said who it is goes alone, and an unknown one is none', async (t) => {
  const test = startHub(t);
  const [one, two] = [test.connect(), test.connect()];
  const [first] = shown(test);
  t.equal(disconnectDevice(test.hub.connected, first?.sessionId ?? ''), 1);
  t.ok(one.socket.closedWith);
  t.equal(two.socket.closedWith, undefined);
  t.equal(disconnectDevice(test.hub.connected, 'unknown'), 0);
  t.equal(disconnectDevice(test.hub.connected, ''), 0);
});
