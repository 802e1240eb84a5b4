// The URL of one HTTP resource that Portico calls: origin, path and query. Owns what such a URL may hold.
// Origins and upstreams, which end behind the port, are in url.ts.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

export const endpointUrl: Kind<string> = wholeKind<string>({
  name: 'a URL',
  allowed:
    'https://host/path, with port and query as needed, without user or fragment (http:// for a local one)',
  schema: { type: 'string', pattern: '^https?://[^/?#@\\\\\\s]+(?:[/?][^#\\\\\\s]*)?$' },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not a URL' };
    const match = /^https?:\/\/([^/?#]*)/.exec(input);
    if (match === null) return { problem: 'does not start with http:// or https://' };
    const authority = match[1] ?? '';
    // `new URL` repairs these silently, and what is then called is not what was written.
    if (/[\s\\]/.test(input)) return { problem: 'holds white space or a backslash' };
    if (authority.includes('@')) return { problem: 'holds a user name or password' };
    if (authority === '') return { problem: 'has no host' };
    if (input.includes('#')) return { problem: 'has a fragment, which is never sent' };
    if (authority.endsWith(':') || !URL.canParse(input)) return { problem: 'is not a URL' };
    const url = new URL(input);
    return url.port === '0' ? { problem: 'has port 0, to which nothing can connect' } : { value: url.href };
  },
  show: (value) => value,
});
