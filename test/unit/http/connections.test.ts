// Connection limits, in all and by address, and that what was taken in is given back.

import t from 'tap';

import { ConnectionCounter } from '../../../src/http/connections.ts';

await t.test('an address gets no more connections than its limit', async (t) => {
  const counter = new ConnectionCounter({ connections: 100, connectionsPerAddress: 2 });
  t.equal(counter.admit('192.0.2.1'), undefined, 'first');
  t.equal(counter.admit('192.0.2.1'), undefined, 'second');
  t.equal(counter.admit('192.0.2.1'), 'ADDRESS_CONNECTIONS_EXCEEDED', 'third');
  t.equal(counter.admit('192.0.2.2'), undefined, 'another address has its own');
  t.equal(counter.total, 3, 'the refused one is not counted');
  counter.release('192.0.2.1');
  t.equal(counter.admit('192.0.2.1'), undefined, 'one that closed makes room');
});

await t.test('all together get no more connections than their limit, trusted proxies included', async (t) => {
  const counter = new ConnectionCounter({ connections: 3, connectionsPerAddress: 2 });
  for (const address of ['192.0.2.1', undefined, undefined]) t.equal(counter.admit(address), undefined);
  t.equal(counter.admit('192.0.2.2'), 'CONNECTIONS_EXCEEDED', 'an address that has none yet');
  t.equal(counter.admit(undefined), 'CONNECTIONS_EXCEEDED', 'a proxy');
  counter.release(undefined);
  t.equal(counter.admit('192.0.2.2'), undefined, 'one that closed makes room');
  t.equal(counter.total, 3, 'total');
});

await t.test('peers that stand for many clients are counted in all only', async (t) => {
  const counter = new ConnectionCounter({ connections: 1000, connectionsPerAddress: 1 });
  for (let i = 0; i < 1000; i += 1) counter.admit(undefined);
  t.equal(counter.total, 1000);
});

await t.test('counts return to nothing after any order of coming and going', async (t) => {
  const counter = new ConnectionCounter({ connections: 1000, connectionsPerAddress: 5 });
  const addresses = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? undefined : `192.0.2.${i % 60}`));
  for (const address of addresses) t.equal(counter.admit(address), undefined, 'taken in');
  for (const address of addresses.toReversed()) counter.release(address);
  t.equal(counter.total, 0, 'none are left');
  for (let i = 0; i < 5; i += 1)
    t.equal(counter.admit('192.0.2.1'), undefined, 'and each address has its limit again');
  t.equal(counter.admit('192.0.2.1'), 'ADDRESS_CONNECTIONS_EXCEEDED', 'but no more');
});
