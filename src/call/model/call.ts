// What a call is: its states, its legs, and the words that are stored and shown. Types only, times in milliseconds
// since the epoch on the store's clock. How a call changes is decide.ts, and nothing else.

import type { CallId, DeviceId, RoomId, UserId } from '../../matrix/ids.ts';

export type CallType = 'voice' | 'video';

/** Why a call, or one user's part in it, ended. */
export type EndReason =
  | 'hangup'
  | 'cancelled'
  | 'rejected'
  | 'busy'
  | 'no_answer'
  | 'glare'
  | 'replaced'
  | 'caller_lost'
  | 'connection_lost'
  | 'room_left'
  | 'token_revoked'
  | 'orphaned'
  | 'server_shutdown'
  | 'operator'
  | 'ice_failed'
  | 'unknown_error';

/** `system` when no user of the call did it: a deadline, a kick, a restart, a sweep. */
export type EndedBy = UserId | 'system';

/** One device of one user: what a socket is bound to. */
export interface UserDevice {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

interface CallBase {
  readonly callId: CallId;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly initiator: UserDevice;
  /** What the initiator is called in the room, or at least its localpart; never empty. As it was at the beginning. */
  readonly callerName: string;
  readonly createdAtMs: number;
  /**
   * Until when it rings for those who can still answer. Starts when the call is committed and moves for nobody who joins;
   * begins anew, for all of them, when somebody is invited into the active call.
   */
  readonly ringDeadlineAtMs: number;
  /** The latest end of the whole call. */
  readonly maxEndAtMs: number;
  /** Counts the commits; the store replaces a call only if it still has the version that was decided upon. */
  readonly version: number;
}

interface LiveCallBase extends CallBase {
  /**
   * The initiator's leg first, then the invitees' in the order of invitation: two in a one-to-one call, at most 51,
   * those included whose part is over.
   * The initiator's is joined from the start; while its grace runs, it is `reconnecting` like any other.
   */
  readonly legs: readonly Leg[];
}

/** At least one invitee can still answer, and none has. */
export interface RingingCall extends LiveCallBase {
  readonly state: 'ringing';
}

/** Somebody answered. Others may ring until the ring deadline: of a group, or invited later. */
export interface ActiveCall extends LiveCallBase {
  readonly state: 'active';
  readonly answeredAtMs: number;
}

export interface EndedCall extends CallBase {
  readonly state: 'ended';
  /** As in a live call, but nobody is in it and nothing rings. */
  readonly legs: readonly SettledLeg[];
  /** Undefined if nobody ever answered. */
  readonly answeredAtMs: number | undefined;
  readonly endedAtMs: number;
  readonly endReason: EndReason;
  readonly endedBy: EndedBy;
}

export type Call = RingingCall | ActiveCall | EndedCall;
export type LiveCall = RingingCall | ActiveCall;

export interface LegBase {
  readonly userId: UserId;
  readonly isInitiator: boolean;
  /** The ring ledger: every device that was told of the call, oldest first; the initiator's is empty. At most 32. */
  readonly devices: readonly DeviceLeg[];
  readonly isAudioEnabled: boolean;
  readonly isVideoEnabled: boolean;
}

/**
 * Can still answer. `invited`: nothing is known of the user's devices; `offline`: none could be reached, but one may
 * register; `ringing`: at least one was told.
 */
export interface InvitedLeg extends LegBase {
  readonly state: 'invited' | 'offline' | 'ringing';
}

export interface JoinedLeg extends LegBase {
  readonly state: 'joined';
  /** The one device that gets negotiation for this user. */
  readonly deviceId: DeviceId;
  readonly joinedAtMs: number;
}

export interface ReconnectingLeg extends LegBase {
  readonly state: 'reconnecting';
  readonly deviceId: DeviceId;
  readonly joinedAtMs: number;
  readonly graceEndsAtMs: number;
}

export interface LeftLeg extends LegBase {
  readonly state: 'left';
  /** Undefined for an invitee who left the room while it rang. */
  readonly joinedAtMs: number | undefined;
  readonly leftAtMs: number;
  readonly reason: EndReason;
}

export interface RefusedLeg extends LegBase {
  readonly state: 'rejected' | 'busy' | 'missed';
  readonly atMs: number;
}

/** In the call, if perhaps without a connection just now. */
export type PresentLeg = JoinedLeg | ReconnectingLeg;
/** Nothing changes it any more. */
export type SettledLeg = LeftLeg | RefusedLeg;
export type Leg = InvitedLeg | PresentLeg | SettledLeg;

/** One device of a user in the ring ledger; two sockets of one device share it. */
export interface DeviceLeg {
  readonly deviceId: DeviceId;
  /** The first three ring and have to be told when it is over; the others say how it was over for them. */
  readonly state:
    | 'notified'
    | 'ringing'
    | 'silenced'
    | 'answered'
    | 'declined'
    | 'answered_elsewhere'
    | 'declined_elsewhere'
    | 'stopped';
  /** When it came into this state; the times of earlier ones are in the call's events. */
  readonly atMs: number;
}

/** The words of the original server for a whole call. */
export type SessionStatus = 'ringing' | 'active' | 'ended' | 'rejected' | 'missed';
/** The words of the original server for a participant. */
export type ParticipantStatus = 'invited' | 'ringing' | 'joined' | 'left' | 'rejected';
