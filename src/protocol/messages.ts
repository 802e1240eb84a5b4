// What the server tells a client about calls: the messages of the native protocol, which Socket.IO carries as the
// payload of an event of the same name. Types only; other dialects translate from these.

import type { CallType, EndedBy, EndReason } from '../call/model/call.ts';
import type { IceServer } from '../ice/ice.ts';
import type { CallId, RoomId, UserId } from '../matrix/ids.ts';

/** How it ended for one device: as for the call, or on another device of the same user. */
export type DeviceEndReason = EndReason | 'answered_elsewhere' | 'declined_elsewhere';

/** What a client says it understands beyond the original protocol; it is sent only what it asked for. */
export const CAPABILITIES = [
  'call-ringing',
  'peer-reconnecting',
  'ice-servers-updated',
  'recording',
  'recovery',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

export interface IncomingCall {
  readonly type: 'incoming-call';
  readonly callId: CallId;
  readonly callType: CallType;
  readonly roomId: RoomId;
  readonly initiatorId: UserId;
  /** The Matrix display name, else the localpart. */
  readonly callerName: string;
  readonly callerId: UserId;
  readonly iceServers: readonly IceServer[];
  /** The origin by which the recipient itself reached us. */
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface CallAnswered {
  readonly type: 'call-answered';
  readonly callId: CallId;
  readonly answeredBy: UserId;
  readonly roomId: RoomId;
  readonly callType: CallType;
}

export interface CallRejected {
  readonly type: 'call-rejected';
  readonly callId: CallId;
  readonly rejectedBy: UserId;
  readonly reason?: 'busy';
}

export interface CallEnded {
  readonly type: 'call-ended';
  readonly callId: CallId;
  readonly endedBy: EndedBy;
  readonly reason: DeviceEndReason;
}

export interface MemberChanged {
  readonly type: 'user-joined' | 'user-left';
  readonly userId: UserId;
  readonly callId: CallId;
}

export interface MediumToggled {
  readonly type: 'audio-toggled' | 'video-toggled';
  readonly userId: UserId;
  readonly enabled: boolean;
  readonly callId: CallId;
}

/** For clients with the capability of the same name. */
export interface CallRinging {
  readonly type: 'call-ringing';
  readonly callId: CallId;
  readonly userId: UserId;
}

/** For clients with the capability `peer-reconnecting`; `peer-reconnected` when it is back. */
export interface PeerReconnecting {
  readonly type: 'peer-reconnecting' | 'peer-reconnected';
  readonly callId: CallId;
  readonly userId: UserId;
}

/** For clients with the capability `recording`; `recording-stopped` when the call is recorded by this user no more. */
export interface RecordingChanged {
  readonly type: 'recording-started' | 'recording-stopped';
  readonly callId: CallId;
  /** Who records. */
  readonly userId: UserId;
}

/** For clients with the capability of the same name: the credentials they have will expire soon. */
export interface IceServersUpdated {
  readonly type: 'ice-servers-updated';
  /** Seconds for which they open a relay. */
  readonly ttl: number;
  readonly iceServers: readonly IceServer[];
}

export type NegotiationKind = 'offer' | 'answer' | 'candidate';

/** A description or candidate of another participant, as it was sent but for who it is from and to. */
export type Negotiation = {
  readonly type: 'webrtc-offer' | 'webrtc-answer' | 'ice-candidate';
  readonly callId: CallId;
  readonly fromUserId: UserId;
  readonly targetUserId: UserId;
  /** `offer`, `answer` or `candidate` by the type; and whatever else the sender put beside it. */
  readonly [member: string]: unknown;
};

export type CallMessage =
  | IncomingCall
  | CallAnswered
  | CallRejected
  | CallEnded
  | MemberChanged
  | MediumToggled
  | CallRinging
  | PeerReconnecting
  | RecordingChanged
  | Negotiation;

export type ServerMessage = CallMessage | IceServersUpdated;
