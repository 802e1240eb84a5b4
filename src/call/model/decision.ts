// What comes of a command: the next call with its events, nothing, or a named refusal; and the limits it depends on.
// HTTP statuses and texts of the refusals are the registry's.

import type { Call, LiveCall } from './call.ts';
import type { CallEvent } from './events.ts';

export const CALL_REFUSALS = [
  /** No such call, or one that does not concern the user: a stranger cannot tell which. */
  'CALL_NOT_FOUND',
  /** The user is not, or no longer, being rung. */
  'CALL_NOT_RINGING',
  /** Another device of the same user answered first. */
  'CALL_ANSWERED_ELSEWHERE',
  'CALL_ENDED',
  /** Nobody has answered yet: its invitees stand. */
  'CALL_NOT_ACTIVE',
  /** With those who are asked now there would be too many. */
  'CALL_FULL',
  /** Only who is in the call may do this. */
  'CALL_NOT_JOINED',
  /** The user is in the call, but on another device than the one that asks. */
  'CALL_OTHER_DEVICE',
] as const;
export type CallRefusal = (typeof CALL_REFUSALS)[number];

/** Durations from the config. Deadlines that were stored once are not moved when these change. */
export interface Limits {
  readonly ringTimeoutMs: number;
  /** How long a caller without a connection keeps its ring. */
  readonly callerGraceMs: number;
  /** How long a joined leg without a connection stays in the call. */
  readonly graceMs: number;
  readonly maxDurationMs: number;
}

export type CallEvents = readonly [CallEvent, ...CallEvent[]];

export type Decision =
  /** Has to be committed before anything is told; the next call's version is one more. */
  | { readonly kind: 'changed'; readonly call: Call; readonly events: CallEvents }
  /** Success all the same: what was asked for is so, or is ignored by rule. The answer is built from the call. */
  | { readonly kind: 'unchanged' }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly code: CallRefusal;
}

/** A part of a decision, before it is counted as a version. No events: nothing has changed. */
export interface Step<C extends Call = Call> {
  readonly kind: 'step';
  readonly call: C;
  readonly events: readonly CallEvent[];
}
export type LiveStep = Step<LiveCall>;
export type Outcome = Step | Refused;

export function refused(code: CallRefusal): Refused {
  return { kind: 'refused', code };
}

export function step<C extends Call>(call: C, ...events: readonly CallEvent[]): Step<C> {
  return { kind: 'step', call, events };
}
