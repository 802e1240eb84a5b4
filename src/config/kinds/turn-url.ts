// TURN URLs (RFC 7065): turn:host[:port][?transport=udp|tcp], and turns: for TLS. Owns their syntax.
// Browsers throw on a bad one when the call starts, so it has to be found when the server starts.

import { parseHostAndPort } from './host.ts';
import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export const turnUrl: Kind<string> = wholeKind<string>({
  name: 'a TURN URL',
  allowed: 'turn:host or turns:host, with :port and ?transport=udp or ?transport=tcp as needed',
  schema: { type: 'string', pattern: '^turns?:[^/?#@\\s]+(?:\\?transport=(?:udp|tcp))?$' },
  decide(input) {
    const match = typeof input === 'string' ? /^(turns?):([^?]*)(?:\?(.*))?$/s.exec(input) : null;
    if (match === null) return { problem: 'does not start with turn: or turns:' };
    const [written, scheme = '', authority = '', query] = match;
    if (authority.startsWith('//')) {
      return {
        problem: 'has slashes behind its scheme',
        hint: `did you mean ${scheme}:${authority.slice(2)}?`,
      };
    }
    if (authority.includes('@')) return { problem: 'holds a user name; every caller gets one of its own' };
    if (query !== undefined && !/^transport=(?:udp|tcp)$/.test(query)) {
      return { problem: 'has a query other than ?transport=udp or ?transport=tcp' };
    }
    const parsed = parseHostAndPort(authority);
    return parsed === undefined || parsed.port === 0 ? { problem: 'is not a TURN URL' } : { value: written };
  },
  show: (value) => value,
});
