// Every metric of the gateway, each declared once; docs/metrics.md is generated from this registry.
// One registry per gateway, none global: two gateways in one process (tests) must not count together.

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import { RING_UP_TO_SECONDS } from './history.ts';
import { LatencyTally } from './latency.ts';
import { RequestDurations } from './request-durations.ts';
import { RequestTally } from './request-tally.ts';

export interface GaugeSources {
  readonly heldPolls: () => number;
  readonly connections: () => number;
  /** Sockets by dialect and by how their user was established (`none`: not yet). */
  readonly sockets: () => Iterable<{ readonly dialect: string; readonly trust: string }>;
  /** What was passed on since the start. */
  readonly relayed: () => RelayTally;
  /** Open now. */
  readonly tunnels: () => number;
  /** Passed on since the start, by whom it was for. */
  readonly tunnelBytes: () => Readonly<Record<'client' | 'upstream', number>>;
}

/** Plain numbers: a counter of the library for each candidate would cost more than relaying it. */
export interface RelayTally {
  readonly messages: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/** About 25 days: never. */
const NEVER_MS = 2 ** 31 - 1;

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectProcessMetrics(registry);
  const requests = new RequestTally();
  const requestsTotal = new Counter({
    name: 'portico_requests_total',
    help: 'Requests by route, status and whose doing their end was (complete, client, refused, upstream, gateway).',
    labelNames: ['route', 'status', 'ended_by'],
    registers: [],
    collect() {
      this.reset();
      for (const { route, status, endedBy, count } of requests.counts())
        this.inc({ route, status, ended_by: endedBy }, count);
    },
  });
  registry.registerMetric(requestsTotal);
  const requestDurations = new RequestDurations();
  registry.registerMetric(
    requestDurations.asHistogram(
      'portico_request_duration_seconds',
      'Seconds from a request head to the end of its answer, by route.',
    ),
  );
  return {
    registry,
    requests,
    /** Not for Prometheus, but for the operator's page: how long Synapse took of late. */
    upstreamLatency: new LatencyTally(),
    requestDurations,
    retries: new Counter({
      name: 'portico_upstream_retries_total',
      help: 'Requests sent to Synapse a second time because a kept-alive connection broke under them.',
      registers,
    }),
    refusals: new Counter({
      name: 'portico_errors_total',
      help: 'Answers with a code of the error registry (see errors.md), by code.',
      labelNames: ['code'],
      registers,
    }),
    callsStarted: new Counter({
      name: 'portico_calls_started_total',
      help: 'Calls that began to ring, by type (voice, video).',
      labelNames: ['type'],
      registers,
    }),
    callsEnded: new Counter({
      name: 'portico_calls_ended_total',
      help: 'Calls that ended, by reason (hangup, no_answer, rejected, ...) and whether anybody had answered.',
      labelNames: ['reason', 'answered'],
      registers,
    }),
    ringSeconds: new Histogram({
      name: 'portico_call_ring_to_answer_seconds',
      help: 'Seconds from the beginning of a call to its first answer.',
      buckets: [...RING_UP_TO_SECONDS],
      registers,
    }),
    socketsDropped: new Counter({
      name: 'portico_sockets_dropped_total',
      help: 'Signaling sockets that were closed for what their client did, by code (see errors.md).',
      labelNames: ['code'],
      registers,
    }),
    connectionLoops: new Counter({
      name: 'portico_connection_loops_total',
      help: 'Clients that are disconnected again and again, each time that one was named in the log, by likely cause.',
      labelNames: ['cause'],
      registers,
    }),
    certificateExpiry: new Gauge({
      name: 'portico_tls_certificate_expiry_seconds',
      help: 'When a served certificate expires, in seconds since 1970, by its place in the configuration (0 is the first).',
      labelNames: ['certificate'],
      registers,
    }),
    certificatesRefused: new Counter({
      name: 'portico_tls_certificates_refused_total',
      help: 'Changed certificate files that were no good, so that the certificate before them is still served, by its place in the configuration.',
      labelNames: ['certificate'],
      registers,
    }),
    /** Declares the gauges that are read from the parts when somebody asks. */
    watch(sources: GaugeSources): void {
      gauge('portico_held_polls', 'Long polls (/sync) that Synapse holds now.', sources.heldPolls);
      gauge('portico_connections', 'Open client connections, all listeners together.', sources.connections);
      const sockets = new Gauge({
        name: 'portico_sockets',
        help: 'Signaling sockets by dialect (native, socketio, profile, room) and identity (verified, vouched, claimed, none).',
        labelNames: ['dialect', 'identity'],
        registers: [],
        collect() {
          this.reset();
          for (const { dialect, trust } of sources.sockets()) this.inc({ dialect, identity: trust });
        },
      });
      registry.registerMetric(sockets);
      const relayed = new Counter({
        name: 'portico_relayed_total',
        help: 'Offers, answers and candidates passed on, by kind.',
        labelNames: ['kind'],
        registers: [],
        collect() {
          this.reset();
          for (const [kind, count] of Object.entries(sources.relayed().messages)) this.inc({ kind }, count);
        },
      });
      registry.registerMetric(relayed);
      const relayedBytes = new Counter({
        name: 'portico_relayed_bytes_total',
        help: 'Approximate bytes of offers, answers and candidates passed on.',
        registers: [],
        collect() {
          this.reset();
          this.inc(sources.relayed().bytes);
        },
      });
      registry.registerMetric(relayedBytes);
      gauge(
        'portico_tunnels',
        'Open WebSocket tunnels (tunnels), with those that the service behind has not answered yet.',
        sources.tunnels,
      );
      const tunnelBytes = new Counter({
        name: 'portico_tunnel_bytes_total',
        help: 'Bytes passed on through tunnels, by whom they were for (client, upstream).',
        labelNames: ['to'],
        registers: [],
        collect() {
          this.reset();
          for (const [to, bytes] of Object.entries(sources.tunnelBytes())) this.inc({ to }, bytes);
        },
      });
      registry.registerMetric(tunnelBytes);
    },
  };

  function gauge(name: string, help: string, read: () => number): void {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    registry.registerMetric(metric);
  }
}

/** All that prom-client has, but for the quantiles of the event loop's lag: what they are made of is a timer that wakes an
 * idle process a hundred times a second, which takes 1 % of a core. The lag when Prometheus asks stays. */
function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of register.getMetricsAsArray())
    if (/^nodejs_eventloop_lag_(?!seconds$)/.test(name)) register.removeSingleMetric(name);
}
