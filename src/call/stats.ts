// Reports of a call's quality, folded: of each number how many there were, the least, the mean, the most and the last.
// Pure, and the folded size does not grow with the reports. What may be reported is checked in requests.ts.

import type { UserId } from '../matrix/ids.ts';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly what: string;
}

/** What a device may report. Beyond these it is no measurement, and would only spoil the mean. */
export const STATS_RANGES = {
  setupMs: { min: 0, max: 600_000, what: 'From the answer until media flowed' },
  iceMs: { min: 0, max: 600_000, what: 'From the start of ICE until it had a working pair' },
  rttMs: { min: 0, max: 60_000, what: 'Round trip' },
  jitterMs: { min: 0, max: 10_000, what: 'Jitter of what is received' },
  lossPercent: { min: 0, max: 100, what: 'Packets lost of those expected' },
  mos: { min: 1, max: 5, what: 'Mean opinion score; estimated from the three above if left out' },
} as const satisfies Record<string, Range>;

export type StatsNumber = keyof typeof STATS_RANGES;
export const STATS_NUMBERS = Object.keys(STATS_RANGES) as readonly StatsNumber[];

export const CANDIDATE_TYPES = ['host', 'srflx', 'prflx', 'relay'] as const;
export const PROTOCOLS = ['udp', 'tcp', 'tls'] as const;
export type CandidateType = (typeof CANDIDATE_TYPES)[number];
export type Protocol = (typeof PROTOCOLS)[number];

export interface StatsReport {
  readonly numbers: Readonly<Partial<Record<StatsNumber, number>>>;
  readonly candidateType?: CandidateType;
  readonly protocol?: Protocol;
}

export interface FoldedNumber {
  readonly count: number;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly last: number;
}

/** What is stored per participant; of the texts, the last. */
export interface StatsSummary {
  readonly reports: number;
  readonly numbers: Readonly<Partial<Record<StatsNumber, FoldedNumber>>>;
  readonly candidateType?: CandidateType;
  readonly protocol?: Protocol;
}

const NOTHING: StatsSummary = { reports: 0, numbers: {} };
const PLACES = 100;

export function foldStats(before: StatsSummary | undefined, report: StatsReport): StatsSummary {
  const { numbers: given, ...texts } = report;
  const { reports, numbers, ...others } = before ?? NOTHING;
  const mos = given.mos ?? estimateMos(given);
  const reported = mos === undefined ? given : { ...given, mos };
  const folded: Partial<Record<StatsNumber, FoldedNumber>> = { ...numbers };
  for (const name of STATS_NUMBERS) {
    const value = reported[name];
    if (value !== undefined) folded[name] = foldNumber(folded[name], value);
  }
  return { reports: reports + 1, numbers: folded, ...others, ...texts };
}

function foldNumber(before: FoldedNumber | undefined, value: number): FoldedNumber {
  if (before === undefined) return { count: 1, min: value, avg: value, max: value, last: value };
  const count = before.count + 1;
  return {
    count,
    min: Math.min(before.min, value),
    avg: before.avg + (value - before.avg) / count,
    max: Math.max(before.max, value),
    last: value,
  };
}

/** The usual simplification of the E-model (ITU-T G.107): jitter counts twice, for buffers wait for the late ones. */
function estimateMos({ rttMs, jitterMs, lossPercent }: StatsReport['numbers']): number | undefined {
  if (rttMs === undefined || jitterMs === undefined || lossPercent === undefined) return undefined;
  const delayMs = rttMs / 2 + 2 * jitterMs + 10;
  const delayCost = delayMs < 160 ? delayMs / 40 : (delayMs - 120) / 10;
  const r = Math.max(0, Math.min(100, 93.2 - delayCost - 2.5 * lossPercent));
  const mos = 1 + 0.035 * r + 0.000_007 * r * (r - 60) * (100 - r);
  return round(Math.max(1, Math.min(5, mos)));
}

/** @returns undefined for what is no summary of ours: the next report then begins a new one */
export function readSummary(text: string | undefined): StatsSummary | undefined {
  if (text === undefined) return undefined;
  const stored = objectIn(text);
  const { reports, numbers, candidateType, protocol } = stored;
  if (typeof reports !== 'number' || typeof numbers !== 'object' || numbers === null) return undefined;
  const known: Partial<Record<StatsNumber, FoldedNumber>> = {};
  const given: Readonly<Record<string, unknown>> = { ...numbers };
  for (const name of STATS_NUMBERS) {
    const folded = given[name];
    if (isFolded(folded)) known[name] = folded;
  }
  const type = CANDIDATE_TYPES.find((word) => word === candidateType);
  const transport = PROTOCOLS.find((word) => word === protocol);
  return {
    reports,
    numbers: known,
    ...(type === undefined ? {} : { candidateType: type }),
    ...(transport === undefined ? {} : { protocol: transport }),
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isFolded(value: unknown): value is FoldedNumber {
  if (typeof value !== 'object' || value === null) return false;
  const members: Readonly<Record<string, unknown>> = { ...value };
  return ['count', 'min', 'avg', 'max', 'last'].every((name) => Number.isFinite(members[name]));
}

/** An entry of `stats` in the timeline. */
export function statsView(userId: UserId, { numbers, ...summary }: StatsSummary) {
  const shown = STATS_NUMBERS.flatMap((name) => {
    const folded = numbers[name];
    return folded === undefined ? [] : [[name, { ...folded, avg: round(folded.avg) }] as const];
  });
  return { matrix_user_id: userId, ...summary, ...Object.fromEntries(shown) };
}

function round(value: number): number {
  return Math.round(value * PLACES) / PLACES;
}
