// What the hub wants of a web page beyond the messages that every channel takes. Pages (profile, room) have no words for
// a ring without its offer, show what they are sent without looking at ids, and cannot all show two calls. Types only.

import type { CallId, RoomId } from '../../matrix/ids.ts';
import type { LiveCall } from '../../call/model/call.ts';
import type { Negotiation } from '../../protocol/messages.ts';

export interface Page {
  /** Rung only if nothing else of its user can ring: it has no ringing, and may answer by itself. */
  readonly ringsLast: boolean;
  /** Whether calls of this room are for it at all: a page of one Matrix room is not where those of another belong. */
  isFor(roomId: RoomId): boolean;
  /** Whether it shows another call, whose place an invitation to this one would take. */
  isEngagedBesides(callId: CallId): boolean;
  /** An offer waits for whoever answers the call to which the page is invited. Told again of each newer one. */
  offered(offer: Negotiation): void;
  /** Nobody whom it calls can be reached now; the call rings on unless the page ends it. */
  unreachable(callId: CallId): void;
  /** The page was in this call by a socket that was lost, and goes on by this one. */
  resumed(call: LiveCall): void;
}
