// One line per request, and its counters: what was asked, where it went, how it ended and whose doing that was.
// Reads a finished exchange; it never touches the exchange's streams.

import type { Logger } from 'pino';

import { errorEntry } from '../errors.ts';
import type { Passage } from '../http/exchange.ts';
import { isLongPoll } from '../proxy/deadlines.ts';
import type { Metrics } from './metrics.ts';
import { redactTarget } from './redact.ts';

/** A larger request takes as long as its sender needs to send it, which says nothing of Synapse. */
const MAX_TIMED_BYTES = 65_536;

export interface AccessRecord {
  readonly status: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export function recordExchange(exchange: Passage, record: AccessRecord, log: Logger, metrics: Metrics): void {
  const { outcome, head } = exchange;
  const endedBy = outcome.endedBy ?? 'complete';
  metrics.requests.add(outcome.route, record.status, endedBy);
  metrics.requestDurations.add(outcome.route, record.durationMs / 1000);
  if (outcome.firstByteMs !== undefined && isTimed(exchange, record))
    metrics.upstreamLatency.add(outcome.firstByteMs);
  if (outcome.retries > 0) metrics.retries.inc(outcome.retries);
  if (outcome.code !== undefined) metrics.refusals.inc({ code: outcome.code });
  if (isProbe(head.path)) return;

  const level = outcome.code === undefined ? 'info' : errorEntry(outcome.code).logLevel;
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      request_id: exchange.requestId,
      client: exchange.client.address,
      method: head.method,
      target: redactTarget(head.target),
      route: outcome.route,
      upstream: outcome.upstream,
      status: record.status,
      code: outcome.code,
      ended_by: endedBy,
      retries: outcome.retries === 0 ? undefined : outcome.retries,
      received_bytes: record.bytesReceived,
      sent_bytes: record.bytesSent,
      first_byte_ms: outcome.firstByteMs === undefined ? undefined : Math.round(outcome.firstByteMs),
      duration_ms: Math.round(record.durationMs),
    },
    'request',
  );
}

/** Asked every few seconds by orchestrators; they would bury everything else. */
function isProbe(path: string): boolean {
  return path === '/health' || path === '/ready';
}

/** Whether the time to its first byte is Synapse's own: a long poll waits for something to happen. */
function isTimed({ outcome, head }: Passage, { bytesReceived }: AccessRecord): boolean {
  return outcome.route === 'matrix' && bytesReceived <= MAX_TIMED_BYTES && !isLongPoll(head);
}
