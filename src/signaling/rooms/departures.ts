// Who is no longer a member of a Matrix room whose pages are open: asked of the homeserver when somebody may have left,
// in the name of those who are there. Their sockets are closed; nobody is, about whom it could not be asked.

import type { ErrorCode } from '../../errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { Entrant } from './entrant.ts';

export interface OpenPage {
  readonly entrant: Entrant;
  close(code: ErrorCode): void;
}

/** A few of them know as much as all. */
const MAX_ASKED = 5;

/** Never rejects. */
export async function closeDeparted(pages: readonly OpenPage[]): Promise<void> {
  const members = await askedMembers(pages);
  for (const page of pages) if (members.hasLeft(page.entrant.occupant.userId)) page.close('ROOM_NOT_FOUND');
}

async function askedMembers(
  pages: readonly OpenPage[],
): Promise<{ readonly hasLeft: (userId: UserId) => boolean }> {
  const asked = new Set<UserId>();
  const departed = new Set<UserId>();
  for (const { entrant } of pages) {
    const { matrixRoom, occupant } = entrant;
    if (matrixRoom === undefined || asked.has(occupant.userId)) continue;
    if (asked.size === MAX_ASKED) break;
    asked.add(occupant.userId);
    const answer = await matrixRoom.joinedMembers(matrixRoom.roomId);
    // Whoever may not ask any more is the one who has left; somebody else may say about the others.
    if (answer.kind === 'not-in-room') departed.add(occupant.userId);
    if (answer.kind !== 'members') continue;
    const joined = new Set(answer.members.map(({ userId }) => userId));
    return { hasLeft: (userId) => !joined.has(userId) };
  }
  return { hasLeft: (userId) => departed.has(userId) };
}
