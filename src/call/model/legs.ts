// The legs of a call and the devices of a leg: who is who, who counts, and how one is replaced by its next state.
// It knows which moves the table allows; when one is made is decided elsewhere.

import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { Call, CallType, DeviceLeg, InvitedLeg, Leg, LegBase, LiveCall, PresentLeg } from './call.ts';
import { canLegMove } from './transitions.ts';

export function legOf(call: Call, userId: UserId): Leg | undefined {
  return call.legs.find((leg) => leg.userId === userId);
}

/** Can still answer. */
export function isPending(leg: Leg): leg is InvitedLeg {
  return leg.state === 'invited' || leg.state === 'offline' || leg.state === 'ringing';
}

/** In the call: a leg in its grace is, for its peers were told nothing. */
export function isPresent(leg: Leg): leg is PresentLeg {
  return leg.state === 'joined' || leg.state === 'reconnecting';
}

export function presentIds(call: Call): readonly UserId[] {
  return call.legs.filter((leg) => isPresent(leg)).map(({ userId }) => userId);
}

export function hasPending(call: Call): boolean {
  return call.legs.some((leg) => isPending(leg));
}

export function isOneToOne(call: Call): boolean {
  return call.legs.length === 2;
}

/** Of somebody who is asked into a call: nothing is known of the user's devices yet. */
export function invitedLeg(userId: UserId, callType: CallType): InvitedLeg {
  return {
    userId,
    isAudioEnabled: true,
    isVideoEnabled: callType === 'video',
    isInitiator: false,
    devices: [],
    state: 'invited',
  };
}

/** What every state of a leg has, without what only this state has. */
export function legBase({ userId, isInitiator, devices, isAudioEnabled, isVideoEnabled }: Leg): LegBase {
  return { userId, isInitiator, devices, isAudioEnabled, isVideoEnabled };
}

/** A move outside the table is a defect of ours: thrown, so that it cannot be committed. */
export function checkMove(from: Leg, to: Leg): void {
  if (!canLegMove(from.state, to.state))
    throw new TypeError(`A leg cannot go from ${from.state} to ${to.state}`);
}

export function replaceLeg(call: LiveCall, next: Leg): LiveCall {
  const legs = call.legs.map((leg) => {
    if (leg.userId !== next.userId) return leg;
    checkMove(leg, next);
    return next;
  });
  return { ...call, legs };
}

/** Whether it rings, as far as anybody knows, and has to be told when that is over. */
export function isDeviceRinging({ state }: DeviceLeg): boolean {
  return state === 'notified' || state === 'ringing' || state === 'silenced';
}

/** The leg's ledger once its ring is over: the device that acted, if any, and how it was over for those that rang. */
export function closeLedger(
  leg: Leg,
  acted: { readonly deviceId: DeviceId | undefined; readonly state: 'answered' | 'declined' } | undefined,
  others: 'answered_elsewhere' | 'declined_elsewhere' | 'stopped',
  nowMs: number,
): { readonly devices: readonly DeviceLeg[]; readonly stoppedIds: readonly DeviceId[] } {
  const rest = leg.devices.filter(({ deviceId }) => deviceId !== acted?.deviceId);
  const stopped = rest.filter((device) => isDeviceRinging(device));
  const devices: DeviceLeg[] = rest.map((device) =>
    isDeviceRinging(device) ? { deviceId: device.deviceId, state: others, atMs: nowMs } : device,
  );
  if (acted?.deviceId !== undefined)
    devices.push({ deviceId: acted.deviceId, state: acted.state, atMs: nowMs });
  return { devices, stoppedIds: stopped.map(({ deviceId }) => deviceId) };
}
