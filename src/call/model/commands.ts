// What may be asked of a call. Imperative; each names who asks. Types only.
// It does not say what is answered: decide.ts does, per state.

import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { EndReason, UserDevice } from './call.ts';

/** From a device, or from a REST client that shows only a user: then `deviceId` is undefined. */
interface ByUser {
  readonly userId: UserId;
  readonly deviceId: DeviceId | undefined;
}

/**
 * These devices are about to be sent the invitation; a batch, so that a call to fifty users is one commit. The ledger
 * is committed before anything is sent: a device that was sent the invitation first could ring on, unknown, after an
 * answer. Changed: send to those in the events; unchanged: all were told before, telling again is allowed; refused:
 * send nothing. T1, T5
 */
export interface NoteNotified {
  readonly type: 'note-notified';
  readonly devices: readonly UserDevice[];
}

export type CallCommand =
  | NoteNotified
  /** A device has begun to ring, or was silenced by its user. T6 */
  | ({ readonly type: 'note-ringing' | 'silence' } & UserDevice)
  /** No device of these users could be reached when the invitation went out. T4 */
  | { readonly type: 'note-offline'; readonly userIds: readonly UserId[] }
  /** These users are in another call. T3 */
  | { readonly type: 'note-busy'; readonly userIds: readonly UserId[] }
  /** A device in an active call asks more users into it; whoever has a leg already is passed over. */
  | ({ readonly type: 'invite'; readonly inviteeIds: readonly UserId[] } & UserDevice)
  | ({ readonly type: 'answer' } & UserDevice)
  | ({ readonly type: 'reject' } & UserDevice)
  | ({ readonly type: 'end' | 'leave' } & ByUser)
  /** The device starts a new call while it is in this one: an `end` with the reason `replaced`. Recall. */
  | ({ readonly type: 'replace' } & UserDevice)
  | {
      readonly type: 'toggle';
      readonly userId: UserId;
      readonly medium: 'audio' | 'video';
      readonly isEnabled: boolean;
    }
  /** A recording of this user's begins, or goes on after a restart; or it has stopped. */
  | { readonly type: 'note-recording'; readonly userId: UserId; readonly isOn: boolean }
  /** The last socket of a device is gone, or its first is back. T20, T21 */
  | ({ readonly type: 'note-disconnected' | 'note-reconnected' } & UserDevice)
  /** The user left the room or was kicked from it. T23 */
  | { readonly type: 'remove-user'; readonly userId: UserId }
  /** The access token of this one device was revoked; the user's other devices go on. T24 */
  | ({ readonly type: 'revoke-device' } & UserDevice)
  /** The whole call ends for a reason from outside. Sweep (T26), shutdown (T27), an operator, a defect. */
  | {
      readonly type: 'terminate';
      readonly reason: Extract<
        EndReason,
        'glare' | 'orphaned' | 'server_shutdown' | 'operator' | 'ice_failed' | 'unknown_error'
      >;
    }
  /** The gateway was restarted and holds none of the call's sockets. T25 */
  | { readonly type: 'resume' }
  /** The earliest stored deadline has passed: ring, a leg's grace, maximum duration. T18, T21, T22, T26 */
  | { readonly type: 'judge-deadlines' };
