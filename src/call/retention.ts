// Old calls are deleted: whoever dials all day would otherwise fill the disk, and call history is personal data.
// It knows how long calls are kept; what belongs to a call is the store's.

import type { CancelTimer, Clock } from '../clock.ts';
import type { Store } from '../store/store.ts';

const SWEEP_INTERVAL_MS = 3_600_000;

export interface RetentionParts {
  readonly store: Pick<Store, 'nowMs' | 'deleteEndedBefore'>;
  /** `store.keep_calls`: how long after its end. */
  readonly keepMs: number;
  readonly clock: Clock;
  /** Told of a sweep that failed; the next one comes all the same. */
  readonly onFailed: (error: unknown) => void;
}

/** Sweeps now and then every hour, until what it returns is called. */
export function startRetention({ store, keepMs, clock, onFailed }: RetentionParts): () => void {
  let cancel: CancelTimer | undefined;
  let isStopped = false;
  void sweep();
  return () => {
    isStopped = true;
    cancel?.();
  };

  async function sweep(): Promise<void> {
    try {
      await store.deleteEndedBefore((await store.nowMs()) - keepMs);
    } catch (error) {
      onFailed(error);
    }
    if (!isStopped) cancel = clock.after(SWEEP_INTERVAL_MS, () => void sweep());
  }
}
