// `observe`: what operators see, kept away from the public listeners.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey, section } from '../keys.ts';
import { hostHeader } from '../kinds/host-header.ts';
import { listenAddress } from '../kinds/listen-address.ts';
import { integer } from '../kinds/scalar.ts';

export const observeSection = section('observe', 'For operators.', {
  listen: key(
    'listen',
    listenAddress,
    '127.0.0.1:9300',
    "Where the operator's page, metrics and readiness detail are served. Never expose it to the public: whoever reaches it can end calls.",
  ),
  host: optionalKey(
    'host',
    hostHeader,
    'ops.example.org',
    "The name by which the operator's page is opened. Without it, only IP addresses and localhost will do: a page of another name could have been pointed here.",
  ),
  loopThreshold: key(
    'loop_threshold',
    integer({ min: 2, max: 100 }),
    10,
    'A client that is disconnected more often than this within a minute is named in the log and on the page, with the likely cause.',
  ),
});

export type ObserveConfig = ConfigOf<typeof observeSection.entries>;
