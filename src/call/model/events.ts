// What has happened to a call: past tense, stored in order, and told to whom they concern. Types only.
// Lists of devices and users name whom to tell, as it was decided; which sockets they have is not known here.

import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { EndedBy, EndReason, UserDevice } from './call.ts';

export type CallEvent =
  | ({ readonly type: 'initiated'; readonly inviteeIds: readonly UserId[] } & UserDevice)
  /** Those who had no leg yet; the ring deadline has begun anew. */
  | ({ readonly type: 'invited'; readonly inviteeIds: readonly UserId[] } & UserDevice)
  | ({ readonly type: 'device-notified' | 'device-silenced' } & UserDevice)
  /** `isFirst` of this user's devices: only then the caller is told. T6 */
  | ({ readonly type: 'device-ringing'; readonly isFirst: boolean } & UserDevice)
  /** It is no longer in the ledger and rings no more: the oldest of too many, or its token was revoked. */
  | ({ readonly type: 'device-dropped'; readonly reason: 'too_many' | 'token_revoked' } & UserDevice)
  | { readonly type: 'user-offline'; readonly userId: UserId }
  | ({ readonly type: 'answered'; readonly isLateJoin: boolean } & UserDevice)
  | {
      readonly type: 'rejected';
      readonly userId: UserId;
      /** Undefined if a REST client declined that showed only its user. */
      readonly deviceId: DeviceId | undefined;
    }
  /** How it was over for devices that rang; `missed` and `user-busy` also for a user without any. */
  | {
      readonly type: 'answered-elsewhere' | 'declined-elsewhere' | 'missed' | 'user-busy';
      readonly userId: UserId;
      /** Those to be told to stop. */
      readonly deviceIds: readonly DeviceId[];
    }
  | {
      readonly type: 'toggled';
      readonly userId: UserId;
      readonly medium: 'audio' | 'video';
      readonly isEnabled: boolean;
    }
  | { readonly type: 'recording-started' | 'recording-stopped'; readonly userId: UserId }
  /** Also when a running grace is set anew. */
  | ({ readonly type: 'reconnecting'; readonly graceEndsAtMs: number } & UserDevice)
  | ({ readonly type: 'reconnected' } & UserDevice)
  | {
      readonly type: 'left';
      readonly userId: UserId;
      readonly reason: EndReason;
      /** Those to be told to stop, if the user left the room while it rang. */
      readonly deviceIds: readonly DeviceId[];
    }
  /** The gateway took the call up again after a restart. */
  | { readonly type: 'resumed' }
  | {
      readonly type: 'ended';
      readonly endedBy: EndedBy;
      readonly reason: EndReason;
      /** Who was in the call until now; those for whom it rang have a `missed` of their own. */
      readonly memberIds: readonly UserId[];
    };

/** An event as it is stored: with its place in the call and its time. */
export interface StoredCallEvent {
  /** 1 for the first event of the call, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly event: CallEvent;
}
