// The public entry: one object for each homeserver and user, and what cannot be a homeserver.

import t from 'tap';

import { connect, PorticoError } from '../../../client/index.ts';

t.before(() => {
  t.intercept(globalThis, 'fetch', { value: () => Promise.reject(new TypeError('no network in this test')) });
});

const getToken = (): string => 'token';

await t.test('one connection, however often it is asked for', async (t) => {
  const one = connect({ homeserver: 'https://example.org', accessToken: 'a' });
  const other = connect({ homeserver: 'https://example.org', accessToken: 'b' });
  const elsewhere = connect({ homeserver: 'https://example.net', accessToken: 'a' });
  const asking = connect({ homeserver: 'https://example.org', getToken });
  t.equal(connect({ homeserver: 'https://example.org/', accessToken: 'a' }), one);
  t.equal(connect({ homeserver: 'https://example.org', getToken }), asking);
  t.equal(new Set([one, other, elsewhere, asking]).size, 4);
  one.close();
  const again = connect({ homeserver: 'https://example.org', accessToken: 'a' });
  t.not(again, one, 'until it is closed');
  for (const portico of [other, elsewhere, asking, again]) portico.close();
  t.match(
    [one, other, elsewhere, asking, again],
    Array.from({ length: 5 }, () => ({ state: 'idle' })),
  );
});

await t.test('what is no homeserver is told at once', async (t) => {
  for (const homeserver of ['', 'example.org', 'ftp://example.org', '/matrix'])
    t.throws(() => connect({ homeserver, accessToken: 'a' }), {
      name: 'PorticoError',
      code: 'HOMESERVER_INVALID',
    });
  t.ok(new PorticoError('CODE', 'text') instanceof Error);
});
