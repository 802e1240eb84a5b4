// The deadlines that a call stores, and what each does once it has passed: T18, T21, T22, T26. No timer, no clock:
// a timer elsewhere asks for the earliest and sends `judge-deadlines`; how late it does so changes no outcome.

import type { Call, LiveCall, ReconnectingLeg } from './call.ts';
import { step, type LiveStep, type Step } from './decision.ts';
import { depart, finish, missLeg, settle } from './finish.ts';
import { hasPending, isPending, replaceLeg } from './legs.ts';

type Deadline =
  | { readonly kind: 'ring' | 'max-duration'; readonly atMs: number }
  | { readonly kind: 'grace'; readonly atMs: number; readonly leg: ReconnectingLeg };

/** When `judge-deadlines` will next change the call; undefined once it has ended. */
export function nextDeadlineMs(call: Call): number | undefined {
  return call.state === 'ended' ? undefined : Math.min(...deadlinesOf(call).map(({ atMs }) => atMs));
}

/** The earliest first, so that the reason is right even if a stalled process sees several at once. */
export function judgeOverdue(
  call: Call,
  nowMs: number,
  { areGracesSpared }: { readonly areGracesSpared: boolean },
): Step {
  let sofar: Step = step(call);
  while (sofar.call.state !== 'ended') {
    const [earliest] = deadlinesOf(sofar.call)
      .filter(({ kind, atMs }) => atMs <= nowMs && !(areGracesSpared && kind === 'grace'))
      .toSorted((one, other) => one.atMs - other.atMs);
    if (earliest === undefined) return sofar;
    const next = pass(sofar.call, earliest, nowMs);
    sofar = step(next.call, ...sofar.events, ...next.events);
  }
  return sofar;
}

function deadlinesOf(call: LiveCall): readonly Deadline[] {
  const deadlines: Deadline[] = [{ kind: 'max-duration', atMs: call.maxEndAtMs }];
  if (hasPending(call)) deadlines.push({ kind: 'ring', atMs: call.ringDeadlineAtMs });
  for (const leg of call.legs)
    if (leg.state === 'reconnecting') deadlines.push({ kind: 'grace', atMs: leg.graceEndsAtMs, leg });
  return deadlines;
}

/** Every one takes its own deadline away: the loop above ends. */
function pass(call: LiveCall, deadline: Deadline, nowMs: number): Step {
  switch (deadline.kind) {
    case 'max-duration':
      return finish(call, 'orphaned', 'system', nowMs);
    case 'ring':
      return endRing(call, nowMs);
    case 'grace': {
      const reason = call.state === 'ringing' ? 'caller_lost' : 'connection_lost';
      return depart(call, deadline.leg, reason, 'system', nowMs);
    }
    default:
      return deadline satisfies never;
  }
}

/** T18. In an active group the others talk on. */
function endRing(call: LiveCall, nowMs: number): Step {
  if (call.state === 'ringing') return finish(call, 'no_answer', 'system', nowMs);
  let sofar: LiveStep = step<LiveCall>(call);
  for (const leg of call.legs) {
    if (!isPending(leg)) continue;
    const missed = missLeg(leg, nowMs);
    sofar = step(replaceLeg(sofar.call, missed.leg), ...sofar.events, missed.event);
  }
  return settle(sofar, 'no_answer', 'system', nowMs);
}
