// The answer to a preflight (OPTIONS), the same on every lane. Pure. Which requests are preflights is proxy/route.ts's.

import { preflightHeaders } from './cors.ts';
import type { Answer } from './errors.ts';

const NOTHING = Buffer.alloc(0);

/** @param path of the request */
export function preflightAnswer(path: string): Answer {
  return { status: 204, headers: preflightHeaders(path), body: NOTHING, closes: false };
}
