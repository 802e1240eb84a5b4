// Certificates as files that a gateway watches: written, replaced and broken by a test. What is in them is issued by
// certificates.ts.

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import type { Test } from 'tap';

import { createAuthority, type ServerCertificate } from './certificates.ts';

export interface CertificateFolder {
  readonly folder: string;
  /** PEM of the authority, which clients trust. */
  readonly ca: Buffer;
  issue(name: string): ServerCertificate;
  /** Writes both files, each at once. @returns their paths, as the configuration takes them */
  write(files: string, pair: ServerCertificate): { readonly certificate: string; readonly key: string };
}

export function createCertificateFolder(t: Test): CertificateFolder {
  const authority = createAuthority(t);
  const folder = mkdtempSync(join(tmpdir(), 'portico-certificates-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    ca: readFileSync(authority.file),
    issue: (name) => authority.issue(name),
    write(files, { cert, key }) {
      const paths = { certificate: join(folder, `${files}.pem`), key: join(folder, `${files}.key`) };
      put(paths.certificate, cert);
      put(paths.key, key);
      return paths;
    },
  };
}

/** Never half of a file is seen. */
function put(path: string, content: Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** A TLS client that has done its handshake, or failed with an error of Node. */
export function connectTls(t: Test, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], ...options });
    t.teardown(() => socket.destroy());
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

export interface TlsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** One request by https on a connection of its own, unless an agent is given. */
export function askTls(port: number, options: RequestOptions, body?: string): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
