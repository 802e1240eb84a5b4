// How a call comes to its end, whatever the cause: nobody left to answer, at most one left in it, or at once for all.
// It does not judge who may end it (leaving.ts) or when (deadlines.ts).

import type { EndedBy, EndedCall, EndReason, Leg, LiveCall, PresentLeg, SettledLeg } from './call.ts';
import { step, type LiveStep, type Step } from './decision.ts';
import type { CallEvent } from './events.ts';
import {
  checkMove,
  closeLedger,
  hasPending,
  isPending,
  isPresent,
  legBase,
  presentIds,
  replaceLeg,
} from './legs.ts';

/** Ends the call for all. Whoever was still asked has missed it; their ringing devices are named in the event. */
export function finish(call: LiveCall, reason: EndReason, endedBy: EndedBy, nowMs: number): Step<EndedCall> {
  const events: CallEvent[] = [];
  const legs = call.legs.map((leg): SettledLeg => {
    if (isPending(leg)) {
      const missed = missLeg(leg, nowMs);
      events.push(missed.event);
      return missed.leg;
    }
    return isPresent(leg) ? leftLeg(leg, reason, nowMs) : leg;
  });
  const { callId, roomId, callType, initiator, callerName, version } = call;
  const { createdAtMs, ringDeadlineAtMs, maxEndAtMs } = call;
  const ended: EndedCall = {
    state: 'ended',
    callId,
    roomId,
    callType,
    initiator,
    callerName,
    createdAtMs,
    ringDeadlineAtMs,
    maxEndAtMs,
    legs,
    version,
    answeredAtMs: call.state === 'active' ? call.answeredAtMs : undefined,
    endedAtMs: nowMs,
    endReason: reason,
    endedBy,
  };
  return step(ended, ...events, { type: 'ended', endedBy, reason, memberIds: presentIds(call) });
}

/** T17: ends the call that a step has left with nobody to wait for; `reason` is that of the step. */
export function settle(before: LiveStep, reason: EndReason, endedBy: EndedBy, nowMs: number): Step {
  const { call, events } = before;
  const present = presentIds(call).length;
  // With nobody in it the call must not ring on: whoever answered would be alone.
  const isOver = present === 0 || (!hasPending(call) && (call.state === 'ringing' || present === 1));
  if (!isOver) return before;
  const why = call.state === 'ringing' ? (refusalOf(call.legs) ?? reason) : reason;
  const last = finish(call, why, endedBy, nowMs);
  return step(last.call, ...events, ...last.events);
}

/** One user's part is over: T16, T17, T22, T23, T24. Without its caller a ringing call is over too. */
export function depart(
  call: LiveCall,
  leg: PresentLeg,
  reason: EndReason,
  endedBy: EndedBy,
  nowMs: number,
): Step {
  if (call.state === 'ringing') return finish(call, reason, endedBy, nowMs);
  const left = replaceLeg(call, leftLeg(leg, reason, nowMs));
  return settle(
    step(left, { type: 'left', userId: leg.userId, reason, deviceIds: [] }),
    reason,
    endedBy,
    nowMs,
  );
}

export function missLeg(leg: Leg, nowMs: number): { readonly leg: SettledLeg; readonly event: CallEvent } {
  const { devices, stoppedIds } = closeLedger(leg, undefined, 'stopped', nowMs);
  const missed: SettledLeg = { ...legBase(leg), devices, state: 'missed', atMs: nowMs };
  checkMove(leg, missed);
  return { leg: missed, event: { type: 'missed', userId: leg.userId, deviceIds: stoppedIds } };
}

function leftLeg(leg: PresentLeg, reason: EndReason, nowMs: number): SettledLeg {
  const left: SettledLeg = {
    ...legBase(leg),
    state: 'left',
    joinedAtMs: leg.joinedAtMs,
    leftAtMs: nowMs,
    reason,
  };
  checkMove(leg, left);
  return left;
}

/** Why a ring ended without an answer when the invitees gave different reasons: a decline tells the caller most. */
function refusalOf(legs: readonly Leg[]): EndReason | undefined {
  if (legs.some(({ state }) => state === 'rejected')) return 'rejected';
  return legs.some(({ state }) => state === 'busy') ? 'busy' : undefined;
}
