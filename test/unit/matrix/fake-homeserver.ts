// A homeserver for unit tests: answers what the test says, when the test says, and counts who was asked about.
// The real one is asked in test/contract and test/integration.

import { parseDeviceId, parseUserId, type DeviceId, type UserId } from '../../../src/matrix/ids.ts';
import type { Homeserver, KnownToken, Whoami } from '../../../src/matrix/matrix.ts';

export const UNKNOWN_TOKEN = { kind: 'unknown-token' } as const;
export const UNAVAILABLE = { kind: 'unavailable' } as const;

export function userId(text: string): UserId {
  const parsed = parseUserId(text);
  if (parsed === undefined) throw new Error(`${text} is no user id`);
  return parsed;
}

export function deviceId(text: string): DeviceId {
  const parsed = parseDeviceId(text);
  if (parsed === undefined) throw new Error(`${text} is no device id`);
  return parsed;
}

export function known(user: string, device?: string): KnownToken {
  return {
    kind: 'known',
    userId: userId(user),
    isGuest: false,
    ...(device === undefined ? {} : { deviceId: deviceId(device) }),
  };
}

export interface FakeHomeserver extends Homeserver {
  /** What whoami says of each token; of every other, that it is unknown. A promise is an answer on its way. */
  readonly answers: Map<string, Whoami | Promise<Whoami>>;
  /** The tokens that were asked about, in order, and for which client address. */
  readonly asked: string[];
  readonly askedFor: (string | undefined)[];
}

export function fakeHomeserver(
  answers: Readonly<Record<string, Whoami | Promise<Whoami>>> = {},
): FakeHomeserver {
  const fake: FakeHomeserver = {
    answers: new Map(Object.entries(answers)),
    asked: [],
    askedFor: [],
    isReachable: async () => true,
    whoami: async (token, clientAddress) => {
      fake.asked.push(token);
      fake.askedFor.push(clientAddress);
      return fake.answers.get(token) ?? UNKNOWN_TOKEN;
    },
    joinedMembers: async () => ({ kind: 'members', members: [{ userId: userId('@alice:hs') }] }),
    displayName: async () => ({ kind: 'profile', displayName: 'Alice' }),
    turnServer: async () => ({ kind: 'none' }),
  };
  return fake;
}
