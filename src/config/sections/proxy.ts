// `proxy`: how requests to Synapse are carried.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { boolean } from '../kinds/scalar.ts';

export const proxySection = section('proxy', 'How requests to Synapse are carried.', {
  splice: key(
    'splice',
    boolean,
    true,
    'Whether ordinary requests are passed on without an HTTP server in between, which costs a fraction of the time and memory. Nobody can tell the two apart by the answers; off is for finding out whether a problem lies there.',
  ),
});

export type ProxyConfig = ConfigOf<typeof proxySection.entries>;
