// docs/metrics.md: every metric of ours, from the registry that serves them, and what to look for in each.
// Only the advice is written here; names, labels and meanings are the registry's.

import { createMetrics } from '../../src/observe/metrics.ts';
import { createRecordingMetrics } from '../../src/observe/recording-metrics.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# Metrics

<!-- Generated from src/observe/metrics.ts by docs/generate/metrics.ts. -->

Served in the Prometheus text format at \`/metrics\` of \`observe.listen\` (\`127.0.0.1:9300\` by default), never on the
public listener. No label holds anything that a client chooses: no path, no address, no user, no room.
`;

const DEFAULTS = `The standard metrics of a Node.js process stand beside them: \`process_*\` (CPU, memory, open files, start time) and
\`nodejs_*\` (the event loop's lag when it is asked for, heap, garbage collection, version). Which there are depends on the operating
system.
`;

const OWN_PREFIX = 'portico_';

/** Keyed by name; a metric without advice and advice without a metric both stop the generator. */
const ADVICE: Readonly<Record<string, string>> = {
  portico_requests_total:
    'Alert on the share of `ended_by="upstream"` and on any `ended_by="gateway"`; `client` is mostly people closing a tab.',
  portico_request_duration_seconds:
    'Long polls count here until they are answered, so watch low quantiles rather than the mean.',
  portico_upstream_retries_total:
    'A few are normal when Synapse restarts; a steady rise means that something closes idle connections early.',
  portico_errors_total: 'The code says what to do: see [errors](errors.md).',
  portico_held_polls:
    'About one for each client that is online; a sudden drop means that clients were cut off.',
  portico_calls_started_total: 'Compare with the ended ones: the difference is what goes on now.',
  portico_calls_ended_total:
    'A rising share of `no_answer` with `answered="no"` means that rings do not reach phones; `connection_lost` and `ice_failed` point to networks and TURN.',
  portico_call_ring_to_answer_seconds:
    'People take seconds to answer; if most take as long as the ring, invitations arrive late.',
  portico_relayed_total:
    'Each call has at least one offer and one answer; offers without answers are calls that failed.',
  portico_relayed_bytes_total: 'For the size of the machine only: media never pass through here.',
  portico_sockets_dropped_total:
    'The code says what to do: see [errors](errors.md). A steady rise of one code is one client with a defect.',
  portico_connection_loops_total:
    'Any increase: the line of the log names the client and the remedy, and so does the page on `observe.listen`.',
  portico_sockets:
    'About one for each client that can be rung; `identity="none"` that stays high means that clients connect and never say who they are.',
  portico_tunnels:
    'About one for each participant of a conference; it falls to zero when the service restarts.',
  portico_tunnel_bytes_total:
    'Signaling of conferences only. Much more to `client` than to `upstream` is normal: rooms are told to everybody.',
  portico_tls_certificate_expiry_seconds:
    'Alert when less than two weeks are left (`- time() < 1209600`): whatever renews certificates has failed then.',
  portico_tls_certificates_refused_total: 'Any increase: the log names the file and what is wrong with it.',
  portico_recordings_open: 'Each is somebody who records now, and everybody in that call is told so.',
  portico_recording_bytes_total:
    'Compare with `recordings.max_total` and with what the disk can write. About 1 GiB for each hour of video.',
  portico_recordings_ended_total:
    'Many `interrupted`: recorders lose their connection or close the page. Many `empty`: their browsers record nothing, or a proxy in front refuses `PATCH`.',
  portico_connections: 'Compare with `limits.connections`; it should follow the number of clients.',
};

export function renderMetrics(): string {
  const metrics = createMetrics();
  metrics.watch({
    heldPolls: () => 0,
    connections: () => 0,
    sockets: () => [],
    relayed: () => ({ messages: {}, bytes: 0 }),
    tunnels: () => 0,
    tunnelBytes: () => ({ client: 0, upstream: 0 }),
  });
  createRecordingMetrics(metrics.registry, () => 0);
  const own = metrics.registry.getMetricsAsArray().filter(({ name }) => name.startsWith(OWN_PREFIX));
  const unknown = Object.keys(ADVICE).filter((name) => own.every((metric) => metric.name !== name));
  if (unknown.length > 0)
    throw new Error(`there is advice on metrics that do not exist: ${unknown.join(', ')}`);
  const rows = own.map((metric) => {
    const advice = ADVICE[metric.name];
    if (advice === undefined) throw new Error(`there is no advice on ${metric.name}`);
    const labels = labelNames(metrics.registry.getSingleMetric(metric.name));
    return [
      `\`${metric.name}\``,
      kindOf(metrics.registry.getSingleMetric(metric.name)),
      labels.map((label) => `\`${label}\``).join(', '),
      metric.help,
      advice,
    ];
  });
  const table = renderTable([['Metric', 'Kind', 'Labels', 'Meaning', 'What to look for'], ...rows]);
  return `${INTRODUCTION}\n${table}\n\n${DEFAULTS}`;
}

/** prom-client keeps the label names on the metric, outside of its published types. */
function labelNames(metric: unknown): readonly string[] {
  if (typeof metric !== 'object' || metric === null || !('labelNames' in metric)) return [];
  return Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}

function kindOf(metric: unknown): string {
  return typeof metric === 'object' && metric !== null && 'type' in metric ? String(metric.type) : '';
}
