// The files of the web build as browsers get them from the gateway: what is served where, how long it is kept, what may
// run in it, and what is said where the build is missing. What the page does is in test/browser/.

import { gunzipSync } from 'node:zlib';

import { pino } from 'pino';
import t, { type Test } from 'tap';

import { systemClock } from '../../src/clock.ts';
import { createOwnServer } from '../../src/http/server.ts';
import { registerWeb, type WebParts } from '../../src/web/routes.ts';
import { startGateway } from '../harness/gateway.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';

const BUILD = {
  client: {
    'portico.js': 'export const connect = 1;',
    'portico.js.map': '{}',
    'portico-recording.js': 'export const newRecording = 1;',
    'portico-recording.js.map': '{}',
  },
  web: {
    call: {
      'index.html': '<!doctype html>',
      assets: { 'index-BsR2fVQ0.js': 'a()', 'index-C_8-xY1z.css': 'b {}' },
    },
  },
};

/** Answers without a network, as Fastify gives them. */
async function serve(parts: WebParts): Promise<ReturnType<typeof createOwnServer>> {
  const server = createOwnServer(pino({ level: 'silent' }), systemClock);
  registerWeb(server, parts);
  await server.ready();
  return server;
}

await t.test(
  'the page and its files have their types, are kept as they may be, and run nothing else',
  async (t) => {
    const server = await serve({ callPage: { enabled: true }, buildDir: t.testdir(BUILD) });
    const rows: readonly [url: string, type: string, cached: string][] = [
      ['/call/', 'text/html; charset=utf-8', 'no-cache'],
      ['/call/index.html', 'text/html; charset=utf-8', 'no-cache'],
      [
        '/call/assets/index-BsR2fVQ0.js',
        'text/javascript; charset=utf-8',
        'public, max-age=31536000, immutable',
      ],
      ['/call/assets/index-C_8-xY1z.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    ];
    for (const [url, type, cached] of rows) {
      const { statusCode, headers } = await server.inject(url);
      t.equal(statusCode, 200, url);
      t.match(
        headers,
        { 'content-type': type, 'cache-control': cached, 'x-content-type-options': 'nosniff' },
        url,
      );
      const policy = String(headers['content-security-policy']);
      t.match(policy, /default-src 'self'; connect-src 'self' ws: wss: https:; .*frame-ancestors 'none'/);
      t.notMatch(policy, /unsafe|\*/, 'no exception for scripts or styles');
      const again = await server.inject({
        url,
        headers: { 'if-none-match': `"x", W/${String(headers.etag)}` },
      });
      t.equal(again.statusCode, 304, `${url} is not sent twice`);
      t.equal(again.body, '');
    }
    const moved = await server.inject('/call');
    t.equal(moved.statusCode, 308);
    t.equal(moved.headers.location, '/call/');
    for (const url of [
      '/call/none.js',
      '/call/assets/',
      '/call/..%2f..%2fclient%2fportico.js',
      '/call//index.html',
    ])
      t.equal((await server.inject(url)).statusCode, 404, url);
    const head = await server.inject({ method: 'HEAD', url: '/call/' });
    t.equal(head.statusCode, 200);
    t.equal(head.body, '');
  },
);

await t.test('the library may be loaded by any page, and is asked for anew after each upgrade', async (t) => {
  const server = await serve({ callPage: { enabled: false }, buildDir: t.testdir(BUILD) });
  const { statusCode, headers, body } = await server.inject('/portico/client.js');
  t.equal(statusCode, 200);
  t.equal(body, BUILD.client['portico.js']);
  t.match(headers, {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    sourcemap: 'portico.js.map',
  });
  const beside = await server.inject('/portico/portico-recording.js');
  t.equal(beside.body, BUILD.client['portico-recording.js'], 'what it fetches itself');
  t.match(beside.headers, { 'cache-control': 'no-cache', 'access-control-allow-origin': '*' });
  for (const file of ['portico.js.map', 'portico-recording.js.map'])
    t.equal((await server.inject(`/portico/${file}`)).statusCode, 200, file);
});

await t.test('what is text is sent compressed to whoever takes that', async (t) => {
  const text = 'export const word = 1;\n'.repeat(100);
  const build = { client: { 'portico.js': text, 'portico.js.map': text } };
  const server = await serve({ callPage: { enabled: false }, buildDir: t.testdir(build) });
  const ask = (accepted: string, url = '/portico/client.js') =>
    server.inject({ url, headers: { 'accept-encoding': accepted } });
  for (const accepted of ['gzip', 'br, gzip;q=0.5', 'deflate, GZIP ; q=1.0']) {
    const { headers, rawPayload } = await ask(accepted);
    t.match(headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: /^W\/"/ }, accepted);
    t.equal(headers['content-length'], String(rawPayload.length));
    t.equal(gunzipSync(rawPayload).toString(), text);
    const known = { 'accept-encoding': accepted, 'if-none-match': String(headers.etag) };
    const again = await server.inject({ url: '/portico/client.js', headers: known });
    t.equal(again.statusCode, 304);
    t.notOk('content-encoding' in again.headers, 'nothing is sent');
  }
  for (const accepted of ['', 'br', 'gzip;q=0', 'gzip;q=0.000, br', 'identity', 'notgzip']) {
    const { headers, body } = await ask(accepted);
    t.match(headers, { vary: 'Accept-Encoding', etag: /^"/ }, accepted);
    t.notOk('content-encoding' in headers, accepted);
    t.equal(body, text);
  }
  t.notOk(
    'content-encoding' in (await ask('gzip', '/portico/portico.js.map')).headers,
    'maps are seldom asked for',
  );
});

await t.test('where nobody has built, it is said how', async (t) => {
  const server = await serve({ callPage: { enabled: true }, buildDir: t.testdir({}) });
  for (const url of ['/call/', '/portico/client.js']) {
    const { statusCode, headers, body } = await server.inject(url);
    t.equal(statusCode, 404, url);
    t.match(body, /is not built: run "npm run build"/);
    t.match(headers, { 'content-type': /^text\/plain/, 'cache-control': 'no-store' });
  }
});

await t.test('the front door leads to the page where the config has it, and nowhere else', async (t) => {
  const upstream = await startRecordingUpstream(t);
  await t.test('on', async (t) => {
    const url = await urlOf(t, { call_page: { enabled: true } });
    t.equal((await fetch(`${url}/call`, { redirect: 'manual' })).headers.get('location'), '/call/');
    t.match(await (await fetch(`${url}/call/`)).text(), /<!doctype html>/);
    t.match((await fetch(`${url}/portico/client.js`)).headers.get('content-type'), /^text\/javascript/);
    t.match(
      await (await fetch(`${url}/call-config.json`)).json(),
      { baseUrl: url },
      'its neighbour is still there',
    );
  });
  await t.test('off', async (t) => {
    const url = await urlOf(t, {});
    for (const path of ['/call', '/call/']) t.equal((await fetch(url + path)).status, 404, path);
    t.equal((await fetch(`${url}/portico/client.js`)).status, 200, 'the library is served all the same');
  });
  t.equal(upstream.requests.length, 0, 'Synapse is asked for nothing of it');

  async function urlOf(t: Test, document: Readonly<Record<string, unknown>>): Promise<string> {
    return (await startGateway(t, { synapse: { url: upstream.url }, ...document })).url;
  }
});
