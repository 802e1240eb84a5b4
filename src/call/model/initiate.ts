// What an initiate comes to beside the calls that are there: a repeat (T2), glare, a recall, or simply a new call; and
// who of the invitees is busy (T3). It looks at stored calls only; who of two commits first is the store's word.

import { isMatrixRoom, type CallId, type RoomId, type UserId } from '../../matrix/ids.ts';
import type { Call, CallType, LiveCall, RingingCall, UserDevice } from './call.ts';
import { isOneToOne, isPresent, legOf } from './legs.ts';

export interface InitiateRequest {
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly initiator: UserDevice;
  readonly callerName: string;
  /** Without the initiator and without repeats. */
  readonly inviteeIds: readonly UserId[];
}

export type InitiateDecision =
  /** T2: answered with this call, as if it were new. */
  | { readonly kind: 'repeat'; readonly call: RingingCall }
  /** 409 `CALL_GLARE` with this call, which goes on ringing for the initiator. */
  | { readonly kind: 'glare'; readonly winner: RingingCall }
  /** A call may be made, once each of these was sent `replace` for the initiator's device. */
  | { readonly kind: 'proceed'; readonly replaced: readonly LiveCall[] };

/** @param calls the calls of the initiator, those included in which it is only invited */
export function judgeInitiate(
  request: InitiateRequest,
  calls: readonly Call[],
  nowMs: number,
): InitiateDecision {
  const live = calls.filter((call) => isLive(call, nowMs));
  const ringing = live.filter((call) => call.state === 'ringing');

  const repeated = ringing.find((call) => isByDevice(call, request) && isSameCall(call, request));
  if (repeated !== undefined) return { kind: 'repeat', call: repeated };

  const winner = ringing.find((call) => isGlare(call, request));
  if (winner !== undefined) return { kind: 'glare', winner };

  // A ring in the same room but of the other type is redialled as well: the callee must not ring twice for one caller.
  const replaced = live.filter((call) =>
    call.state === 'active' ? isOnDevice(call, request.initiator) : isByDevice(call, request),
  );
  return { kind: 'proceed', replaced };
}

/**
 * T3: the invitees that are in a call already, or dial one themselves.
 * @param calls the calls of the invitees; the new one, if it is among them, is passed over
 */
export function busyUserIds(
  inviteeIds: readonly UserId[],
  calls: readonly Call[],
  newCallId: CallId,
  nowMs: number,
): readonly UserId[] {
  const others = calls.filter((call) => call.callId !== newCallId && isLive(call, nowMs));
  return inviteeIds.filter((userId) =>
    others.some((call) => {
      const leg = legOf(call, userId);
      return leg !== undefined && isPresent(leg);
    }),
  );
}

/** A ring that is overdue is over, even if its timer has not fired yet: nobody may be sent to it. */
function isLive(call: Call, nowMs: number): call is LiveCall {
  if (call.state === 'ended' || call.maxEndAtMs <= nowMs) return false;
  return call.state === 'active' || call.ringDeadlineAtMs > nowMs;
}

/** A page may call one after another from the same conversation: whoever is called next is not who rings now. */
function isSameCall(call: RingingCall, { callType, inviteeIds }: InitiateRequest): boolean {
  const [only, ...others] = inviteeIds;
  const isForAnother = only !== undefined && others.length === 0 && legOf(call, only) === undefined;
  return call.callType === callType && !isForAnother;
}

function isByDevice(call: RingingCall, { roomId, initiator }: InitiateRequest): boolean {
  const { userId, deviceId } = call.initiator;
  return call.roomId === roomId && userId === initiator.userId && deviceId === initiator.deviceId;
}

function isOnDevice(call: LiveCall, { userId, deviceId }: UserDevice): boolean {
  const leg = legOf(call, userId);
  return leg !== undefined && isPresent(leg) && leg.deviceId === deviceId;
}

function isGlare(call: RingingCall, { roomId, initiator, inviteeIds }: InitiateRequest): boolean {
  if (!isOneToOne(call) || inviteeIds.length !== 1) return false;
  // Two in two Matrix rooms at once is what they asked for. The conversation of a web page has no room to compare: two
  // who call each other, one here and one there, would each wait for the other to answer.
  if (call.roomId !== roomId && isMatrixRoom(call.roomId) && isMatrixRoom(roomId)) return false;
  return legOf(call, initiator.userId) !== undefined && inviteeIds[0] === call.initiator.userId;
}
