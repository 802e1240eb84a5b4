// What the server and other clients say about calls, read into types. Pure: a message of which nothing can be made is
// undefined, and passed over.

import { listOf, membersOf, numberOf, textOf, type Members } from '../members.ts';
import type { ServerMessage } from '../signaling.ts';

export interface Incoming {
  readonly callId: string;
  readonly roomId: string;
  readonly type: 'voice' | 'video';
  readonly caller: { readonly userId: string; readonly name: string };
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly iceServers: readonly RTCIceServer[];
}

export type StreamKind = 'camera' | 'screen';

/** What is told beside a description; clients of other kinds tell nothing. */
export interface Told {
  /** Stream ids, and what they show. */
  readonly streams: ReadonlyMap<string, StreamKind>;
  readonly audio: boolean | undefined;
  readonly video: boolean | undefined;
}

export type Negotiation =
  | {
      readonly kind: 'offer' | 'answer' | 'pranswer';
      readonly fromId: string;
      readonly sdp: string;
      readonly told: Told;
    }
  | {
      readonly kind: 'candidate';
      readonly fromId: string;
      /** Null ends them. */
      readonly candidate: RTCIceCandidateInit | null;
    };

/** Streams of one description that are read; more are of no use. */
const MAX_STREAMS = 8;

export function readIncoming(message: ServerMessage): Incoming | undefined {
  const callId = textOf(message.callId);
  const roomId = textOf(message['roomId']);
  const userId = textOf(message['callerId']) || textOf(message['initiatorId']);
  const expiresAt = numberOf(message['expiresAt']);
  if (!callId || !roomId || !userId || expiresAt === undefined) return undefined;
  return {
    callId,
    roomId,
    type: message['callType'] === 'video' ? 'video' : 'voice',
    caller: { userId, name: textOf(message['callerName']) || userId },
    expiresAt,
    iceServers: readIceServers(message['iceServers']) ?? [],
  };
}

/** @returns undefined for what is no list at all */
export function readIceServers(value: unknown): readonly RTCIceServer[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly RTCIceServer[]).filter((server) => membersOf(server)['urls'] !== undefined);
}

/** Types of messages with a description, and of each the member that it is. */
const DESCRIPTIONS = /^webrtc-(offer|answer)$/;

export function readNegotiation(message: ServerMessage): Negotiation | undefined {
  const fromId = textOf(message['fromUserId']);
  if (!fromId) return undefined;
  if (message.type === 'ice-candidate') {
    const candidate = readCandidate(message['candidate']);
    return candidate === undefined ? undefined : { kind: 'candidate', fromId, candidate };
  }
  const kind = DESCRIPTIONS.exec(message.type)?.[1] as 'offer' | 'answer' | undefined;
  if (kind === undefined) return undefined;
  const described = message[kind];
  const { type, sdp } = membersOf(described);
  const text = textOf(described) || textOf(sdp);
  if (!text) return undefined;
  return {
    kind: kind === 'answer' && type === 'pranswer' ? type : kind,
    fromId,
    sdp: text,
    told: readTold(message),
  };
}

function readTold({ streams, enabled }: Members): Told {
  const { audio, video } = membersOf(enabled);
  const kinds = new Map<string, StreamKind>();
  for (const [id, kind] of Object.entries(membersOf(streams)).slice(0, MAX_STREAMS))
    if (kind === 'camera' || kind === 'screen') kinds.set(id, kind);
  return {
    streams: kinds,
    audio: typeof audio === 'boolean' ? audio : undefined,
    video: typeof video === 'boolean' ? video : undefined,
  };
}

function readCandidate(value: unknown): RTCIceCandidateInit | null | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return { candidate: value, sdpMLineIndex: 0 };
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = membersOf(value);
  if (typeof candidate !== 'string') return undefined;
  const mid = textOf(sdpMid) || null;
  return {
    candidate,
    // One of the two is needed; old clients send neither.
    sdpMid: mid,
    sdpMLineIndex: numberOf(sdpMLineIndex) ?? (mid === null ? 0 : null),
    usernameFragment: textOf(usernameFragment) || null,
  };
}

/** The members of an answer to `GET /api/calls/:id/status` that are used. */
export interface Roster {
  readonly status: string | undefined;
  readonly users: readonly { readonly userId: string; readonly status: string }[];
}

export function readRoster(value: unknown): Roster {
  const { session, participants } = membersOf(value);
  const users = listOf(participants).map((one) => {
    const { matrix_user_id: id, status } = membersOf(one);
    return { userId: textOf(id), status: textOf(status) };
  });
  return {
    status: textOf(membersOf(session)['status']) || undefined,
    users: users.filter(({ userId }) => userId),
  };
}
