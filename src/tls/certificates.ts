// The certificates that are served: read at the start, swapped when their files change, chosen by the name that a client
// asks for. A pair that is no good never takes the place of one that is. Owns no socket; servers follow it.

import type { Server, ServerOptions } from 'node:https';
import type { SecureContext, SecureContextOptions } from 'node:tls';

import type { CancelTimer, Clock } from '../clock.ts';
import type { CertificateFiles } from '../config/sections/tls.ts';
import type { Random } from '../random.ts';
import { findTimeFault, isPairFor, type Pair, type PairFault } from './pair.ts';
import { PROTOCOL, readPair, type Served } from './read-pair.ts';
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

/** Whoever finds the keys of tickets out can read every TLS 1.2 session that was resumed with them. */
const TICKET_KEYS_MS = 12 * 3_600_000;
const TICKET_KEYS_BYTES = 48;

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
        const read = readPair(files);
        if ('fault' in read) {
          problems.push(sentenceOf(files, read.fault));
          continue;
        }
        // There is nothing better to serve, and somebody may want to look at what is wrong.
        const late = findTimeFault(read.served.pair, clock.nowMs());
        if (late !== undefined) parts.onWarning(index, sentenceOf(files, late));
        serve(index, read.served);
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
    isFor: (host) => served.some(({ pair }) => isPairFor(pair, host)),
  };

  function reload(index: number): void {
    const files = given[index];
    if (files === undefined) return;
    const read = readPair(files);
    if ('fault' in read) {
      parts.onRefused(index, sentenceOf(files, read.fault));
      return;
    }
    const late = findTimeFault(read.served.pair, clock.nowMs());
    if (late !== undefined) {
      parts.onRefused(index, sentenceOf(files, late));
      return;
    }
    serve(index, read.served);
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
    return served.find(({ pair }) => isPairFor(pair, name))?.context;
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

function sentenceOf(files: CertificateFiles, { file, problem }: PairFault): string {
  return `the file ${files[file]} ${problem}`;
}
