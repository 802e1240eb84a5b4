// Seats that write down what they get, and senders, for the tests of the relay. It judges nothing.

import type { Call } from '../../../src/call/model/call.ts';
import type { UserId } from '../../../src/matrix/ids.ts';
import type { Negotiation, NegotiationKind } from '../../../src/protocol/messages.ts';
import type { Deliver, NegotiationRelay, Offered } from '../../../src/signaling/relay.ts';
import { CALL_ID, phone } from '../call/model/calls.ts';

/** A seat that writes down what it gets, as `alice offer 1`. */
export interface Seat {
  readonly got: Negotiation[];
  readonly deliver: Deliver;
  readonly texts: () => readonly string[];
}

export function newSeat(): Seat {
  const got: Negotiation[] = [];
  return {
    got,
    deliver: (message) => got.push(message),
    texts: () => got.map((message) => `${nameOf(message.fromUserId)} ${textOf(message)}`),
  };
}

export function nameOf(userId: UserId): string {
  return userId.slice(1, userId.indexOf(':'));
}

export function textOf(message: Negotiation): string {
  return String(message['offer'] ?? message['answer'] ?? message['candidate']);
}

export function offered(kind: NegotiationKind, body: unknown, over: Partial<Offered> = {}): Offered {
  return { callId: CALL_ID, kind, target: 'all', body, extra: {}, ...over };
}

/** Sends from a user's phone, and holds that it was not refused. */
export function sender(
  t: { equal(found: unknown, wanted: unknown): unknown },
  relay: NegotiationRelay,
  call: Call,
) {
  return (userId: UserId, kind: NegotiationKind, body: unknown, over: Partial<Offered> = {}): void => {
    t.equal(relay.offer(call, { userId, deviceId: phone }, offered(kind, body, over)), undefined);
  };
}
