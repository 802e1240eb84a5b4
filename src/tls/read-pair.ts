// The two files of a certificate, read from the disk and made ready to be served; judged by pair.ts and, for what it asks
// beyond that, by OpenSSL. Keeps nothing and watches nothing.

import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import type { CertificateFiles } from '../config/sections/tls.ts';
import { readTextFile } from '../config/text-file.ts';
import { judgePair, type Pair, type PairFault } from './pair.ts';

export interface Served {
  readonly pair: Pair;
  readonly context: SecureContext;
}

export const PROTOCOL = {
  minVersion: 'TLSv1.2',
  // TLS 1.2 clients could ask for one handshake after the other on a connection that is counted once.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} satisfies SecureContextOptions;

/** Must not throw: the files are anything. The time is not looked at (findTimeFault). */
export function readPair(
  files: CertificateFiles,
): { readonly served: Served } | { readonly fault: PairFault } {
  const certificate = readTextFile(files.certificate);
  if ('problem' in certificate) return { fault: { file: 'certificate', problem: certificate.problem } };
  const key = readTextFile(files.key);
  if ('problem' in key) return { fault: { file: 'key', problem: key.problem } };
  const verdict = judgePair({ certificate: certificate.text, key: key.text });
  if ('fault' in verdict) return verdict;
  const { pair } = verdict;
  try {
    const context = createSecureContext({ ...PROTOCOL, cert: pair.cert, key: pair.key });
    return { served: { pair, context } };
  } catch (error) {
    // What OpenSSL asks for beyond this, such as keys of a certain length.
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return { fault: { file: 'certificate', problem: `cannot be served with its key: ${why}` } };
  }
}
