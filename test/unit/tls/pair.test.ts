// Which two files can be served as a certificate, and what is said of those that cannot.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

import t from 'tap';

import { findTimeFault, judgePair, type PairTexts } from '../../../src/tls/pair.ts';
import { createAuthority } from '../../harness/certificates.ts';

const authority = createAuthority(t);
const issuer = readFileSync(authority.file, 'utf8');
const text = (name: string): PairTexts => {
  const { cert, key } = authority.issue(name);
  return { certificate: cert.toString(), key: key.toString() };
};
const chat = text('chat.test');
const meet = text('meet.test');
const chain = { certificate: chat.certificate + issuer, key: chat.key };

await t.test('a certificate with its chain and its key is good', async (t) => {
  const verdict = judgePair(chain);
  if (!('pair' in verdict)) throw new Error('refused');
  t.equal(verdict.pair.leaf.checkHost('chat.test'), 'chat.test');
  t.equal(verdict.pair.expiresAtMs, verdict.pair.leaf.validToDate.getTime());
  t.equal(verdict.pair.cert.match(/BEGIN CERTIFICATE/g)?.length, 2);
  t.same(verdict.pair.warnings, []);
});

await t.test('what stands around the blocks does not matter', async (t) => {
  const curve = execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey'], { stdio: 'pipe' });
  t.match(curve.toString(), 'BEGIN EC PARAMETERS', 'openssl writes them before the key');
  const both = judgePair({ certificate: chat.key + chain.certificate, key: `${issuer}\r\n${chat.key}` });
  t.ok('pair' in both);
  const mismatch = judgePair({ ...chain, key: curve.toString() });
  t.match(mismatch, { fault: { file: 'key', problem: /^is not the key of the certificate/ } });
});

await t.test('a certificate without those of its issuers is served with a warning', async (t) => {
  t.match(judgePair(chat), { pair: { warnings: [/fullchain\.pem/] } });
});

await t.test('what is wrong is said, and nothing of the files is repeated', async (t) => {
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const encrypted = generateKeyPairSync('ed25519').privateKey.export({
    ...pkcs8,
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  const broken = chat.certificate.replace(/\n[A-Za-z0-9+/]{64}\n/, '\nAAAA\n');
  const brokenKey = chat.key.replace(/\n[A-Za-z0-9+/]{64}\n/, '\nAAAA\n');
  const rows: readonly [PairTexts, 'certificate' | 'key', RegExp][] = [
    [{ ...chain, certificate: '' }, 'certificate', /^holds no certificate in PEM/],
    [{ certificate: chat.key, key: chat.certificate }, 'certificate', /^holds no certificate in PEM/],
    [{ ...chain, certificate: broken }, 'certificate', /number 1 is broken/],
    [{ ...chain, certificate: chat.certificate + broken }, 'certificate', /number 2 is broken/],
    [{ ...chain, certificate: chat.certificate.repeat(17) }, 'certificate', /more than 16/],
    [
      { ...chain, certificate: issuer + chat.certificate },
      'certificate',
      /^does not begin with the server's own/,
    ],
    [{ ...chain, key: '' }, 'key', /^holds no private key in PEM/],
    [{ ...chain, key: brokenKey }, 'key', /broken/],
    [{ ...chain, key: String(encrypted) }, 'key', /^is encrypted/],
    [{ ...chain, key: meet.key }, 'key', /^is not the key of the certificate/],
  ];
  for (const [texts, file, problem] of rows)
    t.match(judgePair(texts), { fault: { file, problem } }, String(problem));
});

await t.test('a certificate has its time', async (t) => {
  const verdict = judgePair(chain);
  if (!('pair' in verdict)) throw new Error('refused');
  const { pair } = verdict;
  const fromMs = pair.leaf.validFromDate.getTime();
  t.match(findTimeFault(pair, fromMs - 1), { file: 'certificate', problem: /^is not valid before 2/ });
  t.equal(findTimeFault(pair, fromMs), undefined);
  t.equal(findTimeFault(pair, pair.expiresAtMs - 1), undefined);
  t.match(findTimeFault(pair, pair.expiresAtMs), { file: 'certificate', problem: /^expired on 2/ });
});
