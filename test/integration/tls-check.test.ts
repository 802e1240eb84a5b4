// `portico check` and the start, on the same certificates: what the one calls a fault the other refuses, and both warn of a
// public URL that no certificate is for.

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { createCertificateFolder } from '../harness/certificate-files.ts';
import { startGateway } from '../harness/gateway.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';

const MAIN = join(REPOSITORY_DIR, 'src/main.ts');
const certificates = createCertificateFolder(t);
const chat = certificates.write('chat', certificates.issue('chat.test'));
const meet = certificates.write('meet', certificates.issue('meet.test'));

function check(environment: NodeJS.ProcessEnv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'check'], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

await t.test('check reads the files, and tells what the start would refuse', async (t) => {
  const good = { PORTICO_TLS_CERTIFICATE: chat.certificate, PORTICO_TLS_KEY: chat.key };
  t.match(check(good), {
    status: 0,
    stdout: `certificate: ${chat.certificate}`,
    stderr: /^warning: the file .*chat\.pem holds no certificate of an issuer/,
  });
  t.strictSame(check({ ...good, PORTICO_TLS_KEY: meet.key }), {
    status: 1,
    stdout: '',
    stderr:
      '1 fault in the configuration:\n\n' +
      'tls.key names a file that is not the key of the certificate that it is given with\n' +
      `  value:   ${JSON.stringify(meet.key)}\n`,
  });
  const missing = join(certificates.folder, 'missing.pem');
  t.match(check({ ...good, PORTICO_TLS_CERTIFICATE: missing }), {
    status: 1,
    stderr: /tls\.certificate names a file that does not exist/,
  });
});

await t.test('check and the start warn of a public URL that no certificate is for', async (t) => {
  const warning =
    'no certificate is for other.test, the host of public_url: clients that it sends here refuse';
  const environment = { PORTICO_TLS_CERTIFICATE: chat.certificate, PORTICO_TLS_KEY: chat.key };
  const found = check({ ...environment, PORTICO_PUBLIC_URL: 'https://other.test' });
  t.match(found, { status: 0, stderr: `warning: ${warning}\n` });
  const started = await startGateway(t, { tls: chat, public_url: 'https://other.test' });
  t.match(
    started.logged.filter(({ level }) => level === 40),
    [{ msg: /./ }, { msg: warning }],
  );
  const { logged } = await startGateway(t, { tls: chat, public_url: 'https://chat.test' });
  t.notOk(logged.some(({ msg }) => String(msg).includes('public_url')));
});
