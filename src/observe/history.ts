// The last day of calls in numbers: how many began in each hour, how they ended, how long they rang, and which of them
// failed. Pure; where the calls come from, and the words for a failure, are call-history.ts.

import type { LiveCall } from '../call/model/call.ts';
import type { CallId } from '../matrix/ids.ts';
import type { EndedCallTimes } from '../store/overview.ts';
import type { HistoryState, RingTimes } from './operator-state.ts';

export const HOURS = 24;
export const HOUR_MS = 3_600_000;
/** By which times from the ring to the answer are counted, here and in the metric. */
export const RING_UP_TO_SECONDS: readonly number[] = [1, 2, 5, 10, 20, 30, 45, 60, 120];
const MAX_FAILURES = 20;

/** How a call ends that nobody wanted to end so. Declined, cancelled or busy is what people do. */
const FAILED: ReadonlySet<string> = new Set([
  'no_answer',
  'caller_lost',
  'connection_lost',
  'token_revoked',
  'orphaned',
  'server_shutdown',
  'ice_failed',
  'unknown_error',
]);

interface CallTimes {
  readonly createdAtMs: number;
  readonly answeredAtMs: number | undefined;
}

/** @param ended those of the last day, the last one first @param live that go on now */
export function summarise(
  ended: readonly EndedCallTimes[],
  live: Iterable<LiveCall>,
  nowMs: number,
): Omit<HistoryState, 'failures' | 'isCut'> {
  const going = [...live].map((call) => ({
    createdAtMs: call.createdAtMs,
    answeredAtMs: call.state === 'active' ? call.answeredAtMs : undefined,
  }));
  const calls = [...ended, ...going];
  return { hours: byHour(calls, nowMs), endReasons: byReason(ended), ringToAnswer: ringTimes(calls) };
}

/** Those to be explained, the last one first. */
export function failedIds(ended: readonly EndedCallTimes[]): readonly CallId[] {
  const failed = ended.filter(({ endReason }) => FAILED.has(endReason));
  return failed.slice(0, MAX_FAILURES).map(({ callId }) => callId);
}

function byHour(calls: readonly CallTimes[], nowMs: number): HistoryState['hours'] {
  const firstMs = (Math.floor(nowMs / HOUR_MS) - HOURS + 1) * HOUR_MS;
  const hours = Array.from({ length: HOURS }, (_, n) => ({
    atMs: firstMs + n * HOUR_MS,
    answered: 0,
    unanswered: 0,
  }));
  for (const { createdAtMs, answeredAtMs } of calls) {
    const hour = hours[Math.floor((createdAtMs - firstMs) / HOUR_MS)];
    if (hour === undefined) continue;
    if (answeredAtMs === undefined) hour.unanswered += 1;
    else hour.answered += 1;
  }
  return hours;
}

function byReason(ended: readonly EndedCallTimes[]): HistoryState['endReasons'] {
  const counts = new Map<string, number>();
  for (const { endReason } of ended) counts.set(endReason, (counts.get(endReason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
}

function ringTimes(calls: readonly CallTimes[]): RingTimes {
  const rangMs = calls
    .flatMap(({ createdAtMs, answeredAtMs }) =>
      answeredAtMs === undefined ? [] : [answeredAtMs - createdAtMs],
    )
    .toSorted((a, b) => a - b);
  const counts = [...RING_UP_TO_SECONDS, Infinity].map(() => 0);
  for (const ms of rangMs) {
    const index = RING_UP_TO_SECONDS.findIndex((seconds) => ms <= seconds * 1_000);
    const at = index === -1 ? RING_UP_TO_SECONDS.length : index;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const quantile = (share: number): number | undefined =>
    rangMs[Math.min(Math.floor(share * rangMs.length), rangMs.length - 1)];
  return { upToSeconds: RING_UP_TO_SECONDS, counts, p50Ms: quantile(0.5), p95Ms: quantile(0.95) };
}
