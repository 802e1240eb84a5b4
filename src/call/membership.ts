// Who may be called: the joined members of the room, as the homeserver lists them to the caller's own token.
// It asks each time, for a member who left must not ring; it decides nothing about busy or offline.

import type { ErrorCode } from '../errors.ts';
import { printableName } from '../matrix/display-name.ts';
import type { RoomId, UserId } from '../matrix/ids.ts';
import type { Homeserver, Member } from '../matrix/matrix.ts';
import { localpartOf } from './model/words.ts';

export interface RoomQuestion {
  readonly token: string;
  readonly roomId: RoomId;
  readonly callerId: UserId;
  /** Only these of the members; undefined for all. */
  readonly invitees: readonly UserId[] | undefined;
  readonly clientAddress: string;
}

export type Invited =
  | {
      readonly inviteeIds: readonly UserId[];
      /** What the caller is called in the room: 1 to 255 UTF-16 code units, fit to be shown in one line. */
      readonly callerName: string;
    }
  | { readonly refused: ErrorCode };

export async function findInvitees(
  homeserver: Pick<Homeserver, 'joinedMembers'>,
  { token, roomId, callerId, invitees, clientAddress }: RoomQuestion,
): Promise<Invited> {
  const answer = await homeserver.joinedMembers(token, roomId, clientAddress);
  switch (answer.kind) {
    case 'members': {
      const wanted = invitees === undefined ? undefined : new Set(invitees);
      const others = answer.members.map(({ userId }) => userId).filter((userId) => userId !== callerId);
      return {
        inviteeIds: wanted === undefined ? others : others.filter((userId) => wanted.has(userId)),
        callerName: nameOf(callerId, answer.members),
      };
    }
    case 'not-in-room':
      return { refused: 'CALL_NOT_IN_ROOM' };
    case 'unknown-token':
      return { refused: 'IDENTITY_UNKNOWN_TOKEN' };
    case 'unavailable':
      // A call without recipients would ring nobody and say nothing.
      return { refused: 'IDENTITY_UNAVAILABLE' };
    default:
      return answer satisfies never;
  }
}

function nameOf(userId: UserId, members: readonly Member[]): string {
  const shown = members.find((member) => member.userId === userId)?.displayName ?? '';
  return printableName(shown) ?? localpartOf(userId);
}
