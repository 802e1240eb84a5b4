// Whether the two files of a certificate belong together and can be served. Reads no file and no clock: their texts and
// the time are arguments. What is wrong is said in words that continue "the file …"; nothing of a file is ever quoted.

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

export interface PairTexts {
  /** PEM: the server's certificate, then those of its issuers. */
  readonly certificate: string;
  /** PEM: its private key. */
  readonly key: string;
}

/** A certificate that can be served. */
export interface Pair {
  /** As `tls.createSecureContext` takes them. */
  readonly cert: string;
  readonly key: string;
  /** The server's own certificate. */
  readonly leaf: X509Certificate;
  readonly expiresAtMs: number;
  /** What the operator should know although it can be served; continues "the file …". */
  readonly warnings: readonly string[];
}

export interface PairFault {
  readonly file: keyof PairTexts;
  readonly problem: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[^]*?-----END \1-----/;
/** More than any chain has; each is parsed while everything else waits. */
const MAX_CHAIN = 16;

export function judgePair(texts: PairTexts): { readonly pair: Pair } | { readonly fault: PairFault } {
  const chain = readChain(texts.certificate);
  if (typeof chain === 'string') return faultOf('certificate', chain);
  const key = readKey(texts.key);
  if (typeof key === 'string') return faultOf('key', key);
  const [leaf] = chain.certificates;
  if (leaf === undefined) return faultOf('certificate', 'holds no certificate');
  if (!leaf.checkPrivateKey(key.object)) {
    const isBehind = chain.certificates.some((certificate) => certificate.checkPrivateKey(key.object));
    return isBehind
      ? faultOf('certificate', "does not begin with the server's own certificate: put its issuers behind it")
      : faultOf('key', 'is not the key of the certificate that it is given with');
  }
  const isLone = chain.certificates.length === 1 && leaf.subject !== leaf.issuer;
  const warnings = isLone
    ? ['holds no certificate of an issuer: clients that do not know it refuse (take fullchain.pem)']
    : [];
  return {
    pair: {
      cert: chain.pem,
      key: key.pem,
      leaf,
      expiresAtMs: leaf.validToDate.getTime(),
      warnings,
    },
  };
}

/** Why clients refuse the certificate at this time, if they do. */
export function findTimeFault({ leaf }: Pair, nowMs: number): PairFault | undefined {
  const problem =
    nowMs >= leaf.validToDate.getTime()
      ? `expired on ${leaf.validToDate.toISOString()}`
      : nowMs < leaf.validFromDate.getTime()
        ? `is not valid before ${leaf.validFromDate.toISOString()}`
        : undefined;
  return problem === undefined ? undefined : { file: 'certificate', problem };
}

/** Whether clients that ask for this name or address take the certificate for it. The name is anybody's. */
export function isPairFor({ leaf }: Pair, host: string): boolean {
  try {
    return (leaf.checkHost(host) ?? leaf.checkIP(host)) !== undefined;
  } catch {
    // Names that are none (a NUL, for instance).
    return false;
  }
}

function faultOf(file: keyof PairTexts, problem: string): { readonly fault: PairFault } {
  return { fault: { file, problem } };
}

/** The certificates and their PEM, or what is wrong. */
function readChain(text: string): { certificates: X509Certificate[]; pem: string } | string {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) return 'holds no certificate in PEM (BEGIN CERTIFICATE)';
  if (blocks.length > MAX_CHAIN) return `holds more than ${MAX_CHAIN} certificates`;
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      return `cannot be read: its certificate number ${index + 1} is broken`;
    }
  }
  return { certificates, pem: blocks.join('\n') };
}

/** The key and its PEM, or what is wrong. */
function readKey(text: string): { object: KeyObject; pem: string } | string {
  const pem = PRIVATE_KEY.exec(text)?.[0];
  if (pem === undefined) return 'holds no private key in PEM (BEGIN PRIVATE KEY)';
  if (/ENCRYPTED/.test(pem)) return 'is encrypted, and nobody is there to type its passphrase';
  try {
    return { object: createPrivateKey(pem), pem };
  } catch {
    return 'cannot be read: its private key is broken';
  }
}
