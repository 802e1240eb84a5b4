// The part of the composition root that records calls: the folder, the tus server, what grows now, and the sweep of what
// is old. Built by gateway.ts only.

import { existsSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

import type { CallService, Committed } from './call/service.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { guardOwnApi, type Callers } from './http/own-api.ts';
import { parseRecordingId, type RecordingId } from './matrix/ids.ts';
import type { Metrics } from './observe/metrics.ts';
import { createRecordingMetrics, type RecordingMetrics } from './observe/recording-metrics.ts';
import type { Random } from './random.ts';
import { RecordingFiles } from './recording/files.ts';
import { Recordings } from './recording/recordings.ts';
import { registerRecordings, type OpenRecordings } from './recording/routes.ts';
import { startSweep } from './recording/sweep.ts';
import { TusUploads } from './recording/tus.ts';
import type { RecordingStore } from './store/recordings.ts';
import type { Store } from './store/store.ts';

export interface RecordingParts {
  readonly config: Pick<Config, 'recordings' | 'signaling' | 'limits'>;
  readonly store: RecordingStore & Pick<Store, 'nowMs'>;
  readonly calls: CallService;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'registry'>;
}

export interface CallRecordings {
  /** Has to be told of every change of a call. */
  committed(committed: Committed): void;
  /** Once calls are taken up again. */
  start(): Promise<void>;
  stop(): void;
}

const ID_BYTES = 16;

/** @throws StoreOpenError when the folder cannot be used */
export function openRecordings(server: FastifyInstance, parts: RecordingParts): CallRecordings {
  const { config, calls, callers, clock } = parts;
  const metrics = createRecordingMetrics(parts.metrics.registry, () => open?.recordings.growing ?? 0);
  const open = config.recordings.enabled ? openFolder(parts, metrics) : undefined;
  void server.register((api, _options, done) => {
    guardOwnApi(api, config.signaling.origins);
    registerRecordings(api, { callers, calls, clock, open });
    done();
  });
  let stopSweep: (() => void) | undefined;
  if (open === undefined)
    return {
      committed: () => undefined,
      async start() {
        if (!existsSync(config.recordings.dir)) return;
        try {
          // What was recorded while it was allowed goes when its time is over, all the same.
          stopSweep = sweepAt(new RecordingFiles(config.recordings.dir));
        } catch (error) {
          // What is switched off must not keep the gateway from starting.
          parts.log.warn({ err: error }, 'old recordings cannot be deleted');
        }
      },
      stop: () => stopSweep?.(),
    };
  const { recordings, uploads } = open;

  return {
    committed: (committed) => recordings.committed(committed),
    async start() {
      for (const id of await recordings.start()) await uploads.resume(id);
      stopSweep = sweepAt(open.files, () => recordings.recount());
    },
    stop() {
      stopSweep?.();
      recordings.stop();
    },
  };

  function sweepAt(files: RecordingFiles, onSwept = (): Promise<void> => Promise.resolve()): () => void {
    const { store, log } = parts;
    const onFailed = (error: unknown): void => log.error({ err: error }, 'deleting old recordings failed');
    return startSweep({ store, files, keepMs: config.recordings.keepMs, clock, onSwept, onFailed });
  }
}

function openFolder(
  { config, store, calls, clock, random, log }: RecordingParts,
  metrics: RecordingMetrics,
): OpenRecordings {
  const onFailed = (error: unknown): void => log.error({ err: error }, 'a recording failed');
  const { dir, maxSizeBytes } = config.recordings;
  const files = new RecordingFiles(dir);
  const recordings = new Recordings({
    store,
    calls,
    files,
    limits: config.recordings,
    clock,
    onClosed(id, state) {
      metrics.ended.inc({ state });
      void uploads.forget(id);
    },
    onFailed,
  });
  const uploads = new TusUploads({
    folder: files.folder,
    maxSizeBytes,
    locationOf: (id) => `/api/calls/${recordings.callOf(id) ?? ''}/recordings/${id}`,
    onBytes(id, bytes) {
      metrics.bytes.inc(bytes);
      recordings.heard(id, bytes);
    },
    onFinished: (id) => recordings.finish(id),
    onFailed,
  });
  return {
    recordings,
    uploads,
    files,
    newId: () => newId(random),
    maxSizeBytes,
    idleTimeoutMs: config.limits.bodyIdleTimeoutMs,
    onFailed,
  };
}

function newId(random: Random): RecordingId {
  const id = parseRecordingId(random.hex(ID_BYTES));
  if (id === undefined) throw new TypeError('the random source made no recording id');
  return id;
}
