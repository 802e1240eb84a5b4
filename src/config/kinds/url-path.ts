// Paths of our own on the public origin: absolute, and written in the one way that a request shows them.
// Refuses what would have to be decoded or normalised before it could be compared with a request.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

/** Characters that stand for themselves in every path; no percent-encodings. */
const CANONICAL = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*[A-Za-z0-9._~!$&'()*+,;=:@-]*$/;
const MAX_CHARACTERS = 255;

/** @param options.endsInSlash for what everything below the path belongs to */
export function urlPath({ endsInSlash = false }: { readonly endsInSlash?: boolean } = {}): Kind<string> {
  const tail = endsInSlash ? '/' : '';
  return wholeKind<string>({
    name: 'a path',
    allowed: `an absolute path without query, such as /calls${tail}${endsInSlash ? ', with a slash at its end' : ''}`,
    schema: { type: 'string', pattern: endsInSlash ? '^/(?:.*/)?$' : '^/', maxLength: MAX_CHARACTERS },
    decide(input) {
      if (typeof input !== 'string') return { problem: 'is not text' };
      if (!input.startsWith('/'))
        return { problem: 'does not start with /', hint: `did you mean /${input}?` };
      if (input.length > MAX_CHARACTERS) return { problem: `is longer than ${MAX_CHARACTERS} characters` };
      if (/[?#]/.test(input)) return { problem: 'holds a query or a fragment' };
      if (!CANONICAL.test(input)) {
        return { problem: 'holds an empty segment or characters that would be encoded in a request' };
      }
      if (input.split('/').some((segment) => segment === '.' || segment === '..')) {
        return { problem: 'holds a segment . or .., which clients resolve before they ask' };
      }
      if (endsInSlash && !input.endsWith('/')) {
        return { problem: 'does not end in /', hint: `did you mean ${input}/?` };
      }
      return { value: input };
    },
    show: (value) => value,
  });
}
