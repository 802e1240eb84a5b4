// Whatever a client sends: the parsers at the door give a value or a refusal, never an exception, and what they let
// through holds what the rest relies on. Other readers (WHATWG URL, POSIX paths after one and two decodings) are the
// judges of the path walk. Seeds are printed on failure.

import { posix } from 'node:path';

import * as fc from 'fast-check';
import t from 'tap';

import { addressRanges, bareAddress } from '../../../src/http/address.ts';
import { readClient } from '../../../src/http/client.ts';
import { readHead, type RequestHead } from '../../../src/http/head.ts';
import { redactTarget } from '../../../src/observe/redact.ts';
import { leavesPrefix } from '../../../src/proxy/deny.ts';
import { requestHeaders, responseHeaders } from '../../../src/proxy/headers.ts';
import { routeRequest } from '../../../src/proxy/route.ts';
import { parseRoomId, parseUserId } from '../../../src/matrix/ids.ts';
import { readHistoryQuery, readInitiate, readShown } from '../../../src/call/requests.ts';

const RUNS = { numRuns: 3_000 };

/** Pieces from which paths that try to hide something are made, among ordinary ones. */
const PIECES = [
  '/',
  '//',
  '.',
  '..',
  '...',
  '\\',
  ';',
  '?',
  '#',
  '%',
  '%2',
  'a',
  'client',
  'v3',
  '_synapse',
  'admin',
  '%00',

  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '%252e',
  '%252f',
  '%25',
  '%c0%ae',
  '%c0',
  '%ae',
  '%20',
  '%09',
  '%3b',
  '%3f',
  '%EF%BC%8E',
  '%EF%BC%8F',
  '%E2%84%80',
  '%u002e',
  '!r:h',
  '$e',
  '%23x',
  '~',
  '"',
  '<',
  '|',
  '{',
];
const path = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join(''));
const byteText = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes));
const headerName = fc.oneof(
  fc.constantFrom(
    'Host',
    'host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'X-Forwarded-For',
    'x_forwarded_for',
    'Forwarded',
    'Upgrade',
    'Expect',
    'Authorization',
    '__proto__',
    'X-Other',
    'TE',
    'Keep-Alive',
  ),
  byteText,
);
const headerValue = fc.oneof(
  fc.constantFrom(
    'a',
    'h:80',
    '5',
    '010',
    'chunked',
    'close, X-Other',
    'for=1.2.3.4',
    '1.2.3.4, 10.0.0.1',
    '100-continue',
  ),
  byteText,
);
const rawHeaders = fc
  .array(fc.tuple(headerName, headerValue), { maxLength: 8 })
  .map((pairs) => ['Host', 'h.test', ...pairs.flat()]);

function headOf(target: string, headers: readonly string[]): RequestHead | undefined {
  const verdict = readHead({ method: 'GET', target, httpVersion: '1.1', rawHeaders: headers });
  return 'head' in verdict ? verdict.head : undefined;
}

