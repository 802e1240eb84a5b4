// Whether the process lives, and whether it can serve. Asked by orchestrators, as often as they like.
// It decides from what the parts say of themselves; it repairs nothing.

import type { Clock } from '../clock.ts';
import type { Homeserver } from '../matrix/matrix.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly synapse: boolean;
}

export interface Health {
  readiness(): Promise<Readiness>;
}

/** One question to Synapse answers everybody who asks within this time. */
const REMEMBERED_MS = 1_000;

export function createHealth(homeserver: Homeserver, isDraining: () => boolean, clock: Clock): Health {
  let asked: { atMs: number; isReachable: Promise<boolean> } | undefined;
  return {
    async readiness() {
      const nowMs = clock.monotonicMs();
      if (asked === undefined || nowMs - asked.atMs > REMEMBERED_MS) {
        asked = { atMs: nowMs, isReachable: homeserver.isReachable() };
      }
      const synapse = await asked.isReachable;
      return { ready: synapse && !isDraining(), synapse };
    },
  };
}
