// The room dialect, pure: what a chat page's text frame says, as a value or a problem, and the frames that pages are
// sent. Who sends it is never read from a frame. Who is in a room, and whom a signal reaches, is decided in rooms/.

import type { BadRequest } from '../../protocol/bad-request.ts';
import { isShallow, MAX_DEPTH, readNegotiationBody } from '../../protocol/negotiation.ts';

type Members = Readonly<Record<string, unknown>>;

/** What the other pages of a room are told as it was sent, but for who it is from. */
export const NOTICES = [
  'typing_start',
  'typing_stop',
  'profile_updated',
  'avatar_updated',
  'broadcast-started',
  'broadcast-stopped',
] as const;
export type NoticeType = (typeof NOTICES)[number];

/** SDP as the bare text, or within `{type, sdp}`: pages read only the form that they write. */
export type SdpForm = 'text' | 'object';

export type RoomSignal =
  | { readonly kind: 'offer' | 'answer'; readonly description: SessionDescription; readonly form: SdpForm }
  /** An object, a text, or null after the last one. */
  | { readonly kind: 'candidate'; readonly candidate: unknown }
  /** `bye` and its like, which original pages do not know: the call with the target is over. */
  | { readonly kind: 'end' }
  /** Nothing that a call knows; between two pages of the room it is passed on all the same. */
  | { readonly kind: 'other' };

export interface SessionDescription {
  readonly type: unknown;
  readonly sdp: unknown;
}

export type RoomFrame =
  | { readonly kind: 'ping' }
  | { readonly kind: 'keep-alive' }
  /** Not empty. */
  | { readonly kind: 'message'; readonly content: string }
  | { readonly kind: 'notice'; readonly type: NoticeType; readonly members: Members }
  | {
      readonly kind: 'signal';
      /** A user of the room, or a Matrix user; undefined only where a signal ends calls, and then all of them. */
      readonly targetId: string | undefined;
      readonly signal: RoomSignal;
      /** As it came, for another page. */
      readonly whole: Members;
    };

/** The original server's text for everything that it could not read. */
const INVALID: BadRequest = { problem: 'Invalid message format' };
const MAX_ID_CHARACTERS = 255;
const END_WORDS: readonly unknown[] = ['bye', 'hangup', 'end', 'reject', 'decline'];
/** These would change an object's nature in a careless reader. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
/** `from`, `fromUserId`, `from_name`, `sender_id`: nobody may say who they are but their socket. */
const NAMES_SENDER = /^(?:from|sender)(?:_|[A-Z]|$)/;

/** Whatever comes is a frame or a described problem; it never throws. */
export function readRoomFrame(text: string): RoomFrame | BadRequest {
  const frame = parseJson(text);
  if (!isMembers(frame)) return INVALID;
  const { type, content } = frame;
  if (type === 'ping') return { kind: 'ping' };
  if (type === 'keep_alive') return { kind: 'keep-alive' };
  if (type === 'webrtc-signal') return readSignalFrame(frame);
  const notice = NOTICES.find((name) => name === type);
  if (notice !== undefined) {
    if (!isShallow(frame)) return { problem: `nothing may be nested deeper than ${MAX_DEPTH}` };
    return { kind: 'notice', type: notice, members: frame };
  }
  return typeof content === 'string' && content !== '' ? { kind: 'message', content } : INVALID;
}

function readSignalFrame({ target_user_id: target, signal }: Members): RoomFrame | BadRequest {
  if (!isMembers(signal)) return { problem: 'signal must be an object' };
  if (!isShallow(signal)) return { problem: `signal must not be nested deeper than ${MAX_DEPTH}` };
  const read = readSignal(signal);
  if ('problem' in read) return read;
  const targetId = readId(target);
  if (targetId === undefined && (read.kind !== 'end' || (target !== undefined && target !== null)))
    return { problem: `target_user_id must be the id of a user, of at most ${MAX_ID_CHARACTERS} characters` };
  return { kind: 'signal', targetId, signal: read, whole: signal };
}

