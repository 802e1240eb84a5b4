// The documents under /.well-known/matrix/, for every origin, with and without the operator's members.

import t from 'tap';

import { clientDocument, serverDocument, type JsonObject } from '../../../src/discovery/well-known.ts';

await t.test('clients are sent to the origin that they asked', async (t) => {
  for (const origin of ['http://127.0.0.1:3000', 'https://chat.test', 'http://[::1]:3000']) {
    t.same(clientDocument(origin, {}), { 'm.homeserver': { base_url: origin } }, origin);
  }
});

await t.test('servers are sent to the same authority, always with a port', async (t) => {
  const rows: readonly [origin: string, server: string, why: string][] = [
    ['https://chat.test', 'chat.test:443', 'the port of TLS, or they would try 8448'],
    ['https://chat.test:8448', 'chat.test:8448', 'a port of its own'],
    ['https://chat.test:80', 'chat.test:80', 'the port of plain HTTP, under TLS'],
    ['http://chat.test', 'chat.test:443', 'TLS ends in front of us unannounced'],
    ['http://chat.test:443', 'chat.test:443', 'the port of TLS, unannounced'],
    ['http://127.0.0.1:3000', '127.0.0.1:3000', 'IPv4'],
    ['http://[::1]:3000', '[::1]:3000', 'IPv6 with a port'],
    ['https://[2001:db8::1]', '[2001:db8::1]:443', 'IPv6 without'],
    ['https://CHAT.test', 'chat.test:443', 'capitals'],
  ];
  for (const [origin, server, why] of rows) t.same(serverDocument(origin, {}), { 'm.server': server }, why);
});

await t.test("the operator's members stand beside ours, or in their place", async (t) => {
  const focus = {
    'org.matrix.msc4143.rtc_foci': [{ type: 'livekit', livekit_service_url: 'https://rtc.test' }],
  };
  const rows: readonly [extra: JsonObject, expected: JsonObject, why: string][] = [
    [focus, { 'm.homeserver': { base_url: 'https://chat.test' }, ...focus }, 'beside'],
    [
      { 'm.homeserver': { base_url: 'https://other.test' } },
      { 'm.homeserver': { base_url: 'https://other.test' } },
      'in place',
    ],
  ];
  for (const [extra, expected, why] of rows)
    t.same(clientDocument('https://chat.test', extra), expected, why);
  const delegated = serverDocument('https://chat.test', { 'm.server': 'matrix.test:8448' });
  t.same(delegated, { 'm.server': 'matrix.test:8448' }, 'a server elsewhere');
});

await t.test("the operator's members are not changed by being used", async (t) => {
  const extra = Object.freeze({ a: 1 });
  clientDocument('https://chat.test', extra);
  t.same(extra, { a: 1 });
});
