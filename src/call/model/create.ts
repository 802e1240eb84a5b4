// The beginning of a call: T1. Whom the initiator may call was asked of Synapse before.
// Whether a new call may be made at all, beside those that are there, is initiate.ts.

import type { CallId, RoomId, UserId } from '../../matrix/ids.ts';
import type { CallType, JoinedLeg, RingingCall, UserDevice } from './call.ts';
import type { CallEvents, Limits } from './decision.ts';
import { invitedLeg } from './legs.ts';

/** More would let one request ring, and later tell, a whole server. */
export const MAX_INVITEES = 50;

export interface NewCall {
  readonly callId: CallId;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly initiator: UserDevice;
  readonly callerName: string;
  /** In the order of invitation; the initiator among them and repeats are passed over. */
  readonly inviteeIds: readonly UserId[];
}

export type Creation =
  | { readonly kind: 'created'; readonly call: RingingCall; readonly events: CallEvents }
  | { readonly kind: 'refused'; readonly code: 'CALL_FULL' | 'CALL_NOBODY_TO_CALL' };

export function createCall(
  { callId, roomId, callType, initiator, callerName, inviteeIds }: NewCall,
  nowMs: number,
  limits: Limits,
): Creation {
  const invited = new Set(inviteeIds);
  invited.delete(initiator.userId);
  if (invited.size === 0) return { kind: 'refused', code: 'CALL_NOBODY_TO_CALL' };
  if (invited.size > MAX_INVITEES) return { kind: 'refused', code: 'CALL_FULL' };

  const caller: JoinedLeg = {
    ...initiator,
    isAudioEnabled: true,
    isVideoEnabled: callType === 'video',
    isInitiator: true,
    devices: [],
    state: 'joined',
    joinedAtMs: nowMs,
  };
  const call: RingingCall = {
    state: 'ringing',
    callId,
    roomId,
    callType,
    initiator,
    callerName,
    createdAtMs: nowMs,
    ringDeadlineAtMs: nowMs + limits.ringTimeoutMs,
    maxEndAtMs: nowMs + limits.maxDurationMs,
    legs: [caller, ...[...invited].map((userId) => invitedLeg(userId, callType))],
    version: 1,
  };
  return { kind: 'created', call, events: [{ type: 'initiated', ...initiator, inviteeIds: [...invited] }] };
}
