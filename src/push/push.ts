// The port to whoever is told of calls outside of any socket, for instance to wake a phone. Types only.

import type { CallType, EndReason } from '../call/model/call.ts';
import type { CallId, RoomId, UserId } from '../matrix/ids.ts';

export interface CallNotice {
  readonly type: 'ring' | 'ring-cancel' | 'answer' | 'end';
  readonly callId: CallId;
  readonly roomId: RoomId;
  readonly callType: CallType;
  readonly initiatorId: UserId;
  readonly callerName?: string;
  /** Whom it concerns: who is rung, whose ringing stops, who answered, who took part. */
  readonly userIds: readonly UserId[];
  readonly reason?: EndReason | 'answered_elsewhere' | 'declined_elsewhere';
  /** Of a ring, in milliseconds since the epoch: nobody is to be woken after it. */
  readonly expiresAt?: number;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
}

export interface CallNotifier {
  /** Returns at once and never throws: no call waits for, or fails with, whoever is told. */
  readonly post: (notice: CallNotice) => void;
  /** Ends what is waiting within `deadlineMs`; refuses what comes later. Twice is harmless. */
  readonly stop: (deadlineMs: number) => Promise<void>;
}
