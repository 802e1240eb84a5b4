// The certificate that every rival shows in one run: self-signed, ECDSA P-256, for localhost, made by openssl.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BenchCertificate {
  /** Files in PEM. */
  readonly certificate: string;
  readonly key: string;
  /** One file with both, as HAProxy takes it. */
  readonly both: string;
  /** The certificate itself, which clients trust. */
  readonly pem: string;
}

/** @param folder where its files stay */
export function makeCertificate(folder: string): BenchCertificate {
  const files = {
    certificate: join(folder, 'localhost.pem'),
    key: join(folder, 'localhost.key'),
    both: join(folder, 'localhost-both.pem'),
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.key];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...names, '-out', files.certificate], {
    stdio: 'pipe',
  });
  const pem = readFileSync(files.certificate, 'utf8');
  writeFileSync(files.both, pem + readFileSync(files.key, 'utf8'), { mode: 0o600 });
  return { ...files, pem };
}
