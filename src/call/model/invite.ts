// One more for a call that goes on: invite. Whom the inviter may call was found out before.
// Who of them is busy is asked after the commit (T3); who is rung, and how, is not known here.

import type { UserId } from '../../matrix/ids.ts';
import type { ActiveCall, LiveCall, UserDevice } from './call.ts';
import { MAX_INVITEES } from './create.ts';
import { refused, step, type Limits, type Outcome } from './decision.ts';
import { invitedLeg, isPresent, legOf } from './legs.ts';

interface Invitation extends UserDevice {
  readonly inviteeIds: readonly UserId[];
}

/**
 * A leg never goes back: who is in the call, is rung already, or has declined or left, is passed over. With nobody else
 * to ask nothing changes, so that the same invitation may be sent again.
 */
export function invite(
  call: LiveCall,
  { userId, deviceId, inviteeIds }: Invitation,
  nowMs: number,
  limits: Limits,
): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined || !isPresent(leg)) return refused('CALL_NOT_JOINED');
  if (leg.deviceId !== deviceId) return refused('CALL_OTHER_DEVICE');
  if (call.state === 'ringing') return refused('CALL_NOT_ACTIVE');

  const newIds = [...new Set(inviteeIds)].filter((inviteeId) => legOf(call, inviteeId) === undefined);
  if (newIds.length === 0) return step(call);
  if (call.legs.length - 1 + newIds.length > MAX_INVITEES) return refused('CALL_FULL');
  const next: ActiveCall = {
    ...call,
    legs: [...call.legs, ...newIds.map((inviteeId) => invitedLeg(inviteeId, call.callType))],
    ringDeadlineAtMs: nowMs + limits.ringTimeoutMs,
  };
  return step(next, { type: 'invited', userId, deviceId, inviteeIds: newIds });
}
