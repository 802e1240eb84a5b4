// The certificates that are served: read at the start, swapped when their files change, chosen by the name that a client
// asks for. A pair that is no good never takes the place of one that is. Owns no socket; servers follow it.

import { constants } from 'node:crypto';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import type { CancelTimer, Clock } from '../clock.ts';
import type { CertificateFiles } from '../config/sections/tls.ts';
import { readTextFile } from '../config/text-file.ts';
import type { Random } from '../random.ts';
import { findTimeFault, judgePair, type Pair } from './pair.ts';
import { WatchedFiles } from './watched-files.ts';

export interface CertificatesParts {
  readonly clock: Clock;
  readonly random: Random;
  /** A certificate is served from now on. @param index its place among those that were given */
  readonly onServed: (index: number, pair: Pair) => void;
  /** Changed files are no good, and what was served before goes on being served. @param problem a whole sentence */
  readonly onRefused: (index: number, problem: string) => void;
  /** @param problem a whole sentence */
  readonly onWarning: (index: number, problem: string) => void;
}

/** Certificates that cannot be served at the start; the message, for the operator, names every one of them. */
export class CertificateError extends Error {}

export interface Certificates {
  /** Reads every file, and watches them from then on. @throws CertificateError */
  open(): Promise<void>;
  close(): void;
  /** How a server that opens now speaks TLS. @throws if they are not open */
  serverOptions(): ServerOptions;
  /** The server gets what changes from now on; servers are never forgotten. */
  follow(server: Server): void;
  /** Whether one of the certificates is for this name or address. */
  isFor(host: string): boolean;
}

interface Served {
  readonly pair: Pair;
  readonly context: SecureContext;
}

/** Whoever finds the keys of tickets out can read every TLS 1.2 session that was resumed with them. */
const TICKET_KEYS_MS = 12 * 3_600_000;
const TICKET_KEYS_BYTES = 48;

const PROTOCOL = {
  minVersion: 'TLSv1.2',
  // TLS 1.2 clients could ask for one handshake after the other on a connection that is counted once.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} satisfies SecureContextOptions;

/** @param given at least one; the first is for clients that ask for no name, or for an unknown one */
export function createCertificates(
  given: readonly CertificateFiles[],
  parts: CertificatesParts,
): Certificates {
  const { clock, random } = parts;
  const served: Served[] = [];
  const servers: Server[] = [];
  const watched = given.map(
    (files, index) => new WatchedFiles([files.certificate, files.key], clock, () => reload(index)),
  );
  let ticketKeys = newTicketKeys();
  let cancelTicketKeys: CancelTimer | undefined;

  return {
    async open() {
      await Promise.all(watched.map((files) => files.open()));
      const problems: string[] = [];
      for (const [index, files] of given.entries()) {
        const read = readServed(files);
        if (typeof read === 'string') {
          problems.push(read);
          continue;
        }
        // There is nothing better to serve, and somebody may want to look at what is wrong.
        const late = findTimeFault(read.pair, clock.nowMs());
        if (late !== undefined) parts.onWarning(index, `the file ${files[late.file]} ${late.problem}`);
        serve(index, read);
      }
      if (problems.length > 0) {
        this.close();
        throw new CertificateError(problems.join('\n'));
      }
      renewTicketKeysLater();
    },
    close() {
      for (const files of watched) files.close();
      cancelTicketKeys?.();
    },
    serverOptions: () => ({
      ...defaultOptions(),
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => done(null, contextFor(name)),
    }),
    follow: (server) => void servers.push(server),
    isFor: (host) => served.some(({ pair }) => isCertified(pair, host)),
  };

  function reload(index: number): void {
    const files = given[index];
    if (files === undefined) return;
    const read = readServed(files);
    if (typeof read === 'string') {
      parts.onRefused(index, read);
      return;
    }
    const late = findTimeFault(read.pair, clock.nowMs());
    if (late !== undefined) {
      parts.onRefused(index, `the file ${files[late.file]} ${late.problem}`);
      return;
    }
    serve(index, read);
    if (index === 0) for (const server of servers) server.setSecureContext(defaultOptions());
  }

  function serve(index: number, read: Served): void {
    served[index] = read;
    parts.onServed(index, read.pair);
    for (const warning of read.pair.warnings) {
      parts.onWarning(index, `the file ${given[index]?.certificate ?? ''} ${warning}`);
    }
  }

  function defaultOptions(): SecureContextOptions & { ticketKeys: Buffer } {
    const first = served[0];
    if (first === undefined) throw new Error('the certificates are not open');
    // Tickets are judged by the server's own context whatever name is asked for, so that these keys keep sessions alive
    // over a swap, and on every listener.
    return { ...PROTOCOL, cert: first.pair.cert, key: first.pair.key, ticketKeys };
  }

  /** Undefined stands for the server's own context. Must not throw: nothing catches it, and the name is anybody's. */
  function contextFor(name: string): SecureContext | undefined {
    return served.find(({ pair }) => isCertified(pair, name))?.context;
  }

  function renewTicketKeysLater(): void {
    cancelTicketKeys = clock.after(TICKET_KEYS_MS, () => {
      ticketKeys = newTicketKeys();
      for (const server of servers) server.setTicketKeys(ticketKeys);
      renewTicketKeysLater();
    });
  }

  function newTicketKeys(): Buffer {
    return Buffer.from(random.hex(TICKET_KEYS_BYTES), 'hex');
  }
}

/** What can be served, or what is wrong in a whole sentence. */
function readServed(files: CertificateFiles): Served | string {
  const certificate = readTextFile(files.certificate);
  if ('problem' in certificate) return `the file ${files.certificate} ${certificate.problem}`;
  const key = readTextFile(files.key);
  if ('problem' in key) return `the file ${files.key} ${key.problem}`;
  const verdict = judgePair({ certificate: certificate.text, key: key.text });
  if ('fault' in verdict) {
    const { file, problem } = verdict.fault;
    return `the file ${files[file]} ${problem}`;
  }
  const { pair } = verdict;
  try {
    return { pair, context: createSecureContext({ ...PROTOCOL, cert: pair.cert, key: pair.key }) };
  } catch (error) {
    // What OpenSSL asks for beyond this, such as keys of a certain length.
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return `the file ${files.certificate} cannot be served with its key: ${why}`;
  }
}

function isCertified({ leaf }: Pair, host: string): boolean {
  try {
    return (leaf.checkHost(host) ?? leaf.checkIP(host)) !== undefined;
  } catch {
    // Names that are none (a NUL, for instance).
    return false;
  }
}
