// A second reading of a call, from its events alone: what a client that saw every event would show of it.
// Knows nothing of decide; properties.test.ts holds the two against each other.

import type { ParticipantStatus, SessionStatus } from '../../../../src/call/model/call.ts';
import type { CallEvent } from '../../../../src/call/model/events.ts';
import type { UserId } from '../../../../src/matrix/ids.ts';

export interface Replayed {
  session: SessionStatus;
  readonly participants: Map<UserId, ParticipantStatus>;
}

export function replay(events: readonly CallEvent[]): Replayed {
  const seen: Replayed = { session: 'ringing', participants: new Map() };
  let isAnswered = false;
  for (const event of events) {
    switch (event.type) {
      case 'initiated':
        seen.participants.set(event.userId, 'joined');
        for (const userId of event.inviteeIds) seen.participants.set(userId, 'invited');
        break;
      case 'invited':
        for (const userId of event.inviteeIds) seen.participants.set(userId, 'invited');
        break;
      case 'device-notified':
      case 'device-ringing':
      case 'device-silenced':
        seen.participants.set(event.userId, 'ringing');
        break;
      case 'answered':
        isAnswered = true;
        seen.session = 'active';
        seen.participants.set(event.userId, 'joined');
        break;
      case 'rejected':
      case 'user-busy':
        seen.participants.set(event.userId, 'rejected');
        break;
      case 'missed':
        seen.participants.set(event.userId, 'invited');
        break;
      case 'left':
        seen.participants.set(event.userId, 'left');
        break;
      case 'ended': {
        for (const userId of event.memberIds) seen.participants.set(userId, 'left');
        const isMissed = ['no_answer', 'busy', 'caller_lost'].includes(event.reason);
        const unanswered = event.reason === 'rejected' ? 'rejected' : isMissed ? 'missed' : 'ended';
        seen.session = isAnswered ? 'ended' : unanswered;
        break;
      }
      default:
        break;
    }
  }
  return seen;
}
