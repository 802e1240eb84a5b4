// `limits`: what a single client, and all of them together, may take up on a listener.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { duration } from '../kinds/duration.ts';
import { integer } from '../kinds/scalar.ts';
import { size } from '../kinds/size.ts';

const connectionCount = integer({ min: 1, max: 1_000_000 });

export const limitsSection = section('limits', 'What clients may take up.', {
  headerSizeBytes: key(
    'header_size',
    size({ minBytes: 1024, maxBytes: 1024 * 1024 }),
    '16KiB',
    'The longest request head: request line and headers together.',
  ),
  headerTimeoutMs: key(
    'header_timeout',
    duration(),
    '10s',
    'How long a client may take to send a request head.',
  ),
  connections: key(
    'connections',
    connectionCount,
    10_000,
    'Open client connections, all listeners together.',
  ),
  connectionsPerAddress: key(
    'connections_per_address',
    connectionCount,
    512,
    'Open connections of one client address.',
  ),
  apiRate: key(
    'api_rate',
    integer({ min: 1, max: 1_000_000 }),
    600,
    'Requests of one user to our own API within a minute.',
  ),
  signalingRate: key(
    'signaling_rate',
    integer({ min: 1, max: 10_000 }),
    50,
    'Signaling frames of one socket within a second, on average; for a moment, five times as many.',
  ),
  bodyIdleTimeoutMs: key(
    'body_idle_timeout',
    duration(),
    '60s',
    'The longest pause between two pieces of a body, in either direction.',
  ),
  keepAliveTimeoutMs: key(
    'keep_alive_timeout',
    duration(),
    '5m',
    'How long a client connection may idle between two requests. Longer than the pool idle time of a proxy in front, which otherwise reuses a connection that is just being closed.',
  ),
  drainTimeoutMs: key(
    'drain_timeout',
    duration({ minMs: 0 }),
    '30s',
    'How long a stop waits for running requests.',
  ),
});

export type LimitsConfig = ConfigOf<typeof limitsSection.entries>;
