// The words of the original server for a call and its participants: stored in its columns and shown to its clients.
// Clients branch on them, so there are no others; the finer states stay in the call.

import { isMatrixUser, type UserId } from '../../matrix/ids.ts';
import type { Call, EndedCall, Leg, ParticipantStatus, SessionStatus } from './call.ts';
import { legOf } from './legs.ts';

export function sessionStatus(call: Call): SessionStatus {
  return call.state === 'ended' ? endedStatus(call) : call.state;
}

function endedStatus({ answeredAtMs, endReason }: EndedCall): SessionStatus {
  if (answeredAtMs !== undefined) return 'ended';
  switch (endReason) {
    case 'rejected':
      return 'rejected';
    case 'no_answer':
    case 'busy':
    case 'caller_lost':
      return 'missed';
    default:
      return 'ended';
  }
}

export function participantStatus({ state }: Leg): ParticipantStatus {
  switch (state) {
    case 'invited':
    case 'offline':
    // It was never more than that.
    case 'missed':
      return 'invited';
    case 'ringing':
      return 'ringing';
    case 'joined':
    case 'reconnecting':
      return 'joined';
    case 'left':
      return 'left';
    case 'rejected':
    case 'busy':
      return 'rejected';
    default:
      return state satisfies never;
  }
}

/** What a user is called as long as nothing better is known: printable ASCII, never empty. */
export function localpartOf(userId: UserId): string {
  const name = isMatrixUser(userId)
    ? userId.slice(1, userId.indexOf(':'))
    : // The last part of an address, as it is encoded: decoded it could hold anything.
      userId.slice(Math.max(userId.indexOf(':'), userId.lastIndexOf('/')) + 1);
  return name || userId;
}

/** The `status` of the answer to a reject, whether it changed the call, only one leg, or came after an answer (T13). */
export function rejectStatus(call: Call, userId: UserId): SessionStatus {
  return legOf(call, userId)?.state === 'rejected' ? 'rejected' : sessionStatus(call);
}

/** Whether the leg is an entry in its user's list of missed calls: T3, T14, T18, T21. */
export function isMissed({ state }: Leg): boolean {
  return state === 'missed' || state === 'busy';
}
