// The part of the composition root that speaks TLS: the certificates, what is logged and counted of them, and the door
// that sends plain HTTP to them. Built by gateway.ts only.

import type { Logger } from 'pino';

import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { certificateFiles } from './config/sections/tls.ts';
import { createFrontDoor, type FrontDoorParts } from './http/front-door.ts';
import { ListenError } from './http/listen.ts';
import type { Listeners, ListenersParts, ListenerTls } from './http/listeners.ts';
import { createRedirect } from './http/redirect.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Random } from './random.ts';
import { CertificateError, createCertificates } from './tls/certificates.ts';
import { findPublicHostWarning } from './tls/public-host.ts';

export interface TlsParts {
  readonly config: Pick<Config, 'tls' | 'publicUrl'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A handshake failed or took too long. @param reason an error code of Node */
  readonly onFailed: (reason: string, client: string | undefined) => void;
}

export interface Tls {
  readonly listener: ListenerTls;
  /** @throws ListenError when a certificate cannot be served */
  open(): Promise<void>;
  close(): void;
  /** The address that redirects to TLS, if there is one. */
  redirect(
    doorParts: Omit<FrontDoorParts, 'forward' | 'own'>,
    addresses: Listeners['addresses'],
  ): Pick<ListenersParts, 'redirect'>;
}

/** Undefined without certificates: every address is plain HTTP then. */
export function createTls(parts: TlsParts): Tls | undefined {
  const { config, clock, random, log, metrics } = parts;
  const { redirect: address, hstsMs } = config.tls;
  const files = certificateFiles(config.tls);
  if (files.length === 0) return undefined;
  const describe = (index: number): object => ({ certificate: index, file: files[index]?.certificate });
  const certificates = createCertificates(files, {
    clock,
    random,
    onServed(index, { leaf, expiresAtMs }) {
      metrics.certificateExpiry.set({ certificate: index }, expiresAtMs / 1_000);
      const expires = leaf.validToDate.toISOString();
      log.info({ ...describe(index), names: leaf.subjectAltName, expires }, 'certificate served');
    },
    onRefused(index, problem) {
      metrics.certificatesRefused.inc({ certificate: index });
      log.error({ ...describe(index), problem }, 'certificate refused, the one before it is still served');
    },
    onWarning: (index, problem) => log.warn({ ...describe(index), problem }, 'certificate'),
  });

  return {
    listener: {
      serverOptions: () => certificates.serverOptions(),
      follow: (server) => certificates.follow(server),
      strictTransport: hstsMs === undefined ? undefined : `max-age=${Math.floor(hstsMs / 1_000)}`,
      onFailed(reason, client) {
        log.info({ client, reason }, 'TLS handshake failed');
        parts.onFailed(reason, client);
      },
    },
    async open() {
      try {
        await certificates.open();
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        throw new ListenError(`cannot speak TLS: ${error.message}`, { cause: error });
      }
      const warning = findPublicHostWarning(config.publicUrl, (host) => certificates.isFor(host));
      if (warning !== undefined) log.warn(warning);
    },
    close: () => certificates.close(),
    redirect(doorParts, addresses) {
      if (address === undefined) return {};
      const door = createFrontDoor({
        ...doorParts,
        own: createRedirect({
          isOurs: (host) => certificates.isFor(host),
          httpsPort: () => httpsPort(config.publicUrl, addresses()),
          clock,
        }),
      });
      return { redirect: { setting: 'tls.redirect', address, door } };
    },
  };
}

/** As clients see it: what maps another port to ours shows in the public URL only. */
function httpsPort(publicUrl: string | undefined, addresses: ReturnType<Listeners['addresses']>): number {
  if (publicUrl !== undefined) return Number(new URL(publicUrl).port || 443);
  const tcp = addresses.find(({ kind }) => kind === 'tcp');
  return tcp?.kind === 'tcp' ? tcp.port : 443;
}
