// Whether the process lives, and whether it can serve. Asked by orchestrators, as often as they like.
// It decides from what the parts say of themselves; it repairs nothing.

import type { Clock } from '../clock.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import type { Store } from '../store/store.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly synapse: boolean;
  readonly store: boolean;
}

export interface Health {
  /** Whether calls can be kept; Matrix traffic flows without. */
  isStoreWritable(): Promise<boolean>;
  readiness(): Promise<Readiness>;
}

export interface HealthParts {
  readonly homeserver: Pick<Homeserver, 'isReachable'>;
  readonly store: Pick<Store, 'isWritable'>;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
}

/** One question answers everybody who asks within this time. */
const REMEMBERED_MS = 1_000;

export function createHealth({ homeserver, store, isDraining, clock }: HealthParts): Health {
  const isReachable = remembered(() => homeserver.isReachable(), clock);
  const isStoreWritable = remembered(() => store.isWritable(), clock);
  return {
    isStoreWritable,
    async readiness() {
      const [synapse, isWritable] = await Promise.all([isReachable(), isStoreWritable()]);
      return { ready: synapse && isWritable && !isDraining(), synapse, store: isWritable };
    },
  };
}

function remembered(ask: () => Promise<boolean>, clock: Clock): () => Promise<boolean> {
  let asked: { readonly atMs: number; readonly answer: Promise<boolean> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (asked === undefined || nowMs - asked.atMs > REMEMBERED_MS) asked = { atMs: nowMs, answer: ask() };
    return asked.answer;
  };
}
