// What a committed change of a call is worth telling, and whom: events of the model become messages for devices. Pure.
// Which sockets a device has, and which of them want to know, is found out elsewhere (announce.ts).

import type { Call } from '../call/model/call.ts';
import type { CallEvent } from '../call/model/events.ts';
import { isPresent, legOf, presentIds } from '../call/model/legs.ts';
import type { DeviceId, UserId } from '../matrix/ids.ts';
import type { CallEnded, CallMessage, DeviceEndReason } from '../protocol/messages.ts';

/**
 * Which of a device's sessions: `ring`, the registered ones, else those in the call; `call`, those in the call, else
 * the registered ones; `all`, each that has to do with the call.
 */
export type Audience = 'ring' | 'call' | 'all';

export interface Addressed {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly audience: Audience;
  readonly message: CallMessage;
}

export function messagesOf(call: Call, events: readonly CallEvent[]): readonly Addressed[] {
  return events.flatMap((event) => messagesOfOne(call, event, events));
}

function messagesOfOne(call: Call, event: CallEvent, events: readonly CallEvent[]): readonly Addressed[] {
  const { callId, roomId, callType } = call;
  switch (event.type) {
    case 'device-ringing':
      return event.isFirst ? toCaller(call, { type: 'call-ringing', callId, userId: event.userId }) : [];
    case 'answered':
      return [
        ...toCaller(call, { type: 'call-answered', callId, answeredBy: event.userId, roomId, callType }),
        ...toOthers(call, event.userId, { type: 'user-joined', userId: event.userId, callId }),
      ];
    case 'rejected':
      return toCaller(call, { type: 'call-rejected', callId, rejectedBy: event.userId });
    case 'user-busy':
      return [
        ...toCaller(call, { type: 'call-rejected', callId, rejectedBy: event.userId, reason: 'busy' }),
        ...stops(event.userId, event.deviceIds, endOf(call, events, 'busy')),
      ];
    case 'answered-elsewhere':
      return stops(event.userId, event.deviceIds, ended(call, event.userId, 'answered_elsewhere'));
    case 'declined-elsewhere':
      return stops(event.userId, event.deviceIds, ended(call, event.userId, 'declined_elsewhere'));
    case 'missed':
      return stops(event.userId, event.deviceIds, endOf(call, events, 'no_answer'));
    case 'left':
      return [
        ...toOthers(call, event.userId, { type: 'user-left', userId: event.userId, callId }),
        ...stops(event.userId, event.deviceIds, ended(call, 'system', event.reason)),
        // The device that left is told too, unless the end of the whole call tells it.
        ...(call.state === 'ended'
          ? []
          : toMember(call, event.userId, ended(call, event.userId, event.reason))),
      ];
    case 'toggled': {
      const type = event.medium === 'audio' ? 'audio-toggled' : 'video-toggled';
      const { userId, isEnabled: enabled } = event;
      return toOthers(call, userId, { type, userId, enabled, callId });
    }
    case 'recording-started':
    case 'recording-stopped':
      return toPresent(call, { type: event.type, callId, userId: event.userId });
    case 'reconnecting':
      return toOthers(call, event.userId, { type: 'peer-reconnecting', userId: event.userId, callId });
    case 'reconnected':
      return toOthers(call, event.userId, { type: 'peer-reconnected', userId: event.userId, callId });
    case 'ended': {
      const message = ended(call, event.endedBy, event.reason);
      return membersOf(call, events).flatMap((userId) => toMember(call, userId, message));
    }
    case 'device-dropped':
      return stops(event.userId, [event.deviceId], ended(call, 'system', dropReason(event.reason)));
    case 'initiated':
    case 'invited':
    case 'device-notified':
    case 'device-silenced':
    case 'user-offline':
    case 'resumed':
      return [];
    default:
      return event satisfies never;
  }
}

/** Everybody who was in it until this very change: whoever leaves with the last word is told as well. */
function membersOf(call: Call, events: readonly CallEvent[]): readonly UserId[] {
  const end = events.find((event) => event.type === 'ended');
  const left = events.flatMap((event) => (event.type === 'left' ? [event.userId] : []));
  return [...new Set([...(end?.type === 'ended' ? end.memberIds : []), ...left])].filter(
    (userId) => legOf(call, userId) !== undefined,
  );
}

function dropReason(reason: 'too_many' | 'token_revoked'): DeviceEndReason {
  return reason === 'token_revoked' ? 'token_revoked' : 'unknown_error';
}

function ended(call: Call, endedBy: CallEnded['endedBy'], reason: DeviceEndReason): CallEnded {
  return { type: 'call-ended', callId: call.callId, endedBy, reason };
}

/** How it ended for a device that rang: as for the call, if this change ended that, else by what happened to its leg. */
function endOf(call: Call, events: readonly CallEvent[], reason: DeviceEndReason): CallEnded {
  const end = events.find((event) => event.type === 'ended');
  return end?.type === 'ended' ? ended(call, end.endedBy, end.reason) : ended(call, 'system', reason);
}

function stops(userId: UserId, deviceIds: readonly DeviceId[], message: CallEnded): readonly Addressed[] {
  return deviceIds.map((deviceId) => ({ userId, deviceId, audience: 'all', message }));
}

function toCaller(call: Call, message: CallMessage): readonly Addressed[] {
  const { userId, deviceId } = call.initiator;
  const leg = legOf(call, userId);
  // Who has left hears no more of those who still come into it: some clients show a call of which they are told.
  if (call.state === 'active' && (leg === undefined || !isPresent(leg))) return [];
  return [{ userId, deviceId, audience: 'ring', message }];
}

function toMember(call: Call, userId: UserId, message: CallMessage): readonly Addressed[] {
  const deviceId = deviceOf(call, userId);
  return deviceId === undefined ? [] : [{ userId, deviceId, audience: 'all', message }];
}

/** The others in the call. Nobody who only rings: what happens in a call does not concern a phone on the table. */
function toOthers(call: Call, userId: UserId, message: CallMessage): readonly Addressed[] {
  return toPresent(call, message).filter((addressed) => addressed.userId !== userId);
}

function toPresent(call: Call, message: CallMessage): readonly Addressed[] {
  return presentIds(call).flatMap((userId) => {
    const deviceId = deviceOf(call, userId);
    return deviceId === undefined ? [] : [{ userId, deviceId, audience: 'call' as const, message }];
  });
}

/** The device that owns the user's leg: of a settled one, the device that had answered or called. */
function deviceOf(call: Call, userId: UserId): DeviceId | undefined {
  const leg = legOf(call, userId);
  if (leg === undefined) return undefined;
  if (isPresent(leg)) return leg.deviceId;
  if (leg.isInitiator) return call.initiator.deviceId;
  return leg.devices.find(({ state }) => state === 'answered')?.deviceId;
}
