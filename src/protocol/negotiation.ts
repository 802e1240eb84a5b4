// What may be relayed between two browsers: the judgement of a description or candidate, for sockets and for the call
// API alike. Pure. It reads no more of an SDP than its beginning: the rest is between the clients.

import type { BadRequest } from './bad-request.ts';
import type { NegotiationKind } from './messages.ts';

/** JSON.stringify() recurses: nesting that a parser took without a word would overflow its stack on the way out. */
export const MAX_DEPTH = 32;

const SDP_START = 'v=0';
const TYPES = { offer: ['offer'], answer: ['answer', 'pranswer'] } as const;

/**
 * Judges the member `offer`, `answer` or `candidate` of a request. A description is SDP as text, or `{type, sdp}`; a
 * candidate is text, an object, or null for the end of the candidates. It is handed back as it came.
 */
export function readNegotiationBody(
  kind: NegotiationKind,
  body: unknown,
): { readonly body: unknown } | BadRequest {
  if (body === undefined) return { problem: `${kind} required` };
  const problem = kind === 'candidate' ? candidateProblem(body) : descriptionProblem(kind, body);
  if (problem !== undefined) return { problem };
  return isShallow(body) ? { body } : { problem: `${kind} must not be nested deeper than ${MAX_DEPTH}` };
}

function candidateProblem(body: unknown): string | undefined {
  const isAllowed = body === null || typeof body === 'string' || isObject(body);
  return isAllowed ? undefined : 'candidate must be an object, a text or null';
}

function descriptionProblem(kind: 'offer' | 'answer', body: unknown): string | undefined {
  if (typeof body === 'string') return sdpProblem(kind, body);
  if (!isObject(body) || !('type' in body) || !('sdp' in body))
    return `${kind} must be SDP, or an object with type and sdp`;
  const types: readonly unknown[] = TYPES[kind];
  if (!types.includes(body.type)) return `the type of ${kind} must be ${TYPES[kind].join(' or ')}`;
  return sdpProblem(kind, body.sdp);
}

function sdpProblem(kind: string, sdp: unknown): string | undefined {
  return typeof sdp === 'string' && sdp.startsWith(SDP_START)
    ? undefined
    : `the SDP of ${kind} must begin ${SDP_START}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether lists and objects stand at most MAX_DEPTH deep in one another. */
export function isShallow(value: unknown, depthLeft = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depthLeft === 0) return false;
  for (const name in value)
    if (!isShallow((value as Readonly<Record<string, unknown>>)[name], depthLeft - 1)) return false;
  return true;
}
