// `tls`: the certificates by which the addresses of `listen` speak TLS, and what comes with it. What contradicts the
// other sections is tls-conflicts.ts; what stands in the files is tls/pair.ts.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { duration } from '../kinds/duration.ts';
import { filePath } from '../kinds/file-path.ts';
import type { Kind } from '../kinds/kind.ts';
import { listenAddress } from '../kinds/listen-address.ts';
import { recordOf, required } from '../kinds/record.ts';

const HOUR_MS = 3_600_000;

const certificateMembers = {
  certificate: required('certificate', filePath, '/etc/portico/fullchain.pem', 'The PEM file of the chain.'),
  key: required('key', filePath, '/etc/portico/privkey.pem', 'The PEM file of its key.'),
};

const certificatePair = recordOf(certificateMembers);

/** The two files of one certificate. */
export type CertificateFiles = typeof certificatePair extends Kind<infer T> ? T : never;

export const tlsSection = section(
  'tls',
  'Certificates, with which every TCP address of listen speaks TLS (1.2 or later) and no plain HTTP.',
  {
    certificate: optionalKey(
      'certificate',
      filePath,
      '/etc/letsencrypt/live/matrix.example.org/fullchain.pem',
      'The PEM file of the certificate and, behind it, those of its issuers. It is watched: a new one is served within half a minute, and no connection ends.',
    ),
    key: optionalKey(
      'key',
      filePath,
      '/etc/letsencrypt/live/matrix.example.org/privkey.pem',
      'The PEM file of the private key, without a passphrase. It is watched as well.',
    ),
    certificates: key(
      'certificates',
      listOf(certificatePair),
      [],
      'Certificates for further names. Each client gets the one for the name that it asks for, and where there is none, the first of all.',
    ),
    redirect: optionalKey(
      'redirect',
      listenAddress,
      '80',
      'An address that speaks plain HTTP and answers every request with a redirect (308) to https://.',
    ),
    hstsMs: optionalKey(
      'hsts',
      duration({ minMs: 0, maxMs: 2 * 365 * 24 * HOUR_MS }),
      '8760h',
      'How long browsers are to refuse plain HTTP for this name (8760h are a year), said with every answer (Strict-Transport-Security). They cannot be told otherwise but by an answer with 0s.',
    ),
  },
  { together: ['certificate', 'key'] },
);

export type TlsConfig = ConfigOf<typeof tlsSection.entries>;

/** Every certificate that is given; the first is for clients that ask for no name, or for an unknown one. */
export function certificateFiles({ certificate, key: keyFile, certificates }: TlsConfig): CertificateFiles[] {
  const first = certificate === undefined || keyFile === undefined ? [] : [{ certificate, key: keyFile }];
  return [...first, ...certificates];
}
