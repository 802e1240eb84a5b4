// Which header fields cross the gateway, in both directions, whatever a client's Connection field names.

import t from 'tap';

import type { Client } from '../../../src/http/client.ts';
import { hasForbiddenTrailer, requestHeaders, responseHeaders } from '../../../src/proxy/headers.ts';
import { headOf } from '../../harness/heads.ts';

const CLIENT: Client = {
  address: '203.0.113.9',
  scheme: 'https',
  host: 'chat.test',
  isViaTrustedProxy: false,
  requestId: undefined,
};
const OURS = [
  'X-Forwarded-For',
  '203.0.113.9',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'chat.test',
  'X-Request-Id',
  'id-1',
];

/** What Synapse gets of `headers`, without what the gateway always adds. */
function sent(headers: readonly string[]): string[] {
  const list = requestHeaders(headOf({ headers: ['Host', 'gateway.test:3000', ...headers] }), CLIENT, 'id-1');
  t.same(list.slice(-OURS.length), OURS, 'ours are there, and last');
  t.same(list.slice(0, 2), ['Host', 'gateway.test:3000'], 'Host is as it came, with its port');
  return list.slice(2, -OURS.length);
}

function casings(name: string): string[] {
  const mixed = name.replaceAll(/(.)(.?)/g, (_, a: string, b: string) => a.toLowerCase() + b.toUpperCase());
  return [name, name.toLowerCase(), name.toUpperCase(), mixed];
}

await t.test('order, duplicates, case and odd names of fields are kept', async (t) => {
  const headers = [
    'authorization',
    'X-Matrix origin=a',
    'Accept',
    '*/*',
    'Authorization',
    'X-Matrix origin=b',
    'COOKIE',
    'a=1',
    'Cookie',
    'b=2',
    'x-empty',
    '',
    'X-Latin',
    '\xe4',
    '__proto__',
    'x',
    'constructor',
    'y',
    'Range',
    'bytes=0-1',
    'If-None-Match',
    '"a"',
    'Content-Encoding',
    'gzip',
  ];
  t.same(sent(headers), headers);
});

await t.test('a Connection field takes away nothing of ours, and nothing that says who asks', async (t) => {
  const named = [
    'X-Forwarded-For',
    'Authorization',
    'Host',
    'X-Real-IP',
    'X-Forwarded-Proto',
    'X-Request-Id',
  ];
  named.push('X-Forwarded-Host', 'Content-Type', 'Cookie');
  const kept = ['Authorization', 'Bearer secret', 'Content-Type', 'application/json', 'Cookie', 'a=1'];
  for (const [i, casing] of casings('Connection').entries()) {
    const members = named.map((name) => casings(name)[i]).join(', ');
    t.same(sent([casing, members, ...kept]), kept, `${casing}: ${members}`);
    t.same(sent([...kept, casing, members]), kept, `${casing} at the end`);
  }
  t.same(sent(['Connection', 'close', 'Connection', 'Authorization', ...kept]), kept, 'in a second line');
});

await t.test('Content-Length outlives a Connection field that names it', async (t) => {
  t.same(sent(['Connection', 'Content-Length', 'Content-Length', '5']), ['Content-Length', '5']);
});

await t.test('fields that a Connection field may name go with it', async (t) => {
  const rows: readonly [connection: string, name: string][] = [
    ['X-Custom', 'X-Custom'],
    ['x-custom', 'X-CUSTOM'],
    ['close, X-Custom', 'x-custom'],
    [' , X-Custom ,,', 'X-Custom'],
    ['keep-alive,\tX-Custom\t', 'X-Custom'],
  ];
  for (const [connection, name] of rows) {
    t.same(sent(['Connection', connection, name, 'x', 'Accept', '*/*']), ['Accept', '*/*'], connection);
  }
});

