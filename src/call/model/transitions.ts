// The table of transitions: which state may follow which, by which rule, and what each rule says in one line.
// The model refuses every other move at run time (legs.ts); docs/call-states.md and the tests are made from it.

import type { Call, Leg } from './call.ts';

export type CallState = Call['state'];
export type LegState = Leg['state'];

export const TRANSITIONS = [
  {
    id: 'T1',
    event: 'initiate',
    effect: 'The call rings; the ring deadline starts, and stays whoever joins.',
  },
  { id: 'T2', event: 'the same initiate again', effect: 'The ringing call is answered again, none is made.' },
  { id: 'T3', event: 'callee in another call', effect: 'Leg `busy`; nobody left to answer ends the call.' },
  { id: 'T4', event: 'no reachable device', effect: 'Leg `offline`; ringing goes on until the deadline.' },
  { id: 'T5', event: 'device registers', effect: 'It is told too, if more than 2 s of the ring are left.' },
  { id: 'T6', event: 'device reports ringing', effect: 'The first of a user is told to the caller.' },
  { id: 'T7', event: 'answer', effect: 'Leg `joined`, call `active`; the other devices of the user stop.' },
  { id: 'T8', event: 'answer again, same device', effect: 'Nothing changes; the same answer.' },
  { id: 'T9', event: 'answer that lost the race', effect: 'Refused: `CALL_ANSWERED_ELSEWHERE`.' },
  { id: 'T10', event: 'answer in an active group', effect: 'An invited leg joins late.' },
  { id: 'T11', event: 'reject, one-to-one', effect: 'Ended `rejected`; the other devices of the user stop.' },
  { id: 'T12', event: 'reject, group', effect: 'That leg only; nobody left to answer ends the call.' },
  { id: 'T13', event: 'reject after an answer', effect: 'Ignored: answer beats reject.' },
  {
    id: 'T14',
    event: 'end by the caller, ringing',
    effect: 'Ended `cancelled`; every told device is named.',
  },
  { id: 'T15', event: 'end, active', effect: 'Ended `hangup`.' },
  { id: 'T16', event: 'end by another, group', effect: 'With more than two in the call, a leave.' },
  { id: 'T17', event: 'leave', effect: 'Leg `left`; at most one in the call and nobody ringing ends it.' },
  { id: 'T18', event: 'ring deadline', effect: 'Unanswered legs `missed`; a ringing call ends `no_answer`.' },
  {
    id: 'T20',
    event: 'joined device disconnected',
    effect: 'Leg `reconnecting` for its grace, or until it is back.',
  },
  { id: 'T21', event: 'caller gone while ringing', effect: 'After its shorter grace, ended `caller_lost`.' },
  { id: 'T22', event: 'grace over', effect: 'Leg `left` with `connection_lost`; then as T17.' },
  { id: 'T23', event: 'user left the room', effect: 'Leg `left` with `room_left`; then as T17.' },
  { id: 'T24', event: 'token revoked', effect: 'The leg of that device `left`, without grace; then as T17.' },
  {
    id: 'T25',
    event: 'gateway restarted',
    effect: 'Active: full grace for every leg. Ringing: goes on to its deadline; overdue, it ends as T18.',
  },
  { id: 'T26', event: 'maximum duration, or swept', effect: 'Ended `orphaned`.' },
  { id: 'T27', event: 'draining', effect: 'No new calls; at the deadline, ended `server_shutdown`.' },
  {
    id: 'glare',
    event: 'both call each other',
    effect: 'The first commit wins and rings on; the other is refused.',
  },
  {
    id: 'recall',
    event: 'new call by the same device',
    effect: 'The old call ends `replaced`, as if by `end`.',
  },
  {
    id: 'invite',
    event: 'invite by one in an active call',
    effect: 'Legs `invited` for users without one; the ring deadline begins anew.',
  },
] as const;
export type TransitionId = (typeof TRANSITIONS)[number]['id'];

/** The rules by which one state follows another; `end`: whatever ended the whole call. */
type Rules = readonly (TransitionId | 'end')[];

export const CALL_MOVES: Readonly<Record<CallState, Readonly<Partial<Record<CallState, Rules>>>>> = {
  ringing: {
    active: ['T7'],
    ended: ['T3', 'T11', 'T12', 'T14', 'T18', 'T21', 'T23', 'T24', 'T25', 'T26', 'T27', 'recall'],
  },
  active: {
    ended: ['T3', 'T12', 'T15', 'T17', 'T18', 'T22', 'T23', 'T24', 'T25', 'T26', 'T27', 'recall'],
  },
  ended: {},
};

const ANSWERS: Readonly<Partial<Record<LegState, Rules>>> = {
  joined: ['T7', 'T10'],
  rejected: ['T11', 'T12'],
  busy: ['T3'],
  missed: ['T18', 'end'],
  left: ['T23'],
};

export const LEG_MOVES: Readonly<Record<LegState, Readonly<Partial<Record<LegState, Rules>>>>> = {
  invited: { offline: ['T4'], ringing: ['T1', 'T5', 'T6'], ...ANSWERS },
  offline: { ringing: ['T5', 'T6'], ...ANSWERS },
  ringing: ANSWERS,
  joined: { reconnecting: ['T20', 'T21', 'T25'], left: ['T16', 'T17', 'T23', 'T24', 'recall', 'end'] },
  reconnecting: { joined: ['T20'], left: ['T16', 'T17', 'T22', 'T23', 'T24', 'recall', 'end'] },
  left: {},
  rejected: {},
  busy: {},
  missed: {},
};

/** To stay is always allowed: the ledger, a medium or a grace may change within a state. */
export function canLegMove(from: LegState, to: LegState): boolean {
  return from === to || Object.hasOwn(LEG_MOVES[from], to);
}

export function canCallMove(from: CallState, to: CallState): boolean {
  return from === to || Object.hasOwn(CALL_MOVES[from], to);
}
