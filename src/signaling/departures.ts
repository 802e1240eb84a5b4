// Who is no longer in the room of a call: T23. Asked of the homeserver when somebody may have left, in the name of those
// in the call whose token is known. It removes nobody whom it could not ask about.

import { isPending, isPresent } from '../call/model/legs.ts';
import type { LiveCall } from '../call/model/call.ts';
import type { CallService } from '../call/service.ts';
import { isMatrixUser, type RoomId, type UserId } from '../matrix/ids.ts';
import type { Homeserver } from '../matrix/matrix.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Sessions } from './sessions.ts';

export interface DeparturesParts {
  readonly service: Pick<CallService, 'command'>;
  readonly homeserver: Pick<Homeserver, 'joinedMembers'>;
  readonly sessions: Sessions;
  readonly live: LiveCalls;
}

/** A call has up to fifty-one participants; a few of them know as much as all. */
const MAX_ASKED = 5;

/** @throws StoreUnavailable */
export async function removeDeparted(parts: DeparturesParts, roomId: RoomId): Promise<void> {
  for (const call of [...parts.live.all].filter((one) => one.roomId === roomId)) {
    for (const userId of await departedFrom(parts, call))
      await parts.service.command(call.callId, { type: 'remove-user', userId });
  }
}

async function departedFrom(parts: DeparturesParts, call: LiveCall): Promise<readonly UserId[]> {
  // Whoever takes part by an address was never a member of the room.
  const userIds = call.legs
    .filter((leg) => (isPresent(leg) || isPending(leg)) && isMatrixUser(leg.userId))
    .map(({ userId }) => userId);
  const departed: UserId[] = [];
  let asked = 0;
  for (const userId of userIds) {
    const token = tokenOf(parts.sessions, userId);
    if (token === undefined || asked >= MAX_ASKED) continue;
    asked += 1;
    const answer = await parts.homeserver.joinedMembers(token, call.roomId);
    // Whoever may not ask any more is the one who has left; somebody else may say about the others.
    if (answer.kind === 'not-in-room') departed.push(userId);
    if (answer.kind !== 'members') continue;
    const members = new Set(answer.members.map((member) => member.userId));
    return userIds.filter((one) => !members.has(one));
  }
  return departed;
}

function tokenOf(sessions: Sessions, userId: UserId): string | undefined {
  return sessions.ofUser(userId).find(({ occupant }) => occupant?.token !== undefined)?.occupant?.token;
}
