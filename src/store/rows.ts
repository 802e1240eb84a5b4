// How a call becomes rows of the tables and rows become calls again: pure, no SQL, no database.
// The words in the status columns are the model's. Reading trusts nothing: an operator's hand or a defect may have changed a row.

import type { Call } from '../call/model/call.ts';
import type { CallEvent, StoredCallEvent } from '../call/model/events.ts';
import { isMissed, participantStatus, sessionStatus } from '../call/model/words.ts';
import { readCallJson, readEventJson, Unreadable } from './readers.ts';

type Cell = null | number | string;
export type Row = Readonly<Record<string, Cell>>;

/** A row that cannot be read: told to the operator, and passed over, so that one bad row fails no other call. */
export interface UnreadableRow {
  readonly table: 'call_sessions' | 'call_events';
  readonly callId: string;
  /** Quotes nothing of the row. */
  readonly problem: string;
}

export type ReadRow<T> = { readonly value: T } | { readonly unreadable: UnreadableRow };

export function sessionRow(call: Call): Row {
  const isEnded = call.state === 'ended';
  return {
    call_id: call.callId,
    room_id: call.roomId,
    call_type: call.callType,
    status: sessionStatus(call),
    initiator_id: call.initiator.userId,
    initiator_device_id: call.initiator.deviceId,
    created_at_ms: call.createdAtMs,
    ring_deadline_at_ms: call.ringDeadlineAtMs,
    answered_at_ms: call.state === 'ringing' ? null : (call.answeredAtMs ?? null),
    ended_at_ms: isEnded ? call.endedAtMs : null,
    end_reason: isEnded ? call.endReason : null,
    ended_by: isEnded ? call.endedBy : null,
    version: call.version,
    call: JSON.stringify(call),
  };
}

export function participantRows(call: Call): readonly Row[] {
  return call.legs.map((leg) => ({
    call_id: call.callId,
    user_id: leg.userId,
    status: participantStatus(leg),
    leg_state: leg.state,
    is_initiator: Number(leg.isInitiator),
    audio_enabled: Number(leg.isAudioEnabled),
    video_enabled: Number(leg.isVideoEnabled),
    joined_at_ms: 'joinedAtMs' in leg ? (leg.joinedAtMs ?? null) : null,
    left_at_ms: leg.state === 'left' ? leg.leftAtMs : null,
    leave_reason: leg.state === 'left' ? leg.reason : null,
    missed_at_ms: isMissed(leg) && 'atMs' in leg ? leg.atMs : null,
    created_at_ms: call.createdAtMs,
    is_live: Number(call.state !== 'ended'),
  }));
}

export function eventRow(event: CallEvent): Row {
  return {
    type: event.type,
    user_id: 'userId' in event ? event.userId : null,
    event: JSON.stringify(event),
  };
}

/** From the columns `call_id`, `version` and `call`. */
export function readCallRow(row: Readonly<Record<string, unknown>>): ReadRow<Call> {
  const callId = String(row['call_id']);
  return reading('call_sessions', callId, () => {
    const call = readCallJson(String(row['call']));
    if (call.callId !== callId) throw new Unreadable('callId is not that of the row');
    // Such a call could be decided upon, but never replaced: every attempt would meet a conflict.
    if (call.version !== row['version']) throw new Unreadable('version is not that of the row');
    return call;
  });
}

/** From the columns `call_id`, `seq`, `at_ms` and `event`. */
export function readEventRow(row: Readonly<Record<string, unknown>>): ReadRow<StoredCallEvent> {
  return reading('call_events', String(row['call_id']), () => ({
    seq: Number(row['seq']),
    atMs: Number(row['at_ms']),
    event: readEventJson(String(row['event'])),
  }));
}

function reading<T>(table: UnreadableRow['table'], callId: string, read: () => T): ReadRow<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { unreadable: { table, callId, problem: error.message } };
  }
}
