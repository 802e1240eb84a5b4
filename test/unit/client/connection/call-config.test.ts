// Finding the call server: what is a call config, and what is said of anything else.

import t from 'tap';

import { fetchCallConfig, readCallConfig } from '../../../../client/connection/call-config.ts';
import { answerOf, CONFIG, FakeEnvironment, HOMESERVER, neverAnswered, TOKEN } from './fake-environment.ts';

await t.test('the document of a Portico', async (t) => {
  t.strictSame(readCallConfig(CONFIG, HOMESERVER), {
    baseUrl: 'https://example.org',
    socketUrl: 'wss://example.org/',
    iceServers: CONFIG.iceServers,
  });
});

const read = (websocketUrl: string, baseUrl = 'http://h/') =>
  readCallConfig({ baseUrl, websocketUrl }, 'http://h');

await t.test('addresses are taken as they are said, but for what a WebSocket needs', async (t) => {
  t.match(read('http://h:8080'), { socketUrl: 'ws://h:8080/', baseUrl: 'http://h', iceServers: [] });
  t.match(read('https://calls.h/socket?x=1#y'), { socketUrl: 'wss://calls.h/socket?x=1' });
  t.match(read('ws://h/'), { socketUrl: 'ws://h/' });
  t.match(read('wss://h/', 'https://h/portico/'), { socketUrl: 'wss://h/', baseUrl: 'https://h/portico' });
});

await t.test('what is none is told in words', async (t) => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /no call server/],
    ['text', /no call server/],
    [{}, /no call server/],
    [{ ...CONFIG, baseUrl: 'ftp://example.org' }, /no call server/],
    [{ ...CONFIG, baseUrl: 7 }, /no call server/],
    [{ ...CONFIG, websocketUrl: undefined }, /no call server/],
    [{ ...CONFIG, websocketUrl: 'mailto:alice' }, /no call server/],
    [{ ...CONFIG, websocketUrl: 'http://example.org' }, /public_url/],
    [{ ...CONFIG, baseUrl: 'http://example.org' }, /public_url/],
  ];
  for (const [value, what] of wrong)
    t.match(readCallConfig(value, HOMESERVER), what, JSON.stringify(value) ?? 'undefined');
});

await t.test('asks the homeserver, with the token: relays are for who is known', async (t) => {
  const environment = new FakeEnvironment();
  t.match(await fetchCallConfig(environment, HOMESERVER, TOKEN), { socketUrl: 'wss://example.org/' });
  t.match(environment.asked, [
    { url: `${HOMESERVER}/call-config.json`, init: { headers: { Authorization: `Bearer ${TOKEN}` } } },
  ]);
  t.equal(environment.clock.pending, 0);
});

await t.test('a server that is away is told from one that is no Portico', async (t) => {
  const answers: readonly (readonly [() => Response, string])[] = [
    [() => answerOf(502, '<html>'), 'CONFIG_UNREACHABLE'],
    [() => answerOf(429, '{}'), 'CONFIG_UNREACHABLE'],
    [() => answerOf(404, '{}'), 'CONFIG_INVALID'],
    [() => answerOf(200, '<!doctype html>'), 'CONFIG_INVALID'],
    [() => answerOf(200, {}), 'CONFIG_INVALID'],
    [
      () => {
        throw new TypeError('Failed to fetch');
      },
      'CONFIG_UNREACHABLE',
    ],
  ];
  for (const [fetched, code] of answers) {
    const environment = Object.assign(new FakeEnvironment(), { fetched });
    await t.rejects(fetchCallConfig(environment, HOMESERVER, TOKEN), { code, message: /call-config\.json/ });
  }
});

await t.test('a server that says nothing is given up', async (t) => {
  const environment = new FakeEnvironment();
  environment.fetched = (_url, init) => neverAnswered(init);
  const asked = fetchCallConfig(environment, HOMESERVER, TOKEN);
  const refused = t.rejects(asked, { code: 'CONFIG_UNREACHABLE' });
  await environment.pass(15_000);
  await refused;
});
