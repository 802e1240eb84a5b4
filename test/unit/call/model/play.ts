// Plays a scene of random commands on a call, turn by turn, as the service would: decide, keep what has changed.
// It judges nothing; properties.test.ts does.

import type { Call } from '../../../../src/call/model/call.ts';
import type { CallCommand } from '../../../../src/call/model/commands.ts';
import { createCall } from '../../../../src/call/model/create.ts';
import { decide } from '../../../../src/call/model/decide.ts';
import type { Decision, Limits } from '../../../../src/call/model/decision.ts';
import type { CallEvent } from '../../../../src/call/model/events.ts';
import { newCall, START_MS } from './calls.ts';
import type { Scene } from './random-commands.ts';

/** The longest duration is short enough to be met. */
export const LIMITS: Limits = {
  ringTimeoutMs: 60_000,
  callerGraceMs: 10_000,
  graceMs: 30_000,
  maxDurationMs: 150_000,
};

/** An ended call is answered from and never changes: a few commands show it. */
const MAX_TURNS_AFTER_END = 4;

export interface Turn {
  readonly before: Call;
  readonly command: CallCommand;
  readonly nowMs: number;
  readonly decision: Decision;
  readonly after: Call;
  /** All of the call, those of this turn included. */
  readonly events: readonly CallEvent[];
}

/** Plays a scene on frozen calls: to change one in place throws. */
export function* play({ inviteeIds, moves }: Scene): Generator<Turn> {
  const creation = createCall(newCall(inviteeIds), START_MS, LIMITS);
  if (creation.kind === 'refused') throw new TypeError(creation.code);
  let call: Call = deepFreeze(creation.call);
  let nowMs = START_MS;
  const events: CallEvent[] = [...creation.events];
  let turnsAfterEnd = 0;
  for (const { waitMs, command } of moves) {
    if (call.state === 'ended' && turnsAfterEnd++ === MAX_TURNS_AFTER_END) return;
    nowMs += waitMs;
    const before = call;
    const decision = decide(before, deepFreeze(command), nowMs, LIMITS);
    if (decision.kind === 'changed') {
      call = deepFreeze(decision.call);
      events.push(...decision.events);
    }
    yield { before, command, nowMs, decision, after: call, events: [...events] };
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
