// What an application is asked: the page's own headers, our words, and nothing of the page that looks like ours.

import t from 'tap';

import { questionHeaders } from '../../../src/application/question.ts';
import { handshake, IN_ROOM, TUTOR } from './handshakes.ts';

function fields(headers: readonly string[]): readonly (readonly [string, string])[] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? ''] as const] : []));
}

await t.test('the headers that say who it is go on, those of the handshake do not', async (t) => {
  const lines: readonly (readonly [string, string])[] = [
    ['Host', 'chat.example.org'],
    ['Connection', 'Upgrade, X-Odd'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Key', 'x'],
    ['Sec-WebSocket-Version', '13'],
    ['sec-websocket-protocol', 'a'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ['Content-Length', '0'],
    ['Content-Type', 'text/plain'],
    ['Accept', 'text/html'],
    ['Accept-Encoding', 'gzip'],
    ['X-Odd', '1'],
    ['TE', 'trailers'],
    ['Cookie', 'session=1'],
    ['Cookie', 'more=2'],
    ['Authorization', 'Bearer b'],
    ['Origin', 'https://chat.example.org'],
    ['User-Agent', 'T\u00e4st/1'],
  ];
  const headers = lines.flat();
  t.same(fields(questionHeaders(handshake(headers, '/ws/7/Tutor?a=%2F&token=c'), TUTOR)), [
    ['Cookie', 'session=1'],
    ['Cookie', 'more=2'],
    ['Authorization', 'Bearer b'],
    ['Origin', 'https://chat.example.org'],
    ['User-Agent', 'T\u00e4st/1'],
    ['X-Forwarded-For', '192.0.2.7'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'chat.example.org'],
    ['X-Request-Id', 'r-1'],
    ['Accept', 'application/json'],
    ['X-Forwarded-Uri', '/ws/7/Tutor?a=%2F&token=c'],
    ['X-Original-URI', '/ws/7/Tutor?a=%2F&token=c'],
    ['X-Portico-Profile-Id', '7'],
    ['X-Portico-Profile-Type', 'tutor'],
  ]);
});

await t.test('a page cannot say what only we may say, however it is spelled', async (t) => {
  const ours = [
    'X-Portico-User',
    'X-Portico-Room',
    'X-Portico-Profile-Id',
    'X-Portico-Anything',
    'X-Forwarded-Uri',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Method',
    'X-Original-URI',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Real-IP',
    'X-Request-Id',
    'Forwarded',
  ];
  const spell = [
    (name: string) => name,
    (name: string) => name.toUpperCase(),
    (name: string) => name.replaceAll('-', '_'),
    (name: string) => name.replaceAll('-', '.'),
    (name: string) => name.replace('-', '_'),
  ];
  const sent = ours.flatMap((name) => spell.flatMap((change) => [change(name), 'FORGED']));
  t.notMatch(questionHeaders(handshake(sent.slice(0, 100)), IN_ROOM).join('\n'), 'FORGED');
  t.notMatch(questionHeaders(handshake(sent.slice(100)), IN_ROOM).join('\n'), 'FORGED');
  const named = handshake(['Connection', 'X-Portico-User, X-Original-URI, Cookie', 'Cookie', 'a=1']);
  const said = fields(questionHeaders(named, IN_ROOM));
  for (const name of ['X-Portico-User', 'X-Original-URI', 'Cookie'])
    t.equal(said.filter(([given]) => given === name).length, 1, `${name} cannot be taken away`);
});

await t.test('what a path names is encoded where a header could not carry it', async (t) => {
  const rows: readonly [text: string, header: string][] = [
    ['!abc:example.org', '!abc:example.org'],
    ['@alice:example.org', '@alice:example.org'],
    ['a b', 'a%20b'],
    ['100%', '100%25'],
    ['a%20b', 'a%2520b'],
    ['z\u00fcrich \u{1f600}', 'z%C3%BCrich%20%F0%9F%98%80'],
    ['a\r\nX-Portico-User: root', 'a%0D%0AX-Portico-User:%20root'],
    ['\0', '%00'],
    ['half \ud83d', 'half%20%EF%BF%BD'],
  ];
  for (const [text, header] of rows) {
    const said = fields(questionHeaders(handshake(), { kind: 'room', roomId: text, userId: text }));
    t.same(
      said.filter(([name]) => name.startsWith('X-Portico-')),
      [
        ['X-Portico-Room', header],
        ['X-Portico-User', header],
      ],
      JSON.stringify(text),
    );
    t.equal(decodeURIComponent(header), text.toWellFormed(), 'and can be read back');
  }
});
