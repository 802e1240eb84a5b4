// What a committed change of a call is worth telling outside of any socket (push/push.ts). Pure.
// It posts nothing.

import type { UserId } from '../matrix/ids.ts';
import type { CallNotice } from '../push/push.ts';
import type { Call } from './model/call.ts';
import type { CallEvent } from './model/events.ts';
import { legOf } from './model/legs.ts';
import type { Ring } from './service.ts';

/** Of a new call, or of an invitation into one, once it is known who is busy: nobody who talks already is to be woken. */
export function ringNotice(call: Call, { userIds, atMs }: Ring): CallNotice {
  return {
    ...aboutCall(call, atMs),
    type: 'ring',
    callerName: call.callerName,
    userIds,
    expiresAt: call.ringDeadlineAtMs,
  };
}

/** Everything but the ring. Who is busy gets a cancel though it got no ring: a receiver can list the call as missed. */
export function noticesOf(call: Call, events: readonly CallEvent[], atMs: number): readonly CallNotice[] {
  const about = aboutCall(call, atMs);
  return events.flatMap((event): CallNotice[] => {
    switch (event.type) {
      case 'answered':
        return [{ ...about, type: 'answer', userIds: [event.userId] }];
      case 'answered-elsewhere':
        return [{ ...about, type: 'ring-cancel', userIds: [event.userId], reason: 'answered_elsewhere' }];
      case 'declined-elsewhere':
        return [{ ...about, type: 'ring-cancel', userIds: [event.userId], reason: 'declined_elsewhere' }];
      case 'left':
        // Somebody who left the room while it rang; of the others no phone rings.
        return hasJoined(call, event.userId)
          ? []
          : [{ ...about, type: 'ring-cancel', userIds: [event.userId], reason: event.reason }];
      case 'user-busy':
        return [{ ...about, type: 'ring-cancel', userIds: [event.userId], reason: 'busy' }];
      case 'missed':
        return [
          {
            ...about,
            type: 'ring-cancel',
            userIds: [event.userId],
            ...(call.state === 'ended' ? { reason: call.endReason } : {}),
          },
        ];
      case 'ended':
        return [
          { ...about, type: 'end', userIds: call.legs.map(({ userId }) => userId), reason: event.reason },
        ];
      default:
        return [];
    }
  });
}

function aboutCall({ callId, roomId, callType, initiator }: Call, atMs: number) {
  return { callId, roomId, callType, initiatorId: initiator.userId, at: atMs };
}

function hasJoined(call: Call, userId: UserId): boolean {
  const leg = legOf(call, userId);
  return leg !== undefined && 'joinedAtMs' in leg && leg.joinedAtMs !== undefined;
}
