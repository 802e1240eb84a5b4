// What the server and other clients say about calls, read into types. Pure: a message of which nothing can be made is
// undefined, and passed over.

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

type Members = Readonly<Record<string, unknown>>;

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

export function readIncoming(message: ServerMessage): Incoming | undefined {
  const callId = textOf(message.callId);
  const roomId = textOf(message['roomId']);
  const userId = textOf(message['callerId']) ?? textOf(message['initiatorId']);
  const expiresAt = message['expiresAt'];
  if (callId === undefined || roomId === undefined || userId === undefined || typeof expiresAt !== 'number')
    return undefined;
  return {
    callId,
    roomId,
    type: message['callType'] === 'video' ? 'video' : 'voice',
    caller: { userId, name: textOf(message['callerName']) ?? userId },
    expiresAt,
    iceServers: readIceServers(message['iceServers']) ?? [],
  };
}

/** @returns undefined for what is no list at all */
export function readIceServers(value: unknown): readonly RTCIceServer[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly unknown[]).filter((server): server is RTCIceServer => {
    const { urls } = membersOf(server);
    return typeof urls === 'string' || Array.isArray(urls);
  });
}

export function readNegotiation(message: ServerMessage): Negotiation | undefined {
  const fromId = textOf(message['fromUserId']);
  if (fromId === undefined) return undefined;
  switch (message.type) {
    case 'webrtc-offer':
      return readDescription(message, fromId, message['offer'], 'offer');
    case 'webrtc-answer':
      return readDescription(message, fromId, message['answer'], 'answer');
    case 'ice-candidate': {
      const candidate = readCandidate(message['candidate']);
      return candidate === undefined ? undefined : { kind: 'candidate', fromId, candidate };
    }
    default:
      return undefined;
  }
}

function readDescription(
  message: ServerMessage,
  fromId: string,
  described: unknown,
  kind: 'offer' | 'answer',
): Negotiation | undefined {
  const { type, sdp } = membersOf(described);
  const text = textOf(described) ?? textOf(sdp);
  if (text === undefined) return undefined;
  const told = readTold(message);
  return { kind: kind === 'answer' && type === 'pranswer' ? type : kind, fromId, sdp: text, told };
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
  return {
    candidate,
    // One of the two is needed; old clients send neither.
    sdpMid: textOf(sdpMid) ?? null,
    sdpMLineIndex: typeof sdpMLineIndex === 'number' ? sdpMLineIndex : typeof sdpMid === 'string' ? null : 0,
    usernameFragment: textOf(usernameFragment) ?? null,
  };
}

/** The members of an answer to `GET /api/calls/:id/status` that are used. */
export interface Roster {
  readonly status: string | undefined;
  readonly users: readonly { readonly userId: string; readonly status: string }[];
}

export function readRoster(value: unknown): Roster {
  const { session, participants } = membersOf(value);
  const users = (Array.isArray(participants) ? (participants as readonly unknown[]) : []).flatMap((one) => {
    const { matrix_user_id: id, status } = membersOf(one);
    const userId = textOf(id);
    return userId === undefined ? [] : [{ userId, status: textOf(status) ?? '' }];
  });
  return { status: textOf(membersOf(session)['status']), users };
}
