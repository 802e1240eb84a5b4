// What the upstream of a tunnel is asked and its client told: byte for byte what the other said, less what was said to us
// alone.

import t from 'tap';

import type { Client } from '../../../src/http/client.ts';
import { readHead, type RequestHead } from '../../../src/http/head.ts';
import { serviceHead } from '../../../src/proxy/service-path.ts';
import { closingHead, switchingHead, upgradeHead } from '../../../src/proxy/tunnel-head.ts';

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
  t.same(serviceHead(tunnel, head, client, 'id').headers, plain, 'an ordinary request');
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
