// Tells the sessions of each device what a change of a call means to them (fan-out.ts), each at most once.
// It decides neither what is told nor to which devices.

import type { Call } from '../call/model/call.ts';
import type { CallEvent } from '../call/model/events.ts';
import { messagesOf, type Addressed } from './fan-out.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export function announce(sessions: Sessions, call: Call, events: readonly CallEvent[]): void {
  const told = new Set<Session>();
  for (const addressed of messagesOf(call, events)) {
    for (const session of audienceOf(sessions, addressed)) {
      if (addressed.message.type === 'call-ended') {
        // A device may be both in the call and among those that ring: to its sockets the call ends once.
        if (told.has(session)) continue;
        told.add(session);
      }
      session.tell(addressed.message);
      if (addressed.message.type === 'call-ended') session.forget(call.callId);
    }
  }
}

function audienceOf(
  sessions: Sessions,
  { userId, deviceId, audience, message }: Addressed,
): readonly Session[] {
  const ofDevice = sessions.ofDevice(userId, deviceId);
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
