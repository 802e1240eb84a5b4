// Connections that go and come back, users and devices that lose their right to the call, and the media they send.
// T20, T21, T23 to T25. Sockets are counted elsewhere: here a device is connected or not.

import type { UserId } from '../../matrix/ids.ts';
import type { JoinedLeg, LiveCall, ReconnectingLeg, UserDevice } from './call.ts';
import { refused, step, type Limits, type LiveStep, type Outcome, type Step } from './decision.ts';
import { judgeOverdue } from './deadlines.ts';
import { depart, settle } from './finish.ts';
import { closeLedger, isPending, isPresent, legBase, legOf, replaceLeg } from './legs.ts';

/** T20, T21. Only the device that is in the call matters. */
export function noteDisconnected(
  call: LiveCall,
  { userId, deviceId }: UserDevice,
  nowMs: number,
  limits: Limits,
): Step {
  const leg = legOf(call, userId);
  if (leg?.state !== 'joined' || leg.deviceId !== deviceId) return step(call);
  return startGrace(call, leg, nowMs, limits);
}

export function noteReconnected(call: LiveCall, { userId, deviceId }: UserDevice): Step {
  const leg = legOf(call, userId);
  if (leg?.state !== 'reconnecting' || leg.deviceId !== deviceId) return step(call);
  const joined: JoinedLeg = { ...legBase(leg), state: 'joined', deviceId, joinedAtMs: leg.joinedAtMs };
  return step(replaceLeg(call, joined), { type: 'reconnected', userId, deviceId });
}

/**
 * T25. What became overdue while the gateway was down is over, except graces: nobody could come back to it. In an active
 * call every leg gets full grace. While it rings, a caller that was joined keeps its place without one: it may never have
 * had a socket (calls can be made by the REST API alone), nothing would ever end its grace, and the ring deadline bounds
 * the wait for one that does not come back. Only a grace that was running already is set anew.
 */
export function resume(call: LiveCall, nowMs: number, limits: Limits): Step {
  const judged = judgeOverdue(call, nowMs, { areGracesSpared: true });
  if (judged.call.state === 'ended') return step(judged.call, { type: 'resumed' }, ...judged.events);
  let sofar: LiveStep = step(judged.call, { type: 'resumed' }, ...judged.events);
  for (const leg of judged.call.legs) {
    if (!isPresent(leg) || (judged.call.state === 'ringing' && leg.state === 'joined')) continue;
    const next = startGrace(sofar.call, leg, nowMs, limits);
    sofar = step(next.call, ...sofar.events, ...next.events);
  }
  return sofar;
}

/** T23 */
export function removeUser(call: LiveCall, userId: UserId, nowMs: number): Step {
  const leg = legOf(call, userId);
  if (leg === undefined) return step(call);
  if (isPresent(leg)) return depart(call, leg, 'room_left', 'system', nowMs);
  if (!isPending(leg)) return step(call);
  const { devices, stoppedIds } = closeLedger(leg, undefined, 'stopped', nowMs);
  const next = replaceLeg(call, {
    ...legBase(leg),
    devices,
    state: 'left',
    joinedAtMs: undefined,
    leftAtMs: nowMs,
    reason: 'room_left',
  });
  const gone = step(next, { type: 'left', userId, reason: 'room_left', deviceIds: stoppedIds });
  return settle(gone, 'room_left', 'system', nowMs);
}

/** T24 */
export function revokeDevice(call: LiveCall, { userId, deviceId }: UserDevice, nowMs: number): Step {
  const leg = legOf(call, userId);
  if (leg === undefined) return step(call);
  if (isPresent(leg))
    return leg.deviceId === deviceId ? depart(call, leg, 'token_revoked', 'system', nowMs) : step(call);
  const devices = leg.devices.filter((device) => device.deviceId !== deviceId);
  if (!isPending(leg) || devices.length === leg.devices.length) return step(call);
  return step(replaceLeg(call, { ...leg, devices }), {
    type: 'device-dropped',
    userId,
    deviceId,
    reason: 'token_revoked',
  });
}

export function toggle(
  call: LiveCall,
  userId: UserId,
  medium: 'audio' | 'video',
  isEnabled: boolean,
): Outcome {
  const leg = legOf(call, userId);
  if (leg === undefined || !isPresent(leg)) return refused('CALL_NOT_JOINED');
  const was = medium === 'audio' ? leg.isAudioEnabled : leg.isVideoEnabled;
  if (was === isEnabled) return step(call);
  const media = medium === 'audio' ? { isAudioEnabled: isEnabled } : { isVideoEnabled: isEnabled };
  return step(replaceLeg(call, { ...leg, ...media }), { type: 'toggled', userId, medium, isEnabled });
}

/** In a ringing call only the caller is present, and its grace is the shorter one: somebody's phone rings for it. */
function startGrace(
  call: LiveCall,
  leg: JoinedLeg | ReconnectingLeg,
  nowMs: number,
  limits: Limits,
): LiveStep {
  const graceEndsAtMs = nowMs + (call.state === 'ringing' ? limits.callerGraceMs : limits.graceMs);
  const { userId, deviceId, joinedAtMs } = leg;
  const waiting: ReconnectingLeg = {
    ...legBase(leg),
    state: 'reconnecting',
    deviceId,
    joinedAtMs,
    graceEndsAtMs,
  };
  return step(replaceLeg(call, waiting), { type: 'reconnecting', userId, deviceId, graceEndsAtMs });
}
