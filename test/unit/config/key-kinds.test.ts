// The keys that tokens are verified with: which algorithms each allows, how it may be written, and what is no such key.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import t from 'tap';

import { publicKey } from '../../../src/config/kinds/public-key.ts';
import { signingSecret } from '../../../src/config/kinds/signing-secret.ts';

const pemOf = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }));
const base64Of = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64');

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed = generateKeyPairSync('ed25519');
const curve = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).publicKey;

await t.test('a key allows the algorithms of its kind, and none with a secret', async (t) => {
  const rows: readonly [key: KeyObject, algorithms: readonly string[]][] = [
    [rsa.publicKey, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    [generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).publicKey, ['PS256', 'PS384', 'PS512']],
    [curve('P-256'), ['ES256']],
    [curve('P-384'), ['ES384']],
    [curve('P-521'), ['ES512']],
    [ed.publicKey, ['EdDSA', 'Ed25519']],
  ];
  for (const [key, algorithms] of rows) {
    const value = { pem: pemOf(key), algorithms };
    t.same(publicKey.parse(pemOf(key)), { value }, algorithms.join(' '));
    t.same(publicKey.parse(publicKey.show(value)), { value }, 'and is read as it is shown');
  }
});

await t.test('a key may have lost its line breaks, or stand without its frame', async (t) => {
  const value = { pem: pemOf(ed.publicKey), algorithms: ['EdDSA', 'Ed25519'] };
  const forms = [
    pemOf(ed.publicKey).replaceAll('\n', ' '),
    pemOf(ed.publicKey).replaceAll('\n', ''),
    pemOf(ed.publicKey).replaceAll('\n', '\r\n'),
    `\n${pemOf(ed.publicKey)}\n\n`,
    base64Of(ed.publicKey),
    `${base64Of(ed.publicKey)}\n`,
  ];
  for (const form of forms) {
    t.same(publicKey.parse(form), { value }, JSON.stringify(form));
    t.same(publicKey.parseText(form), { value }, 'from a file too');
  }
});

await t.test('what is no such key is refused, without a word of it', async (t) => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  const rows: readonly [input: unknown, problem: RegExp][] = [
    [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }), /private key/],
    [rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }), /private key/],
    [ed.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'), /not such a key/],
    [rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }), /not such a key/],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', /certificate/],
    [pemOf(short.publicKey), /less than 2048 bits/],
    [pemOf(curve('secp256k1')), /no token is signed with/],
    [pemOf(generateKeyPairSync('x25519').publicKey), /no token is signed with/],
    [pemOf(ed.publicKey) + pemOf(rsa.publicKey), /not such a key/],
    [base64Of(ed.publicKey).slice(0, -8), /not such a key/],
    ['-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----', /not such a key/],
    ['canary', /not such a key/],
    ['', /not such a key/],
    [7, /not text/],
    [null, /not text/],
    [['canary'], /not text/],
  ];
  for (const [index, [input, problem]] of rows.entries()) {
    const parsed = publicKey.parse(input);
    t.match(parsed, { faults: [{ problem }] }, `row ${index}`);
    if ('faults' in parsed) t.notMatch(parsed.faults[0]?.problem, /canary|MII/, 'says nothing of it');
  }
});

await t.test('a secret has 32 bytes, whatever they are', async (t) => {
  for (const good of ['x'.repeat(32), '\u00e4'.repeat(16), ` ${'x'.repeat(31)}`])
    t.same(signingSecret.parse(good), { value: good });
  for (const bad of ['x'.repeat(31), '', 7, null, ['x'.repeat(32)]])
    t.ok('faults' in signingSecret.parse(bad), JSON.stringify(bad));
});
