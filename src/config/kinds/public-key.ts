// The public key that tokens are verified with, as PEM. Owns which algorithms each key can verify: a token never chooses
// beyond them. Refuses a private key, which whoever only verifies must not have.

import { createPublicKey, type KeyObject } from 'node:crypto';

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export interface PublicKey {
  /** SubjectPublicKeyInfo in PEM, on lines of its own whatever it was written like. */
  readonly pem: string;
  /** JWA names (RFC 7518, RFC 8037, RFC 9864) of what it can verify, at least one. */
  readonly algorithms: readonly string[];
}

/** RFC 7518 sections 3.3 and 3.5: a shorter RSA key must not be used. */
const MIN_RSA_BITS = 2_048;
const RSA_PSS = ['PS256', 'PS384', 'PS512'];
const RSA = ['RS256', 'RS384', 'RS512', ...RSA_PSS];
const BY_CURVE: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
]);

/** Blanks stand for the line breaks that an environment variable lost; some servers show the base64 alone. */
const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/;
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

export const publicKey: Kind<PublicKey> = wholeKind<PublicKey>({
  name: 'a public key',
  allowed:
    'a PEM public key (BEGIN PUBLIC KEY) or its base64 alone: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519',
  schema: { type: 'string', minLength: 1 },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text' };
    if (input.includes('PRIVATE KEY-----'))
      return { problem: 'is a private key, which belongs only to who signs the tokens' };
    if (input.includes('BEGIN CERTIFICATE-----'))
      return { problem: 'is a certificate: take its key out with openssl x509 -pubkey -noout' };
    const base64 = BASE64.test(input) ? input : PEM.exec(input)?.[1];
    const key = base64 === undefined ? undefined : readKey(base64);
    if (key === undefined) return { problem: 'is not such a key' };
    const algorithms = algorithmsOf(key);
    return 'problem' in algorithms
      ? algorithms
      : { value: { pem: String(key.export({ type: 'spki', format: 'pem' })), algorithms } };
  },
  show: ({ pem }) => pem,
});

function readKey(base64: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function algorithmsOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): readonly string[] | { readonly problem: string } {
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (type === 'rsa' || type === 'rsa-pss') {
    const isLongEnough = (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
    if (!isLongEnough) return { problem: `is an RSA key of less than ${MIN_RSA_BITS} bits` };
    return type === 'rsa' ? RSA : RSA_PSS;
  }
  const ofCurve = type === 'ec' ? BY_CURVE.get(details?.namedCurve) : undefined;
  return ofCurve ?? { problem: 'is a key that no token is signed with' };
}
