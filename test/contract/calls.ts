// Calls for the tests of a store: valid ones in every state, with made-up users. Decides nothing about how calls change.

import type {
  ActiveCall,
  Call,
  EndedCall,
  EndReason,
  InvitedLeg,
  JoinedLeg,
  LiveCall,
  RefusedLeg,
  RingingCall,
  SettledLeg,
} from '../../src/call/model/call.ts';
import type { CallEvent } from '../../src/call/model/events.ts';
import type { CallId, DeviceId, RoomId, UserId } from '../../src/matrix/ids.ts';

export const ROOM = '!room:example.org' as RoomId;
export const ALICE = '@alice:example.org' as UserId;
export const BOB = '@bob:example.org' as UserId;
export const CAROL = '@carol:example.org' as UserId;
export const PHONE = 'PHONE' as DeviceId;
/** When the calls of these tests begin. */
export const START_MS = 1_700_000_000_000;

export const initiated = {
  type: 'initiated',
  userId: ALICE,
  deviceId: PHONE,
  inviteeIds: [BOB],
} as const satisfies CallEvent;
export const missed = { type: 'missed', userId: BOB, deviceIds: [] } as const satisfies CallEvent;

export function callIds(calls: readonly Call[]): readonly CallId[] {
  return calls.map((call) => call.callId);
}

export function callId(n: number): CallId {
  return n.toString(16).padStart(32, '0') as CallId;
}

export function user(n: number): UserId {
  return `@user${n}:example.org` as UserId;
}

export function invitedLeg(userId: UserId, state: InvitedLeg['state'] = 'invited'): InvitedLeg {
  const devices = state === 'ringing' ? [{ deviceId: PHONE, state, atMs: START_MS }] : [];
  return { userId, isInitiator: false, devices, isAudioEnabled: true, isVideoEnabled: false, state };
}

export function joinedLeg(userId: UserId, isInitiator = false): JoinedLeg {
  return {
    userId,
    isInitiator,
    devices: [{ deviceId: PHONE, state: 'answered', atMs: START_MS + 5 }],
    isAudioEnabled: true,
    isVideoEnabled: true,
    state: 'joined',
    deviceId: PHONE,
    joinedAtMs: START_MS + 5,
  };
}

export function refusedLeg(userId: UserId, state: RefusedLeg['state']): RefusedLeg {
  return { ...invitedLeg(userId), state, atMs: START_MS + 60_000 };
}

interface Made {
  readonly from?: UserId;
  readonly to?: readonly UserId[];
  readonly roomId?: RoomId;
  readonly createdAtMs?: number;
}

/** Version 1 of a call that rings; 1:1 unless `to` says otherwise. */
export function ringingCall(
  n: number,
  { from = ALICE, to = [BOB], roomId, createdAtMs }: Made = {},
): RingingCall {
  const atMs = createdAtMs ?? START_MS + n;
  return {
    callId: callId(n),
    roomId: roomId ?? ROOM,
    callType: 'video',
    initiator: { userId: from, deviceId: PHONE },
    callerName: 'Älice 🦊',
    createdAtMs: atMs,
    ringDeadlineAtMs: atMs + 60_000,
    maxEndAtMs: atMs + 4 * 3_600_000,
    legs: [joinedLeg(from, true), ...to.map((userId) => invitedLeg(userId))],
    version: 1,
    state: 'ringing',
  };
}

/** The next version, answered by everybody. */
export function answered(call: LiveCall): ActiveCall {
  const { callId: id, roomId, callType, initiator, callerName } = call;
  const { createdAtMs, ringDeadlineAtMs, maxEndAtMs } = call;
  const legs = call.legs.map(({ userId, isInitiator }) => joinedLeg(userId, isInitiator));
  const about = { callId: id, roomId, callType, initiator, callerName };
  const base = { ...about, createdAtMs, ringDeadlineAtMs, maxEndAtMs, legs };
  return { ...base, version: call.version + 1, state: 'active', answeredAtMs: createdAtMs + 5 };
}

/** The next version, ended: who was joined has left, who could still answer is `unanswered`. */
export function ended(
  call: LiveCall,
  endReason: EndReason,
  { unanswered = 'missed', endedAtMs = call.createdAtMs + 60_000 }: Ending = {},
): EndedCall {
  const { callId: id, roomId, callType, initiator, callerName } = call;
  const { createdAtMs, ringDeadlineAtMs, maxEndAtMs } = call;
  const about = { callId: id, roomId, callType, initiator, callerName };
  const base = { ...about, createdAtMs, ringDeadlineAtMs, maxEndAtMs };
  return {
    ...base,
    legs: call.legs.map((leg): SettledLeg => {
      const { userId, isInitiator, devices, isAudioEnabled, isVideoEnabled } = leg;
      const common = { userId, isInitiator, devices, isAudioEnabled, isVideoEnabled };
      return leg.state === 'joined'
        ? { ...common, state: 'left', joinedAtMs: leg.joinedAtMs, leftAtMs: endedAtMs, reason: endReason }
        : { ...common, state: unanswered, atMs: endedAtMs };
    }),
    version: call.version + 1,
    state: 'ended',
    answeredAtMs: call.state === 'active' ? call.answeredAtMs : undefined,
    endedAtMs,
    endReason,
    endedBy: 'system',
  };
}

interface Ending {
  readonly unanswered?: RefusedLeg['state'];
  readonly endedAtMs?: number;
}