function readSignal(signal: Members): RoomSignal | BadRequest {
  const { type, sdp, candidate } = signal;
  switch (type) {
    case 'offer':
    case 'answer': {
      const read = readNegotiationBody(type, sdp);
      if ('problem' in read) return { problem: `signal.sdp: ${read.problem}` };
      return isDescription(read.body)
        ? { kind: type, description: read.body, form: 'object' }
        : { kind: type, description: { type, sdp }, form: 'text' };
    }
    case 'ice-candidate':
    case 'candidate': {
      const read = readNegotiationBody('candidate', candidate);
      return 'problem' in read
        ? { problem: `signal.candidate: ${read.problem}` }
        : { kind: 'candidate', candidate };
    }
    default:
      return { kind: END_WORDS.includes(type) ? 'end' : 'other' };
  }
}

/** JSON of a page may hold its numbers as such; in paths they are texts. */
function readId(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_CHARACTERS ? value : undefined;
}

function isDescription(body: unknown): body is SessionDescription {
  return isMembers(body);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface ShownUser {
  readonly userId: string;
  readonly name: string;
}

export interface ShownMessage {
  readonly id: string;
  readonly roomId: string;
  readonly userId: string;
  readonly username: string;
  readonly avatar: string | undefined;
  readonly content: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

export const PONG_FRAME = frameOf('pong', {});

export function errorFrame(message: string): string {
  return frameOf('error', { message });
}

export function joinedFrame({ userId, name }: ShownUser, timestamp: string): string {
  return frameOf('user_joined', { message: `${name} joined the chat`, user_id: userId, timestamp });
}

export function leftFrame({ userId, name }: ShownUser, timestamp: string): string {
  return frameOf('user_left', { message: `${name} left the chat`, user_id: userId, timestamp });
}

export function roomStateFrame(users: readonly ShownUser[]): string {
  return frameOf('room_state', { users: users.map(userOf) });
}

export function activeBroadcastsFrame(broadcasters: readonly ShownUser[]): string {
  return frameOf('active-broadcasts', { broadcasters: broadcasters.map(userOf) });
}

export function messageFrame(message: ShownMessage): string {
  const { id, roomId, userId, username, avatar, content, timestamp } = message;
  const shown = { id, user_id: userId, username, content, timestamp, room_id: roomId };
  return frameOf('message', avatar === undefined ? shown : { ...shown, avatar });
}

/**
 * @param members what the page sent: what in it says who or where it is becomes the truth
 * @param roomId that of the sender
 */
export function noticeFrame(
  type: NoticeType,
  { userId, name }: ShownUser,
  members: Members = {},
  roomId?: string,
): string {
  const truth: Members = {
    user_id: userId,
    userId,
    from_user_id: userId,
    username: name,
    from_username: name,
    room_id: roomId,
  };
  const passed: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(members)) {
    if (Object.hasOwn(truth, member)) passed[member] = truth[member];
    else if (!NOT_PASSED_ON.has(member) && !NAMES_SENDER.test(member)) passed[member] = value;
  }
  return frameOf(type, { ...passed, type, user_id: userId, username: name });
}

/** A page closes what it shows of this user's video: it has no other word for the end of a call. */
export function stoppedFrame(user: ShownUser): string {
  return noticeFrame('broadcast-stopped', user);
}

export function signalFrame({ userId, name }: ShownUser, signal: Members): string {
  return frameOf('webrtc-signal', { from_user_id: userId, from_username: name, signal });
}

/** @param description SDP as text, or `{type, sdp}` */
export function descriptionSignal(type: 'offer' | 'answer', description: unknown, form: SdpForm): Members {
  const sdp = isMembers(description) ? description['sdp'] : description;
  return { type, sdp: form === 'text' ? sdp : isMembers(description) ? description : { type, sdp } };
}

export function candidateSignal(candidate: unknown): Members {
  return { type: 'ice-candidate', candidate };
}

function userOf({ userId, name }: ShownUser): Members {
  return { user_id: userId, username: name };
}

function frameOf(type: string, members: Members): string {
  return JSON.stringify({ type, ...members });
}
