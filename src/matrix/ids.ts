// The identifiers of Matrix and of calls, each a type of its own, made only by the parsers here.
// Pure. It knows the grammar of identifiers, not whether what they name exists.

declare const kind: unique symbol;
type Id<Name extends string> = string & { readonly [kind]: Name };

export type UserId = Id<'UserId'>;
export type DeviceId = Id<'DeviceId'>;
export type RoomId = Id<'RoomId'>;
/** 32 lower-case hex digits: 128 random bits, so that it cannot be guessed. */
export type CallId = Id<'CallId'>;

/** https://spec.matrix.org/latest/appendices/#user-identifiers, historical localparts included. At most 255 bytes. */
const USER_ID = /^@[!-9;-~]{0,253}:[A-Za-z0-9.:[\]_-]{1,253}$/;
/** With a domain, or since room version 12 without: `!` and 43 base64url characters. */
const ROOM_ID = /^![\x21-\x7e]{1,254}$/;
/** Opaque; Synapse makes ten capital letters, clients may choose anything. */
const DEVICE_ID = /^[\x21-\x7e]{1,255}$/;
const CALL_ID = /^[0-9a-f]{32}$/;
const MAX_BYTES = 255;

export function parseUserId(value: unknown): UserId | undefined {
  return typeof value === 'string' && value.length <= MAX_BYTES && USER_ID.test(value)
    ? (value as UserId)
    : undefined;
}

export function parseRoomId(value: unknown): RoomId | undefined {
  return typeof value === 'string' && ROOM_ID.test(value) ? (value as RoomId) : undefined;
}

export function parseDeviceId(value: unknown): DeviceId | undefined {
  return typeof value === 'string' && DEVICE_ID.test(value) ? (value as DeviceId) : undefined;
}

export function parseCallId(value: unknown): CallId | undefined {
  return typeof value === 'string' && CALL_ID.test(value) ? (value as CallId) : undefined;
}
