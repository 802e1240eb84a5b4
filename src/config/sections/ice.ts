// `ice`: the servers with whose help two callers find a way to each other.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { stunUrl } from '../kinds/stun-url.ts';

export const iceSection = section('ice', 'Servers that help callers to find a way to each other.', {
  stun: key('stun', listOf(stunUrl), [], 'STUN servers handed to clients.'),
});

export type IceConfig = ConfigOf<typeof iceSection.entries>;
