// Who may do what with the recordings of a call. Pure, on the call as it is stored. Who asks was established before.

import type { Call } from '../call/model/call.ts';
import { isPresent, legOf } from '../call/model/legs.ts';
import type { ErrorCode } from '../errors.ts';
import type { UserId } from '../matrix/ids.ts';

/** Whether the user is or was in the call: who declined or missed it is not to hear what was said. */
export function hasBeenIn(call: Call, userId: UserId): boolean {
  const leg = legOf(call, userId);
  if (leg === undefined) return false;
  return isPresent(leg) || (leg.state === 'left' && leg.joinedAtMs !== undefined);
}

/** Why the user cannot begin a recording now, if so. */
export function refuseBegin(call: Call, userId: UserId): ErrorCode | undefined {
  if (call.state === 'ended') return 'CALL_ENDED';
  if (call.state === 'ringing') return 'CALL_NOT_ACTIVE';
  const leg = legOf(call, userId);
  return leg !== undefined && isPresent(leg) ? undefined : 'CALL_NOT_JOINED';
}

/** @param recorderId whose recording it is */
export function mayDelete(call: Call, recorderId: UserId, userId: UserId): boolean {
  return userId === recorderId || userId === call.initiator.userId;
}
