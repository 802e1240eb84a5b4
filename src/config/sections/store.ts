// `store`: where calls are kept, so that they survive a restart.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { storeUrl } from '../kinds/store-url.ts';

export const storeSection = section('store', 'Where calls are kept, so that they survive a restart.', {
  url: key(
    'url',
    storeUrl,
    'sqlite:data/portico.db',
    'The SQLite file; it and its folder are made when they are missing. Put it on a local disk, not on a network share.',
  ),
});

export type StoreConfig = ConfigOf<typeof storeSection.entries>;
