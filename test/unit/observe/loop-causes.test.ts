// What one end of a connection shows, and that every cause is explained in words that name a remedy.

import t from 'tap';

import type { ErrorCode } from '../../../src/errors.ts';
import {
  clueOfClose,
  clueOfRefusal,
  clueOfTls,
  explain,
  LOOP_CAUSES,
  type Clue,
} from '../../../src/observe/loop-causes.ts';

await t.test('a close code shows who ended a socket, and why', async (t) => {
  const rows: readonly (readonly [number, Clue | undefined])[] = [
    [1000, 'left'],
    [1001, 'left'],
    [1005, 'left'],
    [1006, 'cut'],
    [1002, 'frames'],
    [1007, 'frames'],
    [1009, 'frames'],
    [4001, 'registration'],
    [4002, 'frames'],
    [4003, 'identity'],
    [4004, 'not-found'],
    [4008, 'rate'],
    [4009, 'replaced'],
    [4010, 'slow'],
    [1012, undefined],
    [1013, undefined],
    [4999, 'cut'],
  ];
  for (const [code, clue] of rows) t.equal(clueOfClose({ code, isDead: false }), clue, String(code));
  t.equal(clueOfClose({ code: 1006, isDead: true }), 'silent', 'one that answered no ping');
});

await t.test('a refused handshake shows what the client got wrong, or nothing where it was us', async (t) => {
  const rows: readonly (readonly [ErrorCode, Clue | undefined])[] = [
    ['ROUTE_NOT_FOUND', 'path'],
    ['ORIGIN_REFUSED', 'origin'],
    ['IDENTITY_REQUIRED', 'identity'],
    ['PAGE_REFUSED', 'identity'],
    ['ADDRESS_CONNECTIONS_EXCEEDED', 'rate'],
    ['GATEWAY_DRAINING', undefined],
    ['IDENTITY_UNAVAILABLE', undefined],
    ['CONNECTIONS_EXCEEDED', undefined],
  ];
  for (const [code, clue] of rows) t.equal(clueOfRefusal(code), clue, code);
});

await t.test(
  'a failed TLS handshake shows a wrong scheme, a certificate that is not trusted, or neither',
  async (t) => {
    const rows: readonly (readonly [string, Clue])[] = [
      ['ERR_SSL_HTTP_REQUEST', 'scheme'],
      ['ERR_SSL_WRONG_VERSION_NUMBER', 'scheme'],
      ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'certificate'],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'certificate'],
      ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'certificate'],
      ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'certificate'],
      ['ERR_SSL_NO_SHARED_CIPHER', 'handshake'],
      ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake'],
    ];
    for (const [reason, clue] of rows) t.equal(clueOfTls(reason), clue, reason);
  },
);

await t.test('every cause is explained, with a remedy', async (t) => {
  for (const cause of LOOP_CAUSES) {
    const { likely, remedy } = explain(cause, { socketPaths: ['/', '/socket.io/'], lastedMs: 60_400 });
    for (const text of [likely, remedy])
      t.match(text, /^(?:[A-Z].*[.;/:]|[A-Z].*\.md\.|.*docs\/protocol\/\.)/, text);
  }
  const seen = { socketPaths: ['/', '/socket.io/'], lastedMs: 60_400 };
  t.match(explain('path', seen).remedy, 'at /, /socket.io/.');
  t.match(explain('idle-limit', seen).likely, 'after about 60 s');
  t.match(explain('idle-limit', seen).remedy, 'above 60 s');
  t.match(explain('idle-limit', { ...seen, lastedMs: 10_000 }).remedy, 'above 50 s', 'two pings at least');
});
