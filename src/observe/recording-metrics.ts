// What recordings count for Prometheus: how many grow, how much comes, how they end. It reads and changes no recording;
// the registry is the gateway's, with everything else that it counts (metrics.ts).

import { Counter, Gauge, type Registry } from 'prom-client';

export interface RecordingMetrics {
  readonly bytes: Pick<Counter, 'inc'>;
  readonly ended: Pick<Counter<'state'>, 'inc'>;
}

/**
 * Once for each registry, also where nothing is recorded: an alert on what is not there would never fire.
 * @param open how many grow now; asked whenever somebody reads the metrics
 */
export function createRecordingMetrics(registry: Registry, open: () => number): RecordingMetrics {
  const registers = [registry];
  const recordingsOpen = new Gauge({
    name: 'portico_recordings_open',
    help: 'Recordings that grow now.',
    registers: [],
    collect() {
      this.set(open());
    },
  });
  registry.registerMetric(recordingsOpen);
  return {
    bytes: new Counter({
      name: 'portico_recording_bytes_total',
      help: 'Bytes of recordings that came in, also of those that were deleted since.',
      registers,
    }),
    ended: new Counter({
      name: 'portico_recordings_ended_total',
      help: 'Recordings that ended, by state (finished, interrupted, empty: nothing came, and nothing is kept).',
      labelNames: ['state'],
      registers,
    }),
  };
}
