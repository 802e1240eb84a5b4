// `calls`: how long a call may ring, wait and last, and who outside is told of it.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey, section } from '../keys.ts';
import { duration } from '../kinds/duration.ts';
import { endpointUrl } from '../kinds/endpoint-url.ts';
import { integer, text } from '../kinds/scalar.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const webhookSection = section(
  'webhook',
  'Tells an application of rings, answers and ends, for instance to wake phones that have no open connection.',
  {
    url: optionalKey(
      'url',
      endpointUrl,
      'https://push.example.org/portico',
      'Where every event is posted as JSON.',
    ),
    secret: optionalKey(
      'secret',
      text,
      'a long random text',
      'Signs every post: X-Portico-Signature is sha256= and the HMAC of timestamp, dot and body.',
      { isSecret: true },
    ),
  },
  { together: ['url', 'secret'] },
);

export const callsSection = section('calls', 'Voice and video calls.', {
  ringTimeoutMs: key(
    'ring_timeout',
    duration({ minMs: 1_000, maxMs: 10 * MINUTE_MS }),
    '60s',
    'How long a call rings before it counts as missed.',
  ),
  callerGraceMs: key(
    'caller_grace',
    duration({ minMs: 0, maxMs: 10 * MINUTE_MS }),
    '10s',
    'How long it goes on ringing when the caller has lost its connection.',
  ),
  graceMs: key(
    'grace',
    duration({ minMs: 0, maxMs: 10 * MINUTE_MS }),
    '30s',
    'How long a participant who lost the connection may take to come back.',
  ),
  maxDurationMs: key(
    'max_duration',
    duration({ minMs: MINUTE_MS, maxMs: 24 * HOUR_MS }),
    '4h',
    'The longest that a call may last, from its first ring.',
  ),
  initiatesPerMinute: key(
    'initiates_per_minute',
    integer({ min: 1, max: 10_000 }),
    10,
    'How many calls one user may begin within a minute.',
  ),
  ringingPerUser: key(
    'ringing_per_user',
    integer({ min: 1, max: 1_000 }),
    3,
    'How many calls of one user may ring at once.',
  ),
  webhook: webhookSection,
});

export type WebhookConfig = ConfigOf<typeof webhookSection.entries>;
export type CallsConfig = ConfigOf<typeof callsSection.entries>;
