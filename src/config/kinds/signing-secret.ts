// The secret that an application signs its tokens with (HS256 and its kin). Owns how short it may be.

import type { Kind } from './kind.ts';
import { wholeKind } from './kind.ts';

/** RFC 7518 section 3.2: who has one token can try shorter secrets until one fits, and then sign tokens of anybody. */
const MIN_BYTES = 32;

export const signingSecret: Kind<string> = wholeKind<string>({
  name: 'a signing secret',
  allowed: `text of at least ${MIN_BYTES} bytes, used as it is written`,
  schema: { type: 'string', minLength: 1 },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text', hint: 'put it in quotes' };
    return Buffer.byteLength(input) < MIN_BYTES
      ? { problem: `is shorter than ${MIN_BYTES} bytes` }
      : { value: input };
  },
  show: (value) => value,
});
