// Who ends a call or leaves it on purpose: T14 to T17, recall. What an end does to the others is finish.ts.

import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { LiveCall, UserDevice } from './call.ts';
import { refused, step, type Outcome } from './decision.ts';
import { rejectLeg } from './answer.ts';
import { depart, finish } from './finish.ts';
import { isOneToOne, isPending, isPresent, legOf, presentIds } from './legs.ts';

interface Leaver {
  readonly userId: UserId;
  readonly deviceId: DeviceId | undefined;
}

/**
 * `end` from an invitee is a decline. From a device of the user that is not the one in the call it is refused: clients
 * send it when they learn that another device answered, and would end that device's call.
 */
export function end(call: LiveCall, { userId, deviceId }: Leaver, nowMs: number): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined) return step(call);
  if (isPending(leg)) return rejectLeg(call, leg, deviceId, nowMs);
  if (!isPresent(leg)) return step(call);
  if (deviceId !== undefined && deviceId !== leg.deviceId) return refused('CALL_OTHER_DEVICE');
  if (isOnlyLeave(call, userId)) return depart(call, leg, 'hangup', userId, nowMs);
  return finish(call, call.state === 'ringing' ? 'cancelled' : 'hangup', userId, nowMs);
}

export function leave(call: LiveCall, { userId, deviceId }: Leaver, nowMs: number): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined || !isPresent(leg) || call.state === 'ringing')
    return end(call, { userId, deviceId }, nowMs);
  if (deviceId !== undefined && deviceId !== leg.deviceId) return refused('CALL_OTHER_DEVICE');
  return depart(call, leg, 'hangup', userId, nowMs);
}

/** A call that the device is not in stays as it is: a user may talk on one device and dial on another. */
export function replace(call: LiveCall, { userId, deviceId }: UserDevice, nowMs: number): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined || !isPresent(leg) || leg.deviceId !== deviceId) return step(call);
  return isOnlyLeave(call, userId)
    ? depart(call, leg, 'replaced', userId, nowMs)
    : finish(call, 'replaced', userId, nowMs);
}

/** T16: clients call `end` when they see somebody leave; in a group that must not end the call for the rest. */
function isOnlyLeave(call: LiveCall, userId: UserId): boolean {
  return !isOneToOne(call) && userId !== call.initiator.userId && presentIds(call).length > 2;
}
