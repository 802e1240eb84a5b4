// The identifiers of Matrix and of calls, each a type of its own, and the addresses of those who have no Matrix user or
// room. Made only here. Pure. It knows the grammar of identifiers, not whether what they name exists.

declare const kind: unique symbol;
type Id<Name extends string> = string & { readonly [kind]: Name };

/**
 * Whoever takes part in calls: a Matrix user (`@localpart:domain`), or somebody whom only the application of a web page
 * knows, by an address of ours: `profile:<key>` or `room:<room>/<user>`, the parts percent-encoded. No door takes such an
 * address from a client as a claim of who it is (`parseUserId` refuses it), and the homeserver knows none of them. At most
 * 255 bytes.
 */
export type UserId = Id<'UserId'>;
export type DeviceId = Id<'DeviceId'>;
/**
 * Where a call takes place: a Matrix room (`!…`), or a conversation that only the application of a web page knows:
 * `conversation:<its id as JSON>`. Nobody's membership of the latter can be asked of the homeserver. At most 255 bytes.
 */
export type RoomId = Id<'RoomId'>;
/** 32 lower-case hex digits: 128 random bits, so that it cannot be guessed. */
export type CallId = Id<'CallId'>;
/** The same for a recording of a call. */
export type RecordingId = Id<'RecordingId'>;

/** https://spec.matrix.org/latest/appendices/#user-identifiers, historical localparts included. At most 255 bytes. */
const USER_ID = /^@[!-9;-~]{0,253}:[A-Za-z0-9.:[\]_-]{1,253}$/;
/** With a domain, or since room version 12 without: `!` and 43 base64url characters. */
const ROOM_ID = /^![\x21-\x7e]{1,254}$/;
/** Opaque; Synapse makes ten capital letters, clients may choose anything. */
const DEVICE_ID = /^[\x21-\x7e]{1,255}$/;
/** Of calls and of recordings. */
const RANDOM_ID = /^[0-9a-f]{32}$/;
const MAX_BYTES = 255;

const PROFILE = 'profile:';
const ROOM_USER = 'room:';
const CONVERSATION = 'conversation:';
/** Wider than what is made here: whom it names is looked for among the participants of one call. */
const ADDRESS = /^(?:profile|room):[\x21-\x7e]{1,250}$/;

export function parseUserId(value: unknown): UserId | undefined {
  return typeof value === 'string' && value.length <= MAX_BYTES && USER_ID.test(value)
    ? (value as UserId)
    : undefined;
}

/**
 * Whom something in a call is for: a Matrix user, or an address. Never for who somebody is: anybody can write down an
 * address.
 */
export function parseParticipantId(value: unknown): UserId | undefined {
  const isAddress = typeof value === 'string' && value.length <= MAX_BYTES && ADDRESS.test(value);
  return isAddress ? (value as UserId) : parseUserId(value);
}

export function parseRoomId(value: unknown): RoomId | undefined {
  return typeof value === 'string' && ROOM_ID.test(value) ? (value as RoomId) : undefined;
}

export function parseDeviceId(value: unknown): DeviceId | undefined {
  return typeof value === 'string' && DEVICE_ID.test(value) ? (value as DeviceId) : undefined;
}

export function parseCallId(value: unknown): CallId | undefined {
  return typeof value === 'string' && RANDOM_ID.test(value) ? (value as CallId) : undefined;
}

export function parseRecordingId(value: unknown): RecordingId | undefined {
  return typeof value === 'string' && RANDOM_ID.test(value) ? (value as RecordingId) : undefined;
}

/** Whether the homeserver knows the user. */
export function isMatrixUser(userId: UserId): boolean {
  return userId.startsWith('@');
}

/** Whether the homeserver knows the room. */
export function isMatrixRoom(roomId: RoomId): boolean {
  return roomId.startsWith('!');
}

/** `profile:tutor_1` of `tutor_1`; undefined for an empty key, ill-formed text, and one too long for an address. */
export function profileAddress(key: string): UserId | undefined {
  return addressOf(PROFILE, [key]);
}

export function profileKeyOf(userId: UserId): string | undefined {
  const [key, ...others] = partsOf(PROFILE, userId);
  return others.length === 0 ? key : undefined;
}

/** `room:lobby/7` of a user in a room of a chat page; undefined as for a profile. */
export function roomUserAddress(roomId: string, userId: string): UserId | undefined {
  return addressOf(ROOM_USER, [roomId, userId]);
}

export function roomUserOf(userId: UserId): { readonly roomId: string; readonly userId: string } | undefined {
  const [roomId, user, ...others] = partsOf(ROOM_USER, userId);
  return roomId === undefined || user === undefined || others.length > 0
    ? undefined
    : { roomId, userId: user };
}

/** `conversation:17` of 17, `conversation:"17"` of the text; undefined if it is too long, or no number of JSON. */
export function conversationRoom(conversationId: string | number): RoomId | undefined {
  if (typeof conversationId === 'number' && !Number.isFinite(conversationId)) return undefined;
  const roomId = CONVERSATION + JSON.stringify(conversationId);
  return new TextEncoder().encode(roomId).length <= MAX_BYTES ? (roomId as RoomId) : undefined;
}

/** The id as the application gave it: its pages compare ids by type too. */
export function conversationOf(roomId: RoomId): string | number | undefined {
  if (!roomId.startsWith(CONVERSATION)) return undefined;
  const id = parseJson(roomId.slice(CONVERSATION.length));
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  return conversationRoom(id) === roomId ? id : undefined;
}

function addressOf(prefix: string, parts: readonly string[]): UserId | undefined {
  // Of ill-formed text encodeURIComponent throws.
  if (parts.some((part) => part === '' || !part.isWellFormed())) return undefined;
  const address = prefix + parts.map((part) => encodeURIComponent(part)).join('/');
  return address.length <= MAX_BYTES ? (address as UserId) : undefined;
}

/** Empty for every text that addressOf does not make of them: two addresses must not name one user. */
function partsOf(prefix: string, address: UserId): readonly string[] {
  if (!address.startsWith(prefix)) return [];
  const parts = address.slice(prefix.length).split('/').map(decode);
  return addressOf(prefix, parts) === address ? parts : [];
}

/** What cannot be decoded stays, and makes another address. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