await t.test('hop-by-hop fields stay behind, in any case', async (t) => {
  const names = ['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'Proxy-Authenticate'];
  names.push('TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'HTTP2-Settings', 'Expect');
  for (const name of names) {
    for (const casing of casings(name)) {
      const value = name === 'Transfer-Encoding' ? 'chunked' : 'x';
      t.same(sent(['Accept', '*/*', casing, value]), ['Accept', '*/*'], casing);
    }
  }
  t.same(
    sent(['Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AA']),
    [],
    'h2c',
  );
  t.same(sent(['Connection', 'close, Upgrade', 'Upgrade', 'websocket']), [], 'close and Upgrade together');
});

await t.test("a client's own forwarding fields are dropped, in any spelling", async (t) => {
  const names = ['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Proto'];
  names.push('X-Forwarded-Prefix', 'X-Forwarded-Server', 'X-Forwarded-Ssl', 'X-Real-IP', 'X-Request-Id');
  for (const name of names) {
    const aliases = [
      name.replaceAll('-', '_'),
      name.replaceAll('-', '.'),
      name.replace('-', '_'),
      name.replace('-', '.'),
    ];
    for (const spelling of [...casings(name), ...aliases, ...aliases.map((alias) => alias.toUpperCase())]) {
      t.same(sent([spelling, 'evil', 'Accept', '*/*', spelling, 'evil']), ['Accept', '*/*'], spelling);
    }
  }
});

await t.test('other spellings of fields that name the sender or frame the message are dropped', async (t) => {
  const names = [
    'Content_Length',
    'Content.Length',
    'Transfer_Encoding',
    'transfer.encoding',
    'CONTENT_TYPE',
  ];
  names.push('Keep_Alive', 'Proxy_Authorization');
  for (const name of names) t.same(sent([name, '5']), [], name);
  const kept = ['X_Custom', 'a', 'X.Custom', 'b', 'User_Agent', 'c'];
  t.same(sent(kept), kept, 'but other names with _ and . are names like any');
});

await t.test('a trusted proxy gets no fields past us either', async (t) => {
  const head = headOf({ headers: ['X-Forwarded-For', '192.0.2.1, 10.0.0.2', 'Forwarded', 'for=192.0.2.1'] });
  const list = requestHeaders(head, { ...CLIENT, address: '192.0.2.1', isViaTrustedProxy: true }, 'id-1');
  t.same(list, ['Host', 'gateway.test', 'X-Forwarded-For', '192.0.2.1', ...OURS.slice(2)]);
});

await t.test('a request of HTTP/1.0 without Host gets the one that the client is known by', async (t) => {
  const list = requestHeaders(headOf({ httpVersion: '1.0', headers: ['Accept', '*/*'] }), CLIENT, 'id-1');
  t.same(list, ['Accept', '*/*', 'Host', 'chat.test', ...OURS]);
});

await t.test('the answer crosses in order, with its duplicates, without hop-by-hop fields', async (t) => {
  const kept = [
    'Server',
    'Synapse',
    'Set-Cookie',
    'a=1',
    'Date',
    'x',
    'set-cookie',
    'b=2',
    'Content-Length',
    '5',
    'Access-Control-Allow-Origin',
    '*',
    'ETag',
    '"a"',
    'X-Forwarded-For',
    'of the upstream',
    'Expect',
    'x',
  ];
  const dropped = [
    'Connection',
    'close, X-Inner',
    'X-Inner',
    'a',
    'Keep-Alive',
    'timeout=5',
    'TE',
    'x',
    'Trailer',
    'y',
    'Proxy-Authenticate',
    'Basic',
    'Proxy-Connection',
    'x',
    'Transfer-Encoding',
    'chunked',
    'UPGRADE',
    'h2c',
  ];
  t.same(responseHeaders([...dropped, ...kept]), kept, 'dropped ones first');
  t.same(responseHeaders([...kept, ...dropped]), kept, 'dropped ones last');
  t.same(responseHeaders([]), [], 'no fields');
  t.same(
    responseHeaders(['Connection', 'Content-Type', 'Content-Type', 'a']),
    ['Content-Type', 'a'],
    'not these',
  );
});

await t.test('a trailer section may not frame, route or identify', async (t) => {
  const forbidden = [
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Authorization',
    'Trailer',
    'TE',
    'Cookie',
  ];
  forbidden.push('Connection', 'Content-Type', 'Expect');
  for (const name of forbidden) {
    for (const casing of casings(name)) {
      t.ok(hasForbiddenTrailer(['X-Checksum', 'a', casing, 'b']), casing);
    }
  }
  t.notOk(hasForbiddenTrailer([]), 'none');
  t.notOk(
    hasForbiddenTrailer(['X-Checksum', 'Host', 'Server-Timing', 'te']),
    'harmless ones, by name not value',
  );
});
