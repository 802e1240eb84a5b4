// Which pages may open sockets and call the API: exactly ours and the listed ones.

import t from 'tap';

import { refuseOrigin } from '../../../src/http/origins.ts';
import { headOf } from '../../harness/heads.ts';

const OWN = 'https://chat.example.org';
const EXTRA = ['https://app.example.org', 'http://127.0.0.1:8080', 'https://xn--bcher-kva.example'];

function judge(origins: readonly string[], own = OWN, extra: readonly string[] = EXTRA) {
  return refuseOrigin(headOf({ headers: origins.flatMap((origin) => ['Origin', origin]) }), own, extra);
}

await t.test('our own page, the listed ones, and who is no page are let in', async (t) => {
  for (const origin of [OWN, ...EXTRA]) t.equal(judge([origin]), undefined, origin);
  t.equal(judge([]), undefined, 'no Origin');
  t.equal(refuseOrigin(headOf({ headers: ['oRiGiN', OWN] }), OWN, []), undefined, 'the name in any case');
});

await t.test('everybody else is refused', async (t) => {
  const foreign = [
    'null',
    '',
    '*',
    'https://example.org',
    'https://app.example.org.evil.test',
    'https://evilapp.example.org',
    'https://evil.test/https://app.example.org',
    'https://sub.app.example.org',
    'http://app.example.org',
    'https://app.example.org:8443',
    'https://app.example.org:443',
    'https://app.example.org/',
    'https://app.example.org.',
    'https://app.example.org@evil.test',
    'https://user@app.example.org',
    'https://app.example.org https://evil.test',
    'https://app.example.org, https://evil.test',
    'HTTPS://APP.EXAMPLE.ORG',
    'https://App.example.org',
    'https://b\u00fccher.example',
    'https://buecher.example',
    'https://XN--BCHER-KVA.example',
    'http://127.0.0.1',
    'http://127.1:8080',
    'http://localhost:8080',
    'wss://chat.example.org',
    'app.example.org',
    'file://',
    'chrome-extension://abc',
  ];
  for (const origin of foreign) t.equal(judge([origin]), 'ORIGIN_REFUSED', origin);
});

await t.test('two origins are none, even if each would be let in', async (t) => {
  t.equal(judge([OWN, OWN]), 'ORIGIN_REFUSED');
  t.equal(judge([OWN, 'https://evil.test']), 'ORIGIN_REFUSED');
});

await t.test('our own origin is that of the request, however its Host is written', async (t) => {
  const rows: readonly [own: string, origin: string, isOurs: boolean][] = [
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000', true],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:8008', false],
    ['http://127.0.0.1:3000', 'https://127.0.0.1:3000', false],
    ['https://CHAT.Example.org', 'https://chat.example.org', true],
    ['https://chat.example.org:443', 'https://chat.example.org', true],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['http:///run/portico.sock', 'null', false],
    ['', '', false],
  ];
  for (const [own, origin, isOurs] of rows)
    t.equal(judge([origin], own, []), isOurs ? undefined : 'ORIGIN_REFUSED', `${own} and ${origin}`);
});

await t.test('with * every page is let in', async (t) => {
  for (const origin of ['https://evil.test', 'null']) t.equal(judge([origin], OWN, ['*']), undefined, origin);
});
