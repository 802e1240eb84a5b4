// `ice`: the servers with whose help two callers find a way to each other.

import type { ConfigOf } from '../keys.ts';
import { key, optionalKey, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import { duration } from '../kinds/duration.ts';
import { text } from '../kinds/scalar.ts';
import { stunUrl } from '../kinds/stun-url.ts';
import { turnUrl } from '../kinds/turn-url.ts';

const HOUR_MS = 3_600_000;

export const turnSection = section(
  'turn',
  'A relay (coturn with use-auth-secret, see config/turnserver.conf) for callers whose networks let nothing else through. Without it, callers get what Synapse hands out.',
  {
    urls: optionalKey(
      'urls',
      listOf(turnUrl, { isNonEmpty: true }),
      ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349?transport=tcp'],
      'The URLs of the relay.',
    ),
    secret: optionalKey(
      'secret',
      text,
      'static-auth-secret of turnserver.conf',
      'The secret that Portico and the relay share, from which every caller gets credentials of its own.',
      { isSecret: true },
    ),
    ttlMs: key(
      'ttl',
      duration({ minMs: 60_000, maxMs: 24 * HOUR_MS }),
      '10m',
      'How long credentials can open a relay. An open one outlives them.',
    ),
  },
  { together: ['urls', 'secret'] },
);

export const iceSection = section('ice', 'Servers that help callers to find a way to each other.', {
  stun: key('stun', listOf(stunUrl), [], 'STUN servers handed to clients.'),
  turn: turnSection,
});

export type TurnConfig = ConfigOf<typeof turnSection.entries>;
export type IceConfig = ConfigOf<typeof iceSection.entries>;
