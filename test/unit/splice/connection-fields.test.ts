// The fields that one connection's requests have in common: read once, remembered until they change, and nobody else's.

import t from 'tap';

import { addressRanges } from '../../../src/http/address.ts';
import type { Peer } from '../../../src/http/client.ts';
import { createIntake } from '../../../src/http/intake.ts';
import { FieldsMemory } from '../../../src/splice/connection-fields.ts';
import type { PlainHead } from '../../../src/splice/request-head.ts';

const PEER: Peer = { address: '203.0.113.9', isUnix: false, isTls: false, localAuthority: '127.0.0.1:80' };
const ALICE = 'Host: gateway.test\r\nAuthorization: Bearer alice\r\n';
const BOB = 'Host: gateway.test\r\nAuthorization: Bearer bob\r\n';

/** A head with these lines, and another request behind it. */
function headOf(fieldLines: string): PlainHead {
  const startLine = 'GET / HTTP/1.1\r\n';
  const fieldsAt = startLine.length;
  const fieldsEnd = fieldsAt + fieldLines.length;
  const text = `${startLine}${fieldLines}\r\n${startLine}`;
  return { startLine, method: 'GET', target: '/', text, fieldsAt, fieldsEnd, bytes: fieldsEnd + 2 };
}

const intake = createIntake({ trustedProxies: addressRanges([]), random: { hex: () => '00000000' } });

await t.test('fields that stay the same are read once', async (t) => {
  const memory = new FieldsMemory(intake, PEER);
  const first = memory.read(headOf(ALICE));
  t.match(first, {
    fields: { host: 'gateway.test', body: { kind: 'none' } },
    client: { address: '203.0.113.9', host: 'gateway.test' },
  });
  t.match(first?.forwardedLines, /\r\nAuthorization: Bearer alice\r\nX-Forwarded-For: 203\.0\.113\.9\r\n/);
  t.equal(memory.read(headOf(ALICE)), first, 'the same object');
  t.equal(memory.read(headOf(Buffer.from(ALICE).toString())), first, 'for whatever is the same text');
});

await t.test('fields that differ in a byte are read anew', async (t) => {
  const memory = new FieldsMemory(intake, PEER);
  const alice = memory.read(headOf(ALICE));
  const bob = memory.read(headOf(BOB));
  t.not(bob, alice);
  t.match(bob?.forwardedLines, /Bearer bob/);
  t.notMatch(bob?.forwardedLines, /alice/);
  const again = memory.read(headOf(ALICE));
  t.not(again, alice, 'the last ones only are remembered');
  t.same(again, alice);
  t.not(memory.read(headOf(ALICE.replace('Host', 'host'))), again, 'the spelling counts');
});

await t.test('fields that are not plain, or refused, are not read, and change nothing', async (t) => {
  const memory = new FieldsMemory(intake, PEER);
  const refused = [
    '',
    'Accept: a\r\n',
    'Host: a b\r\n',
    'Host: a\r\nHost: a\r\n',
    'Host: a\r\nConnection: close\r\n',
    'Host: a\r\nContent-Length: 01\r\n',
    'Host: a\r\nX-A:a\r\n',
    `Host: a\r\n${'X-A: a\r\n'.repeat(100)}`,
  ];
  for (const lines of refused)
    t.equal(memory.read(headOf(lines)), undefined, `${JSON.stringify(lines.slice(0, 40))}, first`);
  const known = memory.read(headOf(ALICE));
  for (const lines of refused) {
    t.equal(memory.read(headOf(lines)), undefined, JSON.stringify(lines.slice(0, 40)));
    t.equal(memory.read(headOf(ALICE)), known, 'what was known still is');
  }
  t.ok(memory.read(headOf(`Host: a\r\n${'X-A: a\r\n'.repeat(99)}`)), 'a hundred lines');
});

await t.test('fields that were forgotten are read anew', async (t) => {
  const memory = new FieldsMemory(intake, PEER);
  memory.forget();
  t.equal(memory.read(headOf('')), undefined, 'nothing is not remembered');
  const known = memory.read(headOf(ALICE));
  memory.forget();
  const again = memory.read(headOf(ALICE));
  t.not(again, known);
  t.same(again, known);
});

await t.test('two connections know nothing of each other', async (t) => {
  const one = new FieldsMemory(intake, PEER);
  const other = new FieldsMemory(intake, { ...PEER, address: '198.51.100.7', isTls: true });
  const [ofOne, ofOther] = [one.read(headOf(ALICE)), other.read(headOf(ALICE))];
  t.match(ofOne?.client, { address: '203.0.113.9', scheme: 'http' });
  t.match(ofOther?.client, { address: '198.51.100.7', scheme: 'https' });
  other.read(headOf(BOB));
  one.forget();
  t.match(other.read(headOf(BOB))?.forwardedLines, /Bearer bob\r\nX-Forwarded-For: 198\.51\.100\.7\r\n/);
  t.match(one.read(headOf(ALICE))?.forwardedLines, /Bearer alice\r\nX-Forwarded-For: 203\.0\.113\.9\r\n/);
});
