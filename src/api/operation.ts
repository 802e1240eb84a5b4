// What one route of our own API is, said once for the OpenAPI document and the page made of it. Types only.
// It serves nothing and checks nothing: handlers and parsers are with the features.

import type { TObject, TSchema } from 'typebox';

import type { ErrorCode } from '../errors.ts';

export interface Operation {
  /** The `operationId`, and the anchor on the page. */
  readonly id: string;
  readonly method: 'GET' | 'OPTIONS' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{name}` for what is variable, as OpenAPI writes it. */
  readonly path: string;
  /** The heading under which it stands. */
  readonly area: string;
  readonly summary: string;
  readonly description?: string;
  /** Whether it answers only to somebody whose identity is established. */
  readonly needsIdentity: boolean;
  /** What `{id}` in the path is; undefined for a call. */
  readonly pathId?: TSchema;
  readonly query?: TObject;
  readonly headers?: TObject;
  readonly body?: TObject;
  /** The media type of a body that is no JSON. */
  readonly bodyType?: string;
  readonly answers: readonly OperationAnswer[];
  /** Beside those that every identified request, and every request with a body, can get. */
  readonly errors: readonly ErrorCode[];
  /** What `CALL_REQUEST_INCOMPLETE` says here. */
  readonly faults?: readonly string[];
}

export interface OperationAnswer {
  readonly status: number;
  readonly description: string;
  /** Undefined for an answer without a body. */
  readonly schema?: TSchema;
  /** `application/json` if not said. */
  readonly mediaType?: string;
}
