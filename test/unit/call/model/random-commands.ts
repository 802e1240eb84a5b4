// Random command sequences for the property tests: several users and devices, strangers among them, time moving.
// Commands that end a call at once are rare, so that long calls are reached; every command there is occurs.

import * as fc from 'fast-check';

import type { CallCommand } from '../../../../src/call/model/commands.ts';
import type { DeviceId, UserId } from '../../../../src/matrix/ids.ts';
import { alice, bob, carol, dave, laptop, mallory, phone, tablet } from './calls.ts';

export interface Move {
  readonly waitMs: number;
  readonly command: CallCommand;
}

export interface Scene {
  /** One for a one-to-one call. */
  readonly inviteeIds: readonly UserId[];
  readonly moves: readonly Move[];
}

const MAX_MOVES = 40;

const userId = fc.constantFrom<UserId[]>(alice, bob, carol, dave, bob, mallory);
const deviceId = fc.constantFrom<DeviceId[]>(phone, phone, laptop, tablet);
const byDevice = fc.record({ userId, deviceId });
const byUser = fc.record({ userId, deviceId: fc.option(deviceId, { nil: undefined }) });
const userIds = fc.array(userId, { minLength: 1, maxLength: 3 });

function deviceCommand<T extends CallCommand['type']>(
  ...types: readonly T[]
): fc.Arbitrary<{ readonly type: T; readonly userId: UserId; readonly deviceId: DeviceId }> {
  return fc.tuple(fc.constantFrom<T[]>(...types), byDevice).map(([type, by]) => ({ type, ...by }));
}

const command: fc.Arbitrary<CallCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('note-notified' as const),
      devices: fc.array(byDevice, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 5, arbitrary: deviceCommand('note-ringing', 'silence') },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('note-offline' as const, 'note-busy' as const), userIds }),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(byDevice, fc.array(fc.constantFrom(alice, bob, carol, dave), { minLength: 1, maxLength: 3 }))
      .map(([by, inviteeIds]) => ({ type: 'invite' as const, ...by, inviteeIds })),
  },
  { weight: 9, arbitrary: deviceCommand('answer') },
  { weight: 3, arbitrary: deviceCommand('reject') },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('end' as const, 'leave' as const), byUser)
      .map(([type, by]) => ({ type, ...by })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('toggle' as const),
      userId,
      medium: fc.constantFrom('audio' as const, 'video' as const),
      isEnabled: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('note-recording' as const), userId, isOn: fc.boolean() }),
  },
  { weight: 9, arbitrary: deviceCommand('note-disconnected', 'note-reconnected') },
  { weight: 1, arbitrary: deviceCommand('replace', 'revoke-device') },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove-user' as const), userId }) },
  { weight: 2, arbitrary: fc.constant({ type: 'resume' as const }) },
  { weight: 4, arbitrary: fc.constant({ type: 'judge-deadlines' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('terminate' as const),
      reason: fc.constantFrom(
        'glare' as const,
        'orphaned' as const,
        'server_shutdown' as const,
        'ice_failed' as const,
        'unknown_error' as const,
      ),
    }),
  },
);

/** Mostly short; now and then past a grace, the ring deadline or the longest duration of the test's limits. */
const waitMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 3000 }) },
  { weight: 2, arbitrary: fc.constantFrom(10_000, 29_999, 30_000, 60_000) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
);

export const scene: fc.Arbitrary<Scene> = fc.record({
  inviteeIds: fc.oneof(fc.constant([bob]), fc.constant([bob, carol, dave]), fc.constant([carol, bob])),
  moves: fc.array(fc.record({ waitMs, command }), { minLength: 1, maxLength: MAX_MOVES, size: 'max' }),
});
