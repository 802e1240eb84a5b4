// Calls as clients of the call API read them: the original server's member names, times as ISO 8601. Pure.
// What a client may see is decided before; nothing here holds a token, a credential or an SDP.

import { isoTime } from '../clock.ts';
import type { Call, Leg } from './model/call.ts';
import type { StoredCallEvent } from './model/events.ts';
import { legOf } from './model/legs.ts';
import { participantStatus, sessionStatus } from './model/words.ts';
import type { UserId } from '../matrix/ids.ts';

const iso = (atMs: number | undefined): string | null => (atMs === undefined ? null : isoTime(atMs));

/** An entry of `GET /api/calls/active`. */
export function activeView(call: Call) {
  return {
    call_id: call.callId,
    room_id: call.roomId,
    call_type: call.callType,
    initiator_id: call.initiator.userId,
    status: sessionStatus(call),
    created_at: iso(call.createdAtMs),
  };
}

/** `GET /api/calls/:id/status`. */
export function statusView(call: Call) {
  return {
    session: {
      id: call.callId,
      ...activeView(call),
      started_at: iso(answeredAtMs(call)),
      ended_at: iso(endedAtMs(call)),
    },
    participants: call.legs.map(participantView),
  };
}

function participantView(leg: Leg) {
  return {
    matrix_user_id: leg.userId,
    status: participantStatus(leg),
    audio_enabled: leg.isAudioEnabled,
    video_enabled: leg.isVideoEnabled,
    joined_at: iso('joinedAtMs' in leg ? leg.joinedAtMs : undefined),
    left_at: iso(leg.state === 'left' ? leg.leftAtMs : undefined),
  };
}

/** An entry of the history and of the missed calls, as `viewerId` sees it. */
export function historyView(call: Call, viewerId: UserId) {
  const startedMs = answeredAtMs(call);
  const endedMs = endedAtMs(call);
  const leg = legOf(call, viewerId);
  return {
    ...activeView(call),
    direction: leg?.isInitiator === true ? 'outgoing' : 'incoming',
    reason: call.state === 'ended' ? call.endReason : null,
    started_at: iso(startedMs),
    ended_at: iso(endedMs),
    duration_ms: startedMs === undefined || endedMs === undefined ? null : endedMs - startedMs,
    participants: call.legs.map(({ userId, ...other }) => ({
      matrix_user_id: userId,
      status: participantStatus({ userId, ...other }),
    })),
  };
}

/** An entry of the timeline: the event with its place and time. */
export function eventView({ seq, atMs, event }: StoredCallEvent) {
  return { seq, at: iso(atMs), ...event };
}

/** Where the next page of a history begins. */
export function cursorAfter(call: Call): string {
  return `${call.createdAtMs}.${call.callId}`;
}

function answeredAtMs(call: Call): number | undefined {
  return call.state === 'ringing' ? undefined : call.answeredAtMs;
}

function endedAtMs(call: Call): number | undefined {
  return call.state === 'ended' ? call.endedAtMs : undefined;
}
