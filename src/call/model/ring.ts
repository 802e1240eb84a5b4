// The ring ledger: which devices were told, which ring, who cannot be reached or is busy. T3 to T6.
// It tells nobody: the events name to whom the invitation goes.

import type { UserId } from '../../matrix/ids.ts';
import type { Call, DeviceLeg, InvitedLeg, LiveCall, UserDevice } from './call.ts';
import { refused, step, type LiveStep, type Outcome, type Refused, type Step } from './decision.ts';
import type { CallEvent } from './events.ts';
import { settle } from './finish.ts';
import { closeLedger, isPending, isPresent, legBase, legOf, replaceLeg } from './legs.ts';

/** A client that takes a new device id at each load must not grow the ledger without end. */
export const MAX_DEVICES_PER_LEG = 32;
/** Below this an invitation would reach the device about when the ring ends, and flash up. */
const MIN_RING_LEFT_MS = 2000;

/** For how long a device that registers now should ring; undefined if it should not. T5 */
export function ringLeftMs(call: Call, userId: UserId, nowMs: number): number | undefined {
  const leg = legOf(call, userId);
  const leftMs = Math.min(call.ringDeadlineAtMs, call.maxEndAtMs) - nowMs;
  return leg !== undefined && isPending(leg) && leftMs > MIN_RING_LEFT_MS ? leftMs : undefined;
}

export function noteNotified(call: LiveCall, devices: readonly UserDevice[], nowMs: number): Outcome {
  let sofar: LiveStep = step(call);
  let refusal: Refused | undefined = refused('CALL_NOT_RINGING');
  for (const { userId, deviceId } of devices) {
    const leg = legOf(sofar.call, userId);
    if (leg === undefined || !isPending(leg)) continue;
    refusal = undefined;
    if (leg.devices.some((device) => device.deviceId === deviceId)) continue;
    const next = record(sofar.call, leg, { deviceId, state: 'notified', atMs: nowMs });
    sofar = step(next.call, ...sofar.events, ...next.events, { type: 'device-notified', userId, deviceId });
  }
  return refusal ?? sofar;
}

export function noteRinging(call: LiveCall, { userId, deviceId }: UserDevice, nowMs: number): Outcome {
  const leg = pendingLeg(call, { userId, deviceId });
  if (leg.state === 'refused') return leg.why;
  // Silencing does not stop the ring; a late report must not undo it.
  const known = leg.devices.find((device) => device.deviceId === deviceId);
  if (known !== undefined && known.state !== 'notified') return step(call);
  const isFirst = leg.devices.every(({ state }) => state === 'notified');
  const next = record(call, leg, { deviceId, state: 'ringing', atMs: nowMs });
  return step(next.call, ...next.events, { type: 'device-ringing', userId, deviceId, isFirst });
}

export function silence(call: LiveCall, { userId, deviceId }: UserDevice, nowMs: number): Outcome {
  const leg = pendingLeg(call, { userId, deviceId });
  if (leg.state === 'refused') return leg.why;
  const known = leg.devices.find((device) => device.deviceId === deviceId);
  if (known?.state === 'silenced') return step(call);
  const next = record(call, leg, { deviceId, state: 'silenced', atMs: nowMs });
  return step(next.call, ...next.events, { type: 'device-silenced', userId, deviceId });
}

/** T4. A user with a device that was told meanwhile is not offline. */
export function noteOffline(call: LiveCall, userIds: readonly UserId[]): Step {
  let sofar: LiveStep = step(call);
  for (const userId of userIds) {
    const leg = legOf(sofar.call, userId);
    if (leg?.state !== 'invited') continue;
    const next = replaceLeg(sofar.call, { ...legBase(leg), state: 'offline' });
    sofar = step(next, ...sofar.events, { type: 'user-offline', userId });
  }
  return sofar;
}

/** T3 */
export function noteBusy(call: LiveCall, userIds: readonly UserId[], nowMs: number): Step {
  let sofar: LiveStep = step(call);
  for (const userId of userIds) {
    const leg = legOf(sofar.call, userId);
    if (leg === undefined || !isPending(leg)) continue;
    const { devices, stoppedIds } = closeLedger(leg, undefined, 'stopped', nowMs);
    const next = replaceLeg(sofar.call, { ...legBase(leg), devices, state: 'busy', atMs: nowMs });
    sofar = step(next, ...sofar.events, { type: 'user-busy', userId, deviceIds: stoppedIds });
  }
  return settle(sofar, 'busy', 'system', nowMs);
}

/** The leg that this device may ring for; a device that is too late learns why, so that it stops. */
function pendingLeg(
  call: LiveCall,
  { userId, deviceId }: UserDevice,
): InvitedLeg | { readonly state: 'refused'; readonly why: Refused } {
  const leg = legOf(call, userId);
  if (leg !== undefined && isPending(leg)) return leg;
  const isElsewhere = leg !== undefined && isPresent(leg) && !leg.isInitiator && leg.deviceId !== deviceId;
  return { state: 'refused', why: refused(isElsewhere ? 'CALL_ANSWERED_ELSEWHERE' : 'CALL_NOT_RINGING') };
}

/** Puts a device into the ledger, or its next state in its place; the oldest of too many goes. */
function record(call: LiveCall, leg: InvitedLeg, device: DeviceLeg): LiveStep {
  const events: CallEvent[] = [];
  const { deviceId } = device;
  const isKnown = leg.devices.some((known) => known.deviceId === deviceId);
  const devices = isKnown
    ? leg.devices.map((known) => (known.deviceId === deviceId ? device : known))
    : [...leg.devices, device];
  const [oldest] = devices;
  if (devices.length > MAX_DEVICES_PER_LEG && oldest !== undefined) {
    devices.shift();
    const { userId } = leg;
    events.push({ type: 'device-dropped', userId, deviceId: oldest.deviceId, reason: 'too_many' });
  }
  return step(replaceLeg(call, { ...legBase(leg), devices, state: 'ringing' }), ...events);
}
