// What stands between the load generator and the server behind while something is measured: a rival that was started for
// one scenario alone, or nothing. Owns the life of that rival; loads nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BenchCertificate } from './certificate.ts';
import type { Question, Target } from './connection.ts';
import { freePort, RIVAL_CORE, startServer } from './pinned-process.ts';
import type { Rival } from './rivals.ts';

export interface Between {
  readonly target: Target;
  cpuSeconds(): number;
  rssBytes(): number;
  stop(): Promise<void>;
}

export interface BetweenOptions {
  /** Of the server behind. */
  readonly targetPort: number;
  /** What is answered as soon as the rival serves. */
  readonly ready: Question;
  /** Without it the rival speaks plain HTTP. */
  readonly certificate?: BenchCertificate;
}

/** @param rival undefined for the direct connection */
export async function startBetween(
  rival: Rival | undefined,
  { targetPort, ready, certificate }: BetweenOptions,
): Promise<Between> {
  if (rival === undefined) {
    return {
      target: { port: targetPort },
      cpuSeconds: () => Number.NaN,
      rssBytes: () => Number.NaN,
      stop: async () => undefined,
    };
  }
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-rival-'));
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const target = { port: await freePort(), ca: certificate?.pem };
    const command = rival.command({ port: target.port, targetPort, folder, certificate });
    const server = await startServer(command, RIVAL_CORE, target, ready);
    return { ...server, stop: () => server.stop().finally(forget) };
  } catch (error) {
    forget();
    throw error;
  }
}
