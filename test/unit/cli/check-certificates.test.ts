// What `portico check` finds in the files of certificates: what the start would refuse, what clients would, and what the
// operator should know.

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';

import t from 'tap';

import { checkCertificates } from '../../../src/cli/check-certificates.ts';
import { createCertificateFolder } from '../../harness/certificate-files.ts';
import { testConfig, type ConfigDocument } from '../../harness/gateway.ts';

const DAY_MS = 86_400_000;
const folder = createCertificateFolder(t);
const pair = folder.issue('chat.test');
const chat = folder.write('chat', pair);
const meet = folder.write('meet', folder.issue('meet.test'));
const nowMs = new X509Certificate(pair.cert).validFromDate.getTime() + 60_000;

function check(document: ConfigDocument, atMs = nowMs): ReturnType<typeof checkCertificates> {
  const { faults, warnings } = checkCertificates(testConfig(document, folder.folder), atMs);
  // Every certificate of these tests lacks its issuer's.
  return { faults, warnings: warnings.filter((warning) => !warning.includes('fullchain')) };
}

await t.test('good pairs have no faults, and without TLS there is nothing to find', async (t) => {
  t.strictSame(check({ tls: { ...chat, certificates: [meet] } }), { faults: [], warnings: [] });
  t.strictSame(check({ public_url: 'https://chat.test' }), { faults: [], warnings: [] });
});

await t.test('each file is named by its place in the configuration, and every fault is told', async (t) => {
  const missing = join(folder.folder, 'missing.pem');
  const mixed = { certificate: chat.certificate, key: meet.key };
  const { faults } = check({
    tls: { ...mixed, certificates: [meet, { certificate: missing, key: meet.key }] },
  });
  t.strictSame(faults, [
    {
      path: 'tls.key',
      problem: 'names a file that is not the key of the certificate that it is given with',
      value: JSON.stringify(meet.key),
    },
    {
      path: 'tls.certificates[1].certificate',
      problem: 'names a file that does not exist',
      value: JSON.stringify(missing),
    },
  ]);
  t.match(check({ tls: { certificates: [mixed] } }).faults, [{ path: 'tls.certificates[0].key' }]);
});

await t.test('a certificate out of its time is warned of: clients refuse it, but it is served', async (t) => {
  const late = check({ tls: chat }, nowMs + 3 * DAY_MS);
  t.strictSame(late.faults, []);
  t.match(late.warnings, [/^the file .* expired on 2/]);
  t.match(check({ tls: chat }, nowMs - DAY_MS).warnings, [/is not valid before 2/]);
});

await t.test('a public URL whose host is in no certificate is warned of', async (t) => {
  const tls = { ...chat, certificates: [meet] };
  for (const host of ['chat.test', 'meet.test', 'CHAT.test:8443'])
    t.strictSame(check({ tls, public_url: `https://${host}` }).warnings, [], host);
  for (const [origin, host] of [
    ['https://other.test', 'other.test'],
    ['https://x.chat.test:8443', 'x.chat.test'],
    ['https://[::1]', '::1'],
  ] as const) {
    const warning = `no certificate is for ${host}, the host of public_url: clients that it sends here refuse`;
    t.strictSame(check({ tls, public_url: origin }).warnings, [warning]);
  }
  const broken = { certificate: chat.key, key: chat.key };
  t.strictSame(
    check({ tls: broken, public_url: 'https://a.test' }).warnings,
    [],
    'not of files that are broken',
  );
});
