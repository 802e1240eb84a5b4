// STUN URLs (RFC 7064): stun:host[:port] and stuns:host[:port]. Owns their syntax.
// Browsers throw on a bad one when the call starts, so it has to be found when the server starts.

import { parseHostAndPort } from './host.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export const stunUrl: Kind<string> = wholeKind<string>({
  name: 'a STUN URL',
  allowed: 'stun:host, stun:host:port, stuns:host or stuns:host:port',
  schema: { type: 'string', pattern: '^stuns?:[^/?#@\\s]+$' },
  decide(input) {
    const match = typeof input === 'string' ? /^(stuns?):(.*)$/s.exec(input) : null;
    if (match === null) return { problem: 'does not start with stun: or stuns:' };
    const [written = '', scheme = '', rest = ''] = match;
    if (rest.startsWith('//')) {
      return { problem: 'has slashes behind its scheme', hint: `did you mean ${scheme}:${rest.slice(2)}?` };
    }
    if (rest.includes('?')) return { problem: 'has a query; only turn: URLs choose a transport' };
    const parsed = parseHostAndPort(rest);
    return parsed === undefined || parsed.port === 0 ? { problem: 'is not a STUN URL' } : { value: written };
  },
  show: (value) => value,
});
