// Who enters a room by one socket, as its access was judged: what is certain of it, and whom it may call. Types only.

import type { ErrorCode } from '../../errors.ts';
import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { AskJoinedMembers } from '../../matrix/vouch.ts';
import type { Occupant } from '../session.ts';

export interface Entrant {
  /** As the path names them. */
  readonly roomId: string;
  readonly userId: string;
  readonly occupant: Occupant;
  /** What the application or the registry says: the page cannot choose another. */
  readonly name: string | undefined;
  readonly avatar: string | undefined;
  /** What the homeserver says, if the page says nothing. */
  readonly displayName: string | undefined;
  readonly outside: Outside | undefined;
  readonly matrixRoom: MatrixRoom | undefined;
}

/** Whom the page may call besides the pages in its room; where this is missing, nobody. */
export interface Outside {
  /** Where such a call takes place. */
  readonly roomId: RoomId;
  /** Asked about a Matrix user. Never rejects. */
  find(userId: UserId): Promise<{ readonly name: string | undefined } | { readonly refused: ErrorCode }>;
}

/** A room of the homeserver, whose members have been asked for in the entrant's own name. */
export interface MatrixRoom {
  readonly roomId: RoomId;
  readonly joinedMembers: AskJoinedMembers;
}
