// How much memory a message or request takes, roughly and cheaply: what a peer can choose the length of, plus a constant
// for the rest. For limits only; never for what is written to a wire. Pure.

import type { ServerMessage } from '../protocol/messages.ts';
import { MAX_DEPTH } from '../protocol/negotiation.ts';
import type { Claim, Intent } from '../protocol/requests.ts';

/** Ids, times and names: each is bounded by its parser. */
const BASE_BYTES = 512;

export function intentBytes(intent: Intent): number {
  switch (intent.type) {
    case 'negotiate':
      return BASE_BYTES + claimBytes(intent.claim) + valueBytes(intent.body, 0) + valueBytes(intent.extra, 0);
    case 'register':
      return BASE_BYTES + claimBytes(intent.claim) + valueBytes(intent.resume?.token, 0);
    case 'initiate':
      return BASE_BYTES + claimBytes(intent.claim) + valueBytes(intent.invitees, 0);
    case 'ping':
      return BASE_BYTES;
    default:
      return BASE_BYTES + claimBytes(intent.claim);
  }
}

/** As it came: it may be as long as a frame. */
function claimBytes({ userId, accessToken, deviceId }: Claim): number {
  return valueBytes(userId, 0) + valueBytes(accessToken, 0) + valueBytes(deviceId, 0);
}

export function messageBytes(message: ServerMessage): number {
  switch (message.type) {
    case 'webrtc-offer':
    case 'webrtc-answer':
    case 'ice-candidate':
      return BASE_BYTES + valueBytes(message, 0);
    default:
      return BASE_BYTES;
  }
}

/** Two bytes for each character of each text, and a little for each value. What is nested deeper was refused before. */
export function valueBytes(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (depth > MAX_DEPTH + 1) return BASE_BYTES;
  let bytes = 16;
  for (const [name, member] of Object.entries(value))
    bytes += name.length * 2 + valueBytes(member, depth + 1);
  return bytes;
}