await t.test('a head is read or refused, and what is read has one target and one framing', async (t) => {
  fc.assert(
    fc.property(fc.oneof(path, byteText), rawHeaders, (target, headers) => {
      const head = headOf(target, headers);
      if (head === undefined) return;
      if (/[\0-\x20\x7f-\xff\\#]/.test(head.target)) throw new Error(`target ${JSON.stringify(head.target)}`);
      if (head.path !== '*' && !head.path.startsWith('/')) throw new Error(`path ${head.path}`);
      const lengths = headers.filter((_, i) => i % 2 === 1 && /^content-length$/i.test(headers[i - 1] ?? ''));
      const codings = headers.filter(
        (_, i) => i % 2 === 1 && /^transfer-encoding$/i.test(headers[i - 1] ?? ''),
      );
      if (lengths.length + codings.length > 1) throw new Error('two framings');
    }),
    RUNS,
  );
  t.pass('no counterexample');
});

await t.test('no reader that we know of gets out of its prefix by a path that is forwarded', async (t) => {
  const readings: readonly ((target: string) => string)[] = [
    (target) => new URL(target, 'http://h').pathname,
    (target) => posix.normalize(target),
    (target) => posix.normalize(decodeURIComponent(target)),
    (target) => posix.normalize(decodeURIComponent(decodeURIComponent(target))),
    (target) => posix.normalize(decodeURIComponent(target).replaceAll('\\', '/')),
    (target) => posix.normalize(decodeURIComponent(target.replaceAll(/;[^/]*/g, ''))),
  ];
  for (const prefix of ['/_matrix/', '/_synapse/client/']) {
    fc.assert(
      fc.property(path, (rest) => {
        const target = `${prefix}${rest}`;
        const head = headOf(target, ['Host', 'h']);
        if (head === undefined || leavesPrefix(head.path, prefix)) return;
        for (const read of readings) {
          let reading: string;
          try {
            reading = read(head.path);
          } catch {
            continue;
          }
          if (!`${reading}/`.startsWith(prefix))
            throw new Error(`${target} is ${reading} to ${read.toString()}`);
        }
      }),
      { numRuns: 20_000 },
    );
  }
  t.pass('no counterexample');
});

await t.test('only what begins with an open prefix goes to Synapse', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        path,
        path.map((rest) => `/_matrix/${rest}`),
        path.map((rest) => `/_synapse/${rest}`),
      ),
      (target) => {
        const head = headOf(target, ['Host', 'h']);
        if (head === undefined || routeRequest(head, false).to !== 'synapse') return;
        if (!/^\/(?:_matrix|_synapse\/client)\//.test(head.path)) throw new Error(target);
      },
    ),
    RUNS,
  );
  t.pass('no counterexample');
});

await t.test('what goes to Synapse has our forwarding fields once, and nobody else’s', async (t) => {
  const trusted = addressRanges([{ kind: 'network', family: 'ipv4', address: '10.0.0.0', prefixLength: 8 }]);
  const peers = fc.constantFrom('10.0.0.1', '192.0.2.1', '::1', undefined);
  fc.assert(
    fc.property(rawHeaders, peers, (headers, address) => {
      const head = headOf('/_matrix/x', headers);
      if (head === undefined) return;
      const peer = { address, isUnix: address === undefined, isTls: false, localAuthority: 'l:1' };
      const client = readClient(head, peer, trusted);
      const sent = requestHeaders(head, client, 'id');
      const names = sent
        .filter((_, i) => i % 2 === 0)
        .map((name) => name.toLowerCase().replaceAll(/[_.]/g, '-'));
      for (const ours of ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id']) {
        if (names.filter((name) => name === ours).length !== 1) throw new Error(`${ours} in ${names.join()}`);
      }
      for (const gone of [
        'connection',
        'upgrade',
        'te',
        'keep-alive',
        'transfer-encoding',
        'forwarded',
        'expect',
      ]) {
        if (names.includes(gone)) throw new Error(gone);
      }
      if (bareAddress(client.address) !== client.address) throw new Error(`address ${client.address}`);
      responseHeaders(headers);
    }),
    RUNS,
  );
  t.pass('no counterexample');
});

await t.test('an address has one spelling', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), byteText), (text) => {
      const bare = bareAddress(text);
      if (bare !== undefined && bareAddress(bare) !== bare) throw new Error(`${text}: ${bare}`);
    }),
    RUNS,
  );
  t.pass('no counterexample');
});

await t.test('a secret in a query is never written down, whatever surrounds it', async (t) => {
  const around = fc.array(
    fc.constantFrom('&', '=', ';', '?', '%3D', '%26', 'a', 'timeout', 'access_token', '+', '#', '1'),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(path, around, around, (before, left, right) => {
      const target = `/${before}?${left.join('')}CANARY${right.join('')}`;
      if (redactTarget(target).includes('CANARY')) throw new Error(target);
    }),
    RUNS,
  );
  t.pass('no counterexample');
});

await t.test('bodies and queries of any shape are read or described, never thrown at', async (t) => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), fc.boolean(), (body, hasToken) => {
      readShown(body);
      readInitiate(body, hasToken);
      readHistoryQuery(body);
      parseUserId(body);
      parseRoomId(body);
    }),
    RUNS,
  );
  t.pass('no counterexample');
});
