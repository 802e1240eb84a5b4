// How much memory a message or request takes, roughly and cheaply: what a peer can choose the length of, plus a constant
// for the rest. For limits only; never for what is written to a wire. Pure.

import type { ServerMessage } from '../protocol/messages.ts';
import type { Claim, Intent } from '../protocol/requests.ts';

/** Ids, times and names: each is bounded by its parser. */
const BASE_BYTES = 512;
const MEMBER_BYTES = 16;
/** Of a whole message; what is relayed may be nested half as deeply. */
const MAX_DEPTH = 64;

export function intentBytes(intent: Intent): number {
  switch (intent.type) {
    case 'negotiate':
      return BASE_BYTES + claimBytes(intent.claim) + sizeOfJson(intent.body) + sizeOfJson(intent.extra);
    case 'register':
      return BASE_BYTES + claimBytes(intent.claim) + sizeOfJson(intent.resume?.token);
    case 'initiate':
      return BASE_BYTES + claimBytes(intent.claim) + sizeOfJson(intent.invitees);
    case 'ping':
      return BASE_BYTES;
    default:
      return BASE_BYTES + claimBytes(intent.claim);
  }
}

/** As it came: it may be as long as a frame. */
function claimBytes({ userId, accessToken, deviceId }: Claim): number {
  return sizeOfJson(userId) + sizeOfJson(accessToken) + sizeOfJson(deviceId);
}

export function messageBytes(message: ServerMessage): number {
  switch (message.type) {
    case 'webrtc-offer':
    case 'webrtc-answer':
    case 'ice-candidate':
      return BASE_BYTES + sizeOfJson(message);
    default:
      return BASE_BYTES;
  }
}

/**
 * The characters of all texts and names, and a little for each value: about what it is as JSON, at least half of what
 * it holds in memory. Infinite for what is nested more deeply than `MAX_DEPTH`: writing that out could exhaust the stack.
 * @param value what JSON can hold
 */
export function sizeOfJson(value: unknown, depth = 0): number {
  if (typeof value === 'string') return MEMBER_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return MEMBER_BYTES;
  if (depth === MAX_DEPTH) return Infinity;
  let bytes = MEMBER_BYTES;
  for (const name in value)
    bytes += name.length + sizeOfJson((value as Readonly<Record<string, unknown>>)[name], depth + 1);
  return bytes;
}
