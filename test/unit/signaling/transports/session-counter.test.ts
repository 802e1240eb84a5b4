// How many Socket.IO sessions there are, in all and of one address, and that what ends is counted out again.

import t from 'tap';

import { SessionCounter } from '../../../../src/signaling/transports/session-counter.ts';

await t.test('sessions are counted in all, and by address where there is one', async (t) => {
  const counter = new SessionCounter({ sessions: 4, sessionsPerAddress: 2 });
  counter.add('192.0.2.1');
  counter.add('192.0.2.1');
  t.equal(counter.hasRoomFor('192.0.2.1'), false);
  t.equal(counter.hasRoomFor('192.0.2.2'), true);
  counter.add(undefined);
  t.equal(counter.hasRoomFor(undefined), true, 'who has no address is counted in all only');
  counter.add(undefined);
  t.equal(counter.hasRoomFor('192.0.2.2'), false);
  t.equal(counter.hasRoomFor(undefined), false);
  counter.remove('192.0.2.1');
  t.equal(counter.hasRoomFor('192.0.2.1'), true);
  for (const address of ['192.0.2.1', undefined, undefined]) counter.remove(address);
  t.equal(counter.total, 0);
});
