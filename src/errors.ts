// The registry of every refusal and failure that reaches the wire: code, HTTP status, Matrix errcode, text, blame.
// docs/errors.md is generated from it. It does not decide when a code applies, nor how it is written (http/errors.ts).

import { CALL_ERRORS } from './errors/calls.ts';
import type { ErrorEntry } from './errors/entry.ts';
import { GATEWAY_ERRORS } from './errors/gateway.ts';
import { OPERATOR_ERRORS } from './errors/operator.ts';
import { RECORDING_ERRORS } from './errors/recordings.ts';

export type { Blame, ErrorEntry } from './errors/entry.ts';

export const ERRORS = { ...GATEWAY_ERRORS, ...CALL_ERRORS, ...RECORDING_ERRORS, ...OPERATOR_ERRORS } as const;

export type ErrorCode = keyof typeof ERRORS;

export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERRORS[code];
}

/** What an answer of our own API says beyond the registry. */
export interface ErrorDetail {
  /** In place of the registry's text, which says it in general. */
  readonly text?: string;
  readonly members?: Readonly<Record<string, string>>;
  /** Fields of the answer, value after name as Node's raw headers have them. */
  readonly headers?: readonly string[];
}

/** A refusal or failure on its way to the place that writes it; `cause` stays in the log. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, cause?: unknown, detail: ErrorDetail = {}) {
    super(code, { cause });
    this.name = 'GatewayError';
    this.code = code;
    this.detail = detail;
  }
}
