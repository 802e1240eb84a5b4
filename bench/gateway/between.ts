// What stands between the load generator and the server behind while a scenario runs: a rival that was started for it
// alone, or nothing. Owns the life of that rival; loads nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BenchCertificate } from './certificate.ts';
import type { Question, Target } from './connection.ts';
import { freePort, RIVAL_CORE, startServer } from './pinned-process.ts';
import { SMALL } from './questions.ts';
import type { Rival } from './rivals.ts';
import type { SynapseBehind } from './synapse-behind.ts';

/** By name. What does not apply to a direct connection is missing there. */
export type Figures = Readonly<Record<string, number>>;

export interface Round {
  /** Undefined for the direct connection. */
  readonly rival: Rival | undefined;
  readonly originPort: number;
  readonly seconds: number;
  readonly synapse: SynapseBehind;
  readonly certificate: BenchCertificate;
}

export interface Scenario {
  readonly name: string;
  run(round: Round): Promise<Figures>;
}

export interface Between {
  readonly target: Target;
  cpuSeconds(): number;
  rssBytes(): number;
}

export interface BetweenOptions {
  /** Of the server behind; the origin when left out. */
  readonly targetPort?: number;
  /** What is answered as soon as the rival serves. */
  readonly ready?: Question;
  /** Without it the rival speaks plain HTTP. */
  readonly certificate?: BenchCertificate;
}

export async function withRival(
  round: Round,
  measure: (between: Between, round: Round) => Promise<Figures>,
  { targetPort = round.originPort, ready = SMALL, certificate }: BetweenOptions = {},
): Promise<Figures> {
  const { rival } = round;
  if (rival === undefined) {
    return measure(
      { target: { port: targetPort }, cpuSeconds: () => Number.NaN, rssBytes: () => Number.NaN },
      round,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-rival-'));
  try {
    const target = { port: await freePort(), ca: certificate?.pem };
    const command = rival.command({ port: target.port, targetPort, folder, certificate });
    const server = await startServer(command, RIVAL_CORE, target, ready);
    try {
      return await measure(server, round);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
