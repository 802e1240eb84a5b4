// Waiting between two looks at something that cannot notify us: a port that opens, a lock that is let go.
// Decides nothing; a Clock does not serve here, because its timers let the process end while it still waits.

import { scheduler } from 'node:timers/promises';

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await scheduler.wait(delayMs, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
