// `tunnels`: WebSocket services behind Portico that are none of its own, such as Jitsi's Prosody or LiveKit. Each has a
// path on our origin. Which paths get in each other's way is conflicts.ts.

import { key } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { duration } from '../kinds/duration.ts';
import { hostHeader } from '../kinds/host-header.ts';
import { defaulted, optional, recordOf, required } from '../kinds/record.ts';
import { tunnelUrl } from '../kinds/service-url.ts';
import { urlPath } from '../kinds/url-path.ts';
import type { Kind } from '../kinds/kind.ts';

/** XMPP clients ping once a minute, some every two: a shorter limit would cut tunnels that are well. */
const SHORTEST_IDLE_MS = 120_000;

const tunnelMembers = {
  path: required(
    'path',
    urlPath(),
    '/xmpp-websocket',
    'Where clients connect; with a slash at its end, everything below it too.',
  ),
  to: required(
    'to',
    tunnelUrl,
    'ws://127.0.0.1:5280/xmpp-websocket',
    'The service behind it; a path in it takes the place of ours.',
  ),
  host: optional('host', hostHeader, 'The Host that the service is asked by, if not that of its URL.'),
  idleTimeoutMs: defaulted(
    'idle_timeout',
    duration({ minMs: SHORTEST_IDLE_MS }),
    '180s',
    'How long neither side may send anything.',
  ),
};

const tunnel = recordOf(tunnelMembers);

export type TunnelConfig = typeof tunnel extends Kind<infer T> ? T : never;

export const tunnelsKey = key(
  'tunnels',
  listOf(tunnel),
  [],
  "Raw WebSocket tunnels to other services on the same origin, for instance to Jitsi's Prosody: {path: /xmpp-websocket, to: 'ws://127.0.0.1:5280/xmpp-websocket', host: meet.example.org}.",
);
