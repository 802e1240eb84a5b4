// Who may see the operator's page, and who may act on it: against pages of strangers in the operator's own browser.

import t from 'tap';

import type { ErrorCode } from '../../../src/errors.ts';
import { refuseAction, refuseForeign, refuseHost } from '../../../src/observe/operator-guard.ts';

await t.test('addresses and localhost will do, and the name that is configured', async (t) => {
  const rows: readonly (readonly [string | undefined, boolean])[] = [
    ['127.0.0.1:9300', true],
    ['10.1.2.3', true],
    ['[::1]:9300', true],
    ['[fd00::1]', true],
    ['localhost', true],
    ['LOCALHOST:9300', true],
    ['localhost.:9300', true],
    ['ops.example.org', true],
    ['OPS.example.org:8443', true],
    ['evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['evil.localhost.example', false],
    ['ops.example.org.evil.example', false],
    ['xops.example.org', false],
    ['', false],
    [':9300', false],
    ['a b', false],
    [undefined, false],
  ];
  for (const [host, isAllowed] of rows) {
    const refused = refuseHost({ host, rawHeaders: [] }, 'ops.example.org:9300');
    t.equal(refused, isAllowed ? undefined : 'OPERATOR_HOST_REFUSED', String(host));
  }
  t.equal(refuseHost({ host: 'ops.example.org', rawHeaders: [] }, undefined), 'OPERATOR_HOST_REFUSED');
});

await t.test('what a page says that a proxy would say counts for nothing', async (t) => {
  const rawHeaders = ['X-Forwarded-Host', 'localhost', 'Forwarded', 'host=localhost'];
  t.equal(refuseHost({ host: 'evil.example', rawHeaders }, undefined), 'OPERATOR_HOST_REFUSED');
});

await t.test('only our own page acts, and scripts that say so', async (t) => {
  const rows: readonly (readonly [readonly string[], ErrorCode | undefined])[] = [
    [['X-Portico-Operator', '1'], undefined],
    [
      ['x-portico-operator', 'page', 'Origin', 'http://127.0.0.1:9300', 'Sec-Fetch-Site', 'same-origin'],
      undefined,
    ],
    [['x-portico-operator', 'page', 'Origin', 'https://127.0.0.1:9300'], undefined],
    [[], 'OPERATOR_HEADER_MISSING'],
    [['Origin', 'http://127.0.0.1:9300', 'Sec-Fetch-Site', 'same-origin'], 'OPERATOR_HEADER_MISSING'],
    [['X-Portico-Operator', '1', 'Origin', 'https://evil.example'], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Origin', 'http://127.0.0.1'], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Origin', 'null'], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Origin', ''], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Sec-Fetch-Site', 'cross-site'], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Sec-Fetch-Site', 'same-site'], 'ORIGIN_REFUSED'],
    [['X-Portico-Operator', '1', 'Sec-Fetch-Site', 'none'], 'ORIGIN_REFUSED'],
    [
      ['X-Portico-Operator', '1', 'Origin', 'http://127.0.0.1:9300', 'Origin', 'https://evil.example'],
      'ORIGIN_REFUSED',
    ],
  ];
  for (const [rawHeaders, refused] of rows)
    t.equal(refuseAction({ host: '127.0.0.1:9300', rawHeaders }), refused, rawHeaders.join(' '));
});

await t.test('pages of other sites hold no stream open', async (t) => {
  t.equal(refuseForeign({ host: 'localhost', rawHeaders: [] }), undefined, 'a script');
  for (const [site, refused] of [
    ['same-origin', undefined],
    ['none', undefined],
    ['cross-site', 'ORIGIN_REFUSED'],
    ['same-site', 'ORIGIN_REFUSED'],
    ['', 'ORIGIN_REFUSED'],
  ] as const)
    t.equal(refuseForeign({ host: 'localhost', rawHeaders: ['Sec-Fetch-Site', site] }), refused, site);
});
