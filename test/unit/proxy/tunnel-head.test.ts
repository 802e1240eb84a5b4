// Which tunnel a path belongs to, and what its upstream is asked: byte for byte what the client sent, less what was said
// to us alone.

import t from 'tap';

import type { Client } from '../../../src/http/client.ts';
import { readHead, type RequestHead } from '../../../src/http/head.ts';
import {
  closingHead,
  plainHead,
  switchingHead,
  tunnelPathOf,
  upgradeHead,
} from '../../../src/proxy/tunnel-head.ts';

const client: Client = {
  address: '192.0.2.7',
  scheme: 'https',
  host: 'chat.example.org',
  isViaTrustedProxy: false,
  requestId: undefined,
};

function headOf(target: string, headers: readonly string[] = []): RequestHead {
  const rawHeaders = ['Host', 'chat.example.org', ...headers];
  const verdict = readHead({ method: 'GET', target, httpVersion: '1.1', rawHeaders });
  if ('refused' in verdict) throw new Error(verdict.refused);
  return verdict.head;
}

function rawList(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(/: (.*)/, 2));
}

await t.test('a path is that of the longest tunnel that it lies on', (t) => {
  const paths = ['/xmpp-websocket', '/lk/', '/lk/rtc/', '/lk/rtc/v1'];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['/xmpp-websocket', '/xmpp-websocket'],
    ['/xmpp-websocket/', undefined],
    ['/xmpp-websockets', undefined],
    ['/XMPP-websocket', undefined],
    ['/xmpp%2Dwebsocket', undefined],
    ['/lk', undefined],
    ['/lk/', '/lk/'],
    ['/lk/a/b', '/lk/'],
    ['/lk/rtc', '/lk/'],
    ['/lk/rtc/', '/lk/rtc/'],
    ['/lk/rtc/v1', '/lk/rtc/v1'],
    ['/lk/rtc/v1/x', '/lk/rtc/'],
    ['/lk/../health', undefined],
    ['/lk/%2e%2e/health', undefined],
    ['/lk/a/../../health', undefined],
    ['/', undefined],
  ];
  for (const [path, expected] of cases) t.equal(tunnelPathOf(path, paths), expected, path);
  t.equal(tunnelPathOf('/a', []), undefined, 'no tunnels');
  t.end();
});

await t.test('the path of the tunnel is replaced, and no other byte of the target', (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['/xmpp-websocket', '', '/xmpp-websocket?room=a%2Fb&&x', '/xmpp-websocket?room=a%2Fb&&x'],
    ['/xmpp-websocket', '/ws', '/xmpp-websocket?', '/ws?'],
    ['/lk/', '/', '/lk/rtc?access_token=%7e', '/rtc?access_token=%7e'],
    ['/lk/', '/', '/lk/', '/'],
    ['/lk/', '/deep/er/', '/lk/%2F//a?b?c', '/deep/er/%2F//a?b?c'],
    ['/lk/', '', '/lk/rtc', '/lk/rtc'],
  ];
  for (const [path, upstreamPath, target, expected] of cases) {
    const tunnel = { path, upstreamPath, upstreamHost: 'meet.test' };
    t.equal(upgradeHead(tunnel, headOf(target), client, 'id').target, expected, target);
  }
  t.end();
});

await t.test('an upgrade keeps its own fields, gets the Host of the upstream, and offers anew', (t) => {
  const tunnel = { path: '/x', upstreamPath: '', upstreamHost: 'meet.test' };
  const head = headOf(
    '/x',
    rawList(
      'Connection: keep-alive, Upgrade, X-Secret-Hop',
      'Upgrade: WebSocket',
      'X-Secret-Hop: 1',
      'sec-WebSocket-Key: k',
      'Sec-WebSocket-Protocol: xmpp',
      'Sec-WebSocket-Protocol: other',
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      'Origin: https://a.b',
      'X-Forwarded-For: 6.6.6.6',
      'X_Forwarded_For: 6.6.6.6',
      'Cookie: caf\u00e9',
    ),
  );
  const plain = rawList(
    'Host: meet.test',
    'sec-WebSocket-Key: k',
    'Sec-WebSocket-Protocol: xmpp',
    'Sec-WebSocket-Protocol: other',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    'Origin: https://a.b',
    'Cookie: caf\u00e9',
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: chat.example.org',
    'X-Request-Id: id',
  );
  t.same(
    upgradeHead(tunnel, head, client, 'id').headers,
    [...plain, ...rawList('Connection: Upgrade', 'Upgrade: websocket')],
    'an upgrade',
  );
  t.same(plainHead(tunnel, head, client, 'id').headers, plain, 'an ordinary request');
  t.end();
});

await t.test('an answer keeps its fields in order, with their bytes, less what was said to us alone', (t) => {
  const rawHeaders = ['X-A', '\u00e9', 'x-a', '2', 'Connection', 'Upgrade, X-Hop', 'X-Hop', '1'];
  const switching = { status: 101, reason: 'Away', rawHeaders: [...rawHeaders, 'Upgrade', 'websocket'] };
  t.same(
    switchingHead(switching),
    Buffer.from(
      'HTTP/1.1 101 Away\r\nX-A: \u00e9\r\nx-a: 2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'latin1',
    ),
  );
  const refusal = { status: 403, reason: '', rawHeaders: [...rawHeaders, 'Transfer-Encoding', 'chunked'] };
  t.same(
    closingHead(refusal),
    Buffer.from('HTTP/1.1 403 \r\nX-A: \u00e9\r\nx-a: 2\r\nConnection: close\r\n\r\n', 'latin1'),
  );
  t.end();
});
