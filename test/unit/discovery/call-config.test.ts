// The document by which call clients find the call server, for every origin that a client may use.

import t from 'tap';

import { callConfig } from '../../../src/discovery/call-config.ts';

await t.test('all three URLs are the origin that was asked', async (t) => {
  const origins = [
    'http://127.0.0.1:3000',
    'https://chat.test',
    'http://[::1]:3000',
    'https://chat.test:8448',
  ];
  for (const origin of origins) {
    const document = callConfig(origin, []);
    t.same(
      document,
      { baseUrl: origin, websocketUrl: origin, homeserverUrl: origin, iceServers: [] },
      origin,
    );
  }
});

await t.test('ICE servers are handed on as they are', async (t) => {
  const iceServers = [
    { urls: ['stun:stun.test:3478'] },
    { urls: ['turn:t.test'], username: 'u', credential: 'c' },
  ];
  t.same(callConfig('https://chat.test', iceServers).iceServers, iceServers);
});

await t.test('no member is missing from what is sent', async (t) => {
  const sent: unknown = JSON.parse(JSON.stringify(callConfig('https://chat.test', [])));
  t.same(Object.keys(sent as object).toSorted(), ['baseUrl', 'homeserverUrl', 'iceServers', 'websocketUrl']);
});
