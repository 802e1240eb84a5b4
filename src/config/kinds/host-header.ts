// The Host that a service behind Portico is asked by, where it is not that of its URL. Owns its form; nothing is looked up.

import { parseHostAndPort } from './host.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export const hostHeader: Kind<string> = wholeKind<string>({
  name: 'a host',
  allowed: 'host or host:port',
  schema: { type: 'string', pattern: '^[^/?#@\\\\\\s]+$' },
  decide(input) {
    const isHost = typeof input === 'string' && parseHostAndPort(input) !== undefined;
    return isHost ? { value: input } : { problem: 'is not host or host:port' };
  },
  show: (value) => value,
});
