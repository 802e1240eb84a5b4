// Certificates for one test: an authority of its own and servers that it vouches for, made by openssl and gone after the
// test. Who trusts the authority is the test's.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';

export interface ServerCertificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export interface TestAuthority {
  /** PEM file, for NODE_EXTRA_CA_CERTS. */
  readonly file: string;
  /** @param name DNS name, the only one that the certificate is for */
  issue(name: string): ServerCertificate;
}

const NEW_KEY = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];

export function createAuthority(t: Test): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'portico-authority-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const make = (name: string, options: readonly string[]): { key: string; file: string } => {
    const made = { key: join(folder, `${name}.key`), file: join(folder, `${name}.pem`) };
    const subject = ['-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.file];
    execFileSync('openssl', [...NEW_KEY, ...subject, ...options], { stdio: 'pipe' });
    return made;
  };
  const authority = make('authority', []);
  return {
    file: authority.file,
    issue(name) {
      const signed = ['-CA', authority.file, '-CAkey', authority.key];
      const { key, file } = make(name, [
        ...signed,
        '-addext',
        `subjectAltName=DNS:${name}`,
        '-addext',
        'basicConstraints=critical,CA:FALSE',
      ]);
      return { key: readFileSync(key), cert: readFileSync(file) };
    },
  };
}
