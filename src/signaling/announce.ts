// Tells the sessions of each device what a change of a call means to them (fan-out.ts), each at most once.
// It decides neither what is told nor to which devices.

import type { Call } from '../call/model/call.ts';
import type { CallEvent } from '../call/model/events.ts';
import type { UserId } from '../matrix/ids.ts';
import { messagesOf, type Addressed } from './fan-out.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export function announce(sessions: Sessions, call: Call, events: readonly CallEvent[]): void {
  for (const addressed of messagesOf(call, events)) {
    for (const session of audienceOf(sessions, addressed)) {
      // A device may be both in the call and among those that ring: to its sockets the call ends once.
      if (addressed.message.type === 'call-ended') session.end(addressed.message);
      else session.tell(addressed.message);
    }
  }
  for (const event of events) endForTheRest(sessions, call, event);
}

/** T4. Web pages are told, for their own timers do not run on the calling side. */
export function tellUnreachable(sessions: Sessions, call: Call, events: readonly CallEvent[]): void {
  const isNobodyThere =
    call.state === 'ringing' && call.legs.every((leg) => leg.isInitiator || leg.state === 'offline');
  if (!isNobodyThere || !events.some(({ type }) => type === 'user-offline')) return;
  const { userId, deviceId } = call.initiator;
  for (const { channel } of sessions.ofDevice(userId, deviceId)) channel?.page?.unreachable(call.callId);
}

/** Whoever came into the call before it answered was not told who records it. */
export function tellRecorders(
  sessions: Sessions,
  recorderIds: Iterable<UserId>,
  { callId }: Call,
  events: readonly CallEvent[],
): void {
  for (const event of events) {
    if (event.type !== 'answered') continue;
    const inCall = sessions.ofDevice(event.userId, event.deviceId).filter((session) => session.isIn(callId));
    for (const session of inCall)
      for (const userId of recorderIds) session.tell({ type: 'recording-started', callId, userId });
  }
}

/** Sockets that came into the call without having been rung are in no ledger, but have to stop like the others. */
function endForTheRest(sessions: Sessions, call: Call, event: CallEvent): void {
  const { callId } = call;
  switch (event.type) {
    case 'answered':
    case 'rejected': {
      const { userId } = event;
      const reason = event.type === 'answered' ? 'answered_elsewhere' : 'declined_elsewhere';
      for (const session of sessions.ofUser(userId))
        if (session.knows(callId) && session.occupant?.deviceId !== event.deviceId)
          session.end({ type: 'call-ended', callId, endedBy: userId, reason });
      return;
    }
    case 'ended': {
      const { endedBy, reason } = event;
      for (const session of call.legs.flatMap(({ userId }) => sessions.ofUser(userId)))
        if (session.isIn(callId)) session.end({ type: 'call-ended', callId, endedBy, reason });
      return;
    }
    default:
  }
}

function audienceOf(
  sessions: Sessions,
  { userId, deviceId, audience, message }: Addressed,
): readonly Session[] {
  // A tab that was told that another took the call hears no more of it.
  const ofDevice = sessions.ofDevice(userId, deviceId).filter((session) => !session.isOver(message.callId));
  const inCall = ofDevice.filter((session) => session.isIn(message.callId));
  const registered = ofDevice.filter(({ isRegistered }) => isRegistered);
  switch (audience) {
    case 'ring':
      return registered.length > 0 ? registered : inCall;
    case 'call':
      return inCall.length > 0 ? inCall : registered;
    case 'all':
      return ofDevice.filter((session) => session.isRegistered || session.knows(message.callId));
    default:
      return audience satisfies never;
  }
}
