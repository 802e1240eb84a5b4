// What doors and sockets tell of clients that could not stay: what an ordinary request shows, and whose socket it was.

import t from 'tap';

import type { UserId } from '../../../src/matrix/ids.ts';
import { clueOfRequest, createConnectionWatch } from '../../../src/observe/connection-watch.ts';
import type { Arrival } from '../../../src/signaling/transport.ts';
import { TestClock } from '../../harness/test-clock.ts';

const WITH_KEY = ['Host', 'a', 'Sec-WebSocket-Key', 'x'];
const isSocketPath = (path: string): boolean => path === '/';

function clue(path: string, status: number, rawHeaders: readonly string[] = [], method = 'GET') {
  const [bare = '', query] = path.split('?');
  return clueOfRequest({ method, path: bare, query, rawHeaders }, status, isSocketPath);
}

await t.test('an ordinary request shows what became of a wish for a socket', async (t) => {
  t.equal(clue('/', 404, WITH_KEY), 'upgrade', 'a proxy took the Upgrade away');
  t.equal(clue('/anything', 200, WITH_KEY), 'upgrade');
  t.equal(
    clue('/_matrix/socket', 404, [...WITH_KEY, 'Upgrade', 'websocket']),
    'path',
    'Synapse has no sockets',
  );
  t.equal(clue('/', 308, [...WITH_KEY, 'Upgrade', 'websocket']), 'scheme', 'plain HTTP is led to TLS');
  t.equal(clue('/', 404), 'plain');
  t.equal(clue('/call/socket.io/?EIO=4&transport=polling', 404), 'path');
  t.equal(clue('/socket.io/?EIO=4&transport=polling', 403), 'origin');
});

await t.test('most requests show nothing of sockets', async (t) => {
  t.equal(clue('/', 200), undefined);
  t.equal(clue('/nothing', 404), undefined);
  t.equal(clue('/', 404, [], 'POST'), undefined);
  t.equal(clue('/socket.io/?EIO=4&transport=polling', 200), undefined);
  t.equal(clue('/socket.io/?EIO=4&transport=polling', 400), undefined);
});

await t.test('a socket is put down to its user once that is known, and to its address before', async (t) => {
  const watch = createConnectionWatch(
    {
      threshold: 2,
      socketPaths: ['/'],
      trustedProxies: { has: () => false },
      clock: new TestClock(),
      onNamed: () => undefined,
    },
    isSocketPath,
  );
  t.teardown(() => watch.stop());
  for (let n = 0; n < 3; n += 1) {
    const arrival: Arrival = {
      clientAddress: '192.0.2.7',
      isAddressUsable: true,
      origin: '',
      token: undefined,
    };
    if (n > 0) watch.identified(arrival, '@alice:example.org' as UserId);
    watch.socketEnded({ arrival, path: '/', lifetimeMs: 10, code: 4009, isDead: false });
    watch.socketEnded({ arrival: { ...arrival }, path: '/', lifetimeMs: 10, code: 1012, isDead: false });
  }
  t.strictSame(watch.loops, [], 'one end of nobody, two of Alice, and none of our own doing');
  watch.handshakeFailed('ERR_SSL_HTTP_REQUEST', undefined);
  for (let n = 0; n < 3; n += 1) watch.handshakeFailed('ERR_SSL_HTTP_REQUEST', '192.0.2.9');
  for (let n = 0; n < 3; n += 1) watch.unreadable('192.0.2.10');
  t.match(watch.loops, [
    { address: '192.0.2.10', path: '(before any request)', cause: 'scheme' },
    { address: '192.0.2.9', path: '(before any request)', cause: 'scheme' },
  ]);
});
