// What a client is told when a service other than Synapse did not answer: the registry's codes in our own shape. Pure.

import type { ErrorCode } from '../errors.ts';
import { errorAnswer, type Answer } from '../http/errors.ts';
import type { RequestHead } from '../http/head.ts';

/** In place of the registry's texts, which speak of the homeserver. */
const TEXTS: ReadonlyMap<ErrorCode, string> = new Map([
  ['UPSTREAM_UNREACHABLE', 'The service behind this path cannot be reached'],
  ['UPSTREAM_FAILED', 'The service behind this path broke off before it answered'],
  ['UPSTREAM_TIMEOUT', 'The service behind this path did not answer in time'],
]);

export function serviceAnswer(code: ErrorCode, { method, path }: RequestHead): Answer {
  const text = TEXTS.get(code);
  return errorAnswer(code, { method, path, isMatrix: false }, text === undefined ? {} : { text });
}
