// What is read from `getStats` of one connection: totals now, and what they say about the time since the last ones. Pure.

import { numberOf, textOf } from '../members.ts';
import type { Measured } from './quality.ts';

/** Of one connection, since it was made; times are of the moment. */
export interface Totals {
  readonly received: number;
  readonly lost: number;
  readonly rttMs?: number | undefined;
  readonly jitterMs?: number | undefined;
  /** host, srflx, prflx or relay */
  readonly candidateType?: string | undefined;
  /** udp, tcp or tls */
  readonly protocol?: string | undefined;
}

type Entry = Readonly<Record<string, unknown>>;

/** @param report an RTCStatsReport */
export function readTotals(report: Iterable<readonly [string, unknown]>): Totals {
  const entries = new Map(report as Iterable<readonly [string, Entry]>);
  const all = [...entries.values()];
  const inbound = all.filter(({ type }) => type === 'inbound-rtp');
  const sum = (name: string) => inbound.reduce((total, entry) => total + (numberOf(entry[name]) ?? 0), 0);
  // Not every browser says which pair its transport uses.
  const transport = all.find(({ type }) => type === 'transport');
  const chosen = entries.get(String(transport?.['selectedCandidatePairId']));
  const pair = chosen ?? all.find(({ nominated }) => nominated === true);
  const local = entries.get(String(pair?.['localCandidateId']));
  const rtt = numberOf(pair?.['currentRoundTripTime']);
  const jitter = numberOf(inbound.find(({ kind }) => kind === 'audio')?.['jitter']);
  return {
    received: sum('packetsReceived'),
    lost: sum('packetsLost'),
    rttMs: rtt && rtt * 1000,
    jitterMs: jitter && jitter * 1000,
    candidateType: textOf(local?.['candidateType']) || undefined,
    protocol: textOf(local?.['relayProtocol'] ?? local?.['protocol']) || undefined,
  };
}

/** Since the last totals; nothing about loss where nothing came, for then nobody may have sent. */
export function measure(
  before: Totals | undefined = { received: 0, lost: 0 },
  { received, lost, rttMs, jitterMs }: Totals,
): Measured {
  const gotPackets = received - before.received;
  // Packets that come after all make the number smaller.
  const lostPackets = Math.max(0, lost - before.lost);
  const isCounted = gotPackets > 0;
  return {
    lossPercent: isCounted ? (100 * lostPackets) / (gotPackets + lostPackets) : undefined,
    rttMs,
    jitterMs: isCounted ? jitterMs : undefined,
  };
}

/** The mean of the samples of some time, each number by itself. */
export function mean(samples: readonly Measured[]): Measured {
  const result: { -readonly [Name in keyof Measured]: number } = {};
  for (const name of ['lossPercent', 'rttMs', 'jitterMs'] as const) {
    const values = samples.flatMap((sample) => sample[name] ?? []);
    if (values.length > 0) result[name] = values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return result;
}
