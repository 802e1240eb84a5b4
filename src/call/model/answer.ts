// Answer and reject: T7 to T13. The first answer of a user wins; an answer beats a reject.
// Two that race are told apart by the store's compare-and-set: the second is decided again, upon the first.

import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { ActiveCall, InvitedLeg, JoinedLeg, LiveCall, UserDevice } from './call.ts';
import { refused, step, type Limits, type Outcome, type Step } from './decision.ts';
import type { CallEvent } from './events.ts';
import { settle } from './finish.ts';
import { closeLedger, isPending, isPresent, legBase, legOf, replaceLeg } from './legs.ts';

export function answer(
  call: LiveCall,
  { userId, deviceId }: UserDevice,
  nowMs: number,
  limits: Limits,
): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined || leg.isInitiator) return refused('CALL_NOT_RINGING');
  if (isPresent(leg)) return leg.deviceId === deviceId ? step(call) : refused('CALL_ANSWERED_ELSEWHERE');
  if (!isPending(leg)) return refused('CALL_NOT_RINGING');

  const { devices, stoppedIds } = closeLedger(
    leg,
    { deviceId, state: 'answered' },
    'answered_elsewhere',
    nowMs,
  );
  const joined: JoinedLeg = { ...legBase(leg), devices, state: 'joined', deviceId, joinedAtMs: nowMs };
  const isLateJoin = call.state === 'active';
  const events: CallEvent[] = [{ type: 'answered', userId, deviceId, isLateJoin }];
  if (stoppedIds.length > 0) events.push({ type: 'answered-elsewhere', userId, deviceIds: stoppedIds });

  const next = replaceLeg(call, joined);
  if (next.state === 'active') return step(next, ...events);
  const extended = extendCallerGrace({ ...next, state: 'active', answeredAtMs: nowMs }, nowMs, limits);
  return step(extended.call, ...events, ...extended.events);
}

/** A caller that is answered within its short grace is in an active call now and has the grace of one. */
function extendCallerGrace(call: ActiveCall, nowMs: number, limits: Limits): Step {
  const leg = legOf(call, call.initiator.userId);
  if (leg?.state !== 'reconnecting') return step(call);
  const graceEndsAtMs = nowMs + limits.graceMs;
  const { userId, deviceId } = leg;
  return step(replaceLeg(call, { ...leg, graceEndsAtMs }), {
    type: 'reconnecting',
    userId,
    deviceId,
    graceEndsAtMs,
  });
}

/** Whoever has answered, declined or left before is not heard again, nor is the caller: T13. */
export function reject(call: LiveCall, { userId, deviceId }: UserDevice, nowMs: number): Step {
  const leg = legOf(call, userId);
  return leg !== undefined && isPending(leg) ? rejectLeg(call, leg, deviceId, nowMs) : step(call);
}

/** T11, T12 */
export function rejectLeg(
  call: LiveCall,
  leg: InvitedLeg,
  deviceId: DeviceId | undefined,
  nowMs: number,
): Step {
  const { devices, stoppedIds } = closeLedger(
    leg,
    { deviceId, state: 'declined' },
    'declined_elsewhere',
    nowMs,
  );
  const userId: UserId = leg.userId;
  const events: CallEvent[] = [{ type: 'rejected', userId, deviceId }];
  if (stoppedIds.length > 0) events.push({ type: 'declined-elsewhere', userId, deviceIds: stoppedIds });
  const next = replaceLeg(call, { ...legBase(leg), devices, state: 'rejected', atMs: nowMs });
  return settle(step(next, ...events), 'rejected', userId, nowMs);
}
