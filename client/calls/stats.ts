// What is read from `getStats` of one connection: totals now, and what they say about the time since the last ones. Pure.

import type { Measured } from './quality.ts';

/** Of one connection, since it was made; times are of the moment. */
export interface Totals {
  readonly received: number;
  readonly lost: number;
  readonly rttMs?: number;
  readonly jitterMs?: number;
  /** host, srflx, prflx or relay */
  readonly candidateType?: string;
  /** udp, tcp or tls */
  readonly protocol?: string;
}

type Entry = Readonly<Record<string, unknown>>;

/** @param report an RTCStatsReport */
export function readTotals(report: Iterable<readonly [string, unknown]>): Totals {
  const entries = new Map<string, Entry>([...report].map(([id, entry]) => [id, entry as Entry]));
  let [received, lost, jitter] = [0, 0, undefined as number | undefined];
  let pair: Entry | undefined;
  for (const entry of entries.values()) {
    if (entry['type'] === 'inbound-rtp') {
      received += numberOf(entry['packetsReceived']) ?? 0;
      lost += numberOf(entry['packetsLost']) ?? 0;
      if (entry['kind'] === 'audio') jitter = numberOf(entry['jitter']);
    } else if (entry['type'] === 'transport') {
      pair = entries.get(String(entry['selectedCandidatePairId'])) ?? pair;
    } else if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) {
      pair ??= entry;
    }
  }
  const local = entries.get(String(pair?.['localCandidateId']));
  const rtt = numberOf(pair?.['currentRoundTripTime']);
  const candidateType = local?.['candidateType'];
  const protocol = local?.['relayProtocol'] ?? local?.['protocol'];
  return {
    received,
    lost,
    ...(rtt === undefined ? {} : { rttMs: rtt * 1000 }),
    ...(jitter === undefined ? {} : { jitterMs: jitter * 1000 }),
    ...(typeof candidateType === 'string' ? { candidateType } : {}),
    ...(typeof protocol === 'string' ? { protocol } : {}),
  };
}

/** Since the last totals; nothing about loss where nothing came, for then nobody may have sent. */
export function measure(before: Totals | undefined, { received, lost, rttMs, jitterMs }: Totals): Measured {
  const gotPackets = received - (before?.received ?? 0);
  // Packets that come after all make the number smaller.
  const lostPackets = Math.max(0, lost - (before?.lost ?? 0));
  const isCounted = gotPackets > 0;
  return {
    ...(isCounted ? { lossPercent: (100 * lostPackets) / (gotPackets + lostPackets) } : {}),
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(isCounted && jitterMs !== undefined ? { jitterMs } : {}),
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

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
