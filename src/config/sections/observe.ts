// `observe`: what operators see, kept away from the public listeners.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { listenAddress } from '../kinds/listen-address.ts';

export const observeSection = section('observe', 'For operators.', {
  listen: key(
    'listen',
    listenAddress,
    '127.0.0.1:9300',
    'Where metrics and readiness detail are served. Never expose it to the public.',
  ),
});

export type ObserveConfig = ConfigOf<typeof observeSection.entries>;
