// `store`: where calls are kept, so that they survive a restart.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { duration } from '../kinds/duration.ts';
import { storeUrl } from '../kinds/store-url.ts';

const HOUR_MS = 3_600_000;

export const storeSection = section('store', 'Where calls are kept, so that they survive a restart.', {
  url: key(
    'url',
    storeUrl,
    'sqlite:data/portico.db',
    'The SQLite file; it and its folder are made when they are missing. Put it on a local disk, not on a network share.',
  ),
  keepCallsMs: key(
    'keep_calls',
    duration({ minMs: HOUR_MS, maxMs: 10 * 365 * 24 * HOUR_MS }),
    '2160h',
    'How long after its end a call stays in the history (2160h are 90 days). Then it is deleted.',
  ),
});

export type StoreConfig = ConfigOf<typeof storeSection.entries>;
