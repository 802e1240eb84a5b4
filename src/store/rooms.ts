// The port to the room registry: small chat rooms of web pages, their users and what was written in them. Types only.
// Every method rejects with StoreUnavailable (errors.ts) when the store cannot answer; then nothing was changed. Who may
// do what is not asked here: nobody is identified in the registry.

/** Ids are made by the caller, from a random source; a text that names nothing is simply unknown. */
export interface RoomUser {
  readonly id: string;
  /** At most 64 characters; the caller bounds it. */
  readonly username: string;
  /** When it registered; in the list of a room's members, when it joined last. */
  readonly joinedAtMs: number;
}

export interface Room {
  readonly id: string;
  /** At most 64 characters; the caller bounds it. */
  readonly name: string;
  readonly createdAtMs: number;
}

/** A room as it is shown. */
export interface ListedRoom extends Room {
  readonly memberCount: number;
}

export interface RoomMessage {
  readonly id: string;
  readonly roomId: string;
  readonly userId: string;
  /** As the author was called then. */
  readonly username: string;
  readonly avatar: string | undefined;
  /** At most 16 KiB of UTF-8. */
  readonly content: string;
  readonly atMs: number;
}

export interface Joining {
  readonly roomId: string;
  readonly userId: string;
  readonly atMs: number;
}

export type Joined =
  | { readonly kind: 'joined'; readonly user: RoomUser }
  | { readonly kind: 'unknown-room' | 'unknown-user' | 'full' };

/**
 * The registry is full with 10,000 users, 1,000 rooms, and 1,000 members in one room: then nothing more is added.
 * Messages make place for newer ones: 10,000 are kept of a room, 100,000 of all rooms. What is older than ended calls are
 * kept goes with them (`Store.deleteEndedBefore`): first messages and memberships, then users without a membership that
 * registered before, and rooms without members and messages that were made before.
 */
export interface RoomStore {
  addUser(user: RoomUser): Promise<'added' | 'full'>;
  findUser(id: string): Promise<RoomUser | undefined>;

  addRoom(room: Room): Promise<'added' | 'full'>;
  findRoom(id: string): Promise<ListedRoom | undefined>;
  /** Oldest first, at most `limit`. */
  listRooms(limit: number): Promise<readonly ListedRoom[]>;

  /** Joining again renews the membership, so that it is kept for longer; also in a room that is full. */
  joinRoom(joining: Joining): Promise<Joined>;
  /** Who joined last comes last. */
  listMembers(roomId: string): Promise<readonly RoomUser[]>;

  /** Keeps a message in a room of the registry, whoever it is from. */
  putMessage(message: RoomMessage): Promise<'put' | 'unknown-room' | 'too-long'>;
  /** The newest of the room, at most `limit`, in the order in which they were written: oldest of them first. */
  listMessages(roomId: string, limit: number): Promise<readonly RoomMessage[]>;
}
