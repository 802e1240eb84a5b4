// Recordings whose time is over are deleted, and so are files that belong to none: those of calls that were deleted, and
// what a crash has left. It knows how long recordings are kept; which there are is the store's.

import type { CancelTimer, Clock } from '../clock.ts';
import type { RecordingId } from '../matrix/ids.ts';
import { DELETED_AT_ONCE, MAX_KNOWN_ASKED } from '../store/recording-limits.ts';
import type { RecordingStore } from '../store/recordings.ts';
import type { Store } from '../store/store.ts';
import type { RecordingFiles } from './files.ts';

const SWEEP_INTERVAL_MS = 3_600_000;

export interface SweepParts {
  readonly store: Pick<RecordingStore, 'deleteRecordingsEndedBefore' | 'knownRecordings'> &
    Pick<Store, 'nowMs'>;
  readonly files: Pick<RecordingFiles, 'list' | 'remove'>;
  /** `recordings.keep`: how long after its end. */
  readonly keepMs: number;
  readonly clock: Clock;
  /** After each sweep, whatever it has deleted. */
  readonly onSwept: () => Promise<void>;
  /** Told of a sweep that failed; the next one comes all the same. */
  readonly onFailed: (error: unknown) => void;
}

/** Sweeps now and then every hour, until what it returns is called. */
export function startSweep(parts: SweepParts): () => void {
  let cancel: CancelTimer | undefined;
  let isStopped = false;
  void run();
  return () => {
    isStopped = true;
    cancel?.();
  };

  async function run(): Promise<void> {
    try {
      await sweep(parts);
      await parts.onSwept();
    } catch (error) {
      parts.onFailed(error);
    }
    if (!isStopped) cancel = parts.clock.after(SWEEP_INTERVAL_MS, () => void run());
  }
}

async function sweep({ store, files, keepMs }: SweepParts): Promise<void> {
  // Those without a row go with the others below, so that a crash between the two loses track of no file.
  const beforeMs = (await store.nowMs()) - keepMs;
  for (;;) {
    const deleted = await store.deleteRecordingsEndedBefore(beforeMs);
    if (deleted.length < DELETED_AT_ONCE) break;
  }
  // Listed before they are asked for: the row of a recording is there before its file is.
  const ids = await files.list();
  for (let start = 0; start < ids.length; start += MAX_KNOWN_ASKED)
    await removeUnknown(ids.slice(start, start + MAX_KNOWN_ASKED));

  async function removeUnknown(some: readonly RecordingId[]): Promise<void> {
    const known = await store.knownRecordings(some);
    for (const id of some) if (!known.has(id)) await files.remove(id);
  }
}
