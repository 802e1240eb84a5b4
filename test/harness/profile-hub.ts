// Pages of the profile dialect for one test, on the hub of a test (hub.ts): the lobby and what belongs to it as the gateway
// builds it, and clients without a network. It asks no application: the test says who a page is.

import type { Test } from 'tap';

import type { ApplicationUser } from '../../src/application/application.ts';
import type { UserId } from '../../src/matrix/ids.ts';
import { nameOfKey } from '../../src/signaling/dialects/profile-key.ts';
import { ProfileDoor } from '../../src/signaling/profiles/door.ts';
import type { ProfileStore } from '../../src/store/profiles.ts';
import { MemorySocket } from './memory-socket.ts';
import { settle, startHub, type Frame, type TestHub, type TestHubOptions } from './hub.ts';

export interface TestProfiles extends TestHub {
  readonly door: ProfileDoor;
  readonly profiles: ProfileStore;
  /** A page that has said nothing yet; what it was told on arrival is there. */
  connectProfile(key: string, user?: Partial<ApplicationUser>): Promise<ProfileClient>;
}

export interface TestProfilesOptions extends TestHubOptions {
  readonly relayUnknown?: boolean;
  readonly auth?: 'forward' | 'claimed';
}

export const TYPES = ['tutor', 'student', 'parent', 'advertiser', 'user'];

export function startProfiles(t: Test, options: TestProfilesOptions = {}): TestProfiles {
  const { relayUnknown = false, auth = 'forward' } = options;
  const test = startHub(t, options);
  const profiles = test.store as TestHub['store'] & ProfileStore;
  const door = new ProfileDoor({
    config: { path: '/ws/', types: TYPES, auth, relayUnknown },
    application: { judge: () => Promise.resolve({ kind: 'unavailable' }) },
    hub: test.hub,
    store: profiles,
    webSockets: { accept: () => undefined },
    channelParts: {
      clock: test.clock,
      framesPerSecond: options.framesPerSecond ?? 1_000,
      onDropped: (cause) => void test.dropped.push(cause),
    },
    clock: test.clock,
    onFailed: (error) => void test.failures.push(error),
  });
  return {
    ...test,
    door,
    profiles,
    async connectProfile(key, user = {}) {
      const name = nameOfKey(key);
      if (name === undefined) throw new Error(`${key} is no key`);
      const nobody = { userId: undefined, name: undefined, avatar: undefined, expiresAtMs: undefined };
      const verdict = door.verdictOn(name, { kind: 'known', user: { ...nobody, ...user } });
      if ('refused' in verdict) throw new Error(verdict.refused);
      const client = new ProfileClient();
      verdict.open(client.socket);
      await settle();
      return client;
    },
  };
}

export class ProfileClient {
  readonly socket = new MemorySocket<string, string>();
  #taken = 0;

  get frames(): readonly Frame[] {
    return this.socket.sent.map((text) => JSON.parse(text) as Frame);
  }

  /** Sends, and lets be done what is set off by it. */
  async send(frame: Frame | string): Promise<void> {
    this.socket.push(typeof frame === 'string' ? frame : JSON.stringify(frame));
    await settle();
  }

  /** What came since the last time, but for who is online. */
  take(): readonly Frame[] {
    const frames = this.frames.slice(this.#taken);
    this.#taken += frames.length;
    return frames.filter(({ type }) => type !== 'user_online' && type !== 'user_offline');
  }

  types(): readonly string[] {
    return this.take().map(({ type }) => String(type));
  }

  of(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }

  /** The page is closed, or its network is gone. */
  async cut(): Promise<void> {
    this.socket.cut();
    await settle();
  }
}

export function matrixUser(name: string): { readonly userId: UserId } {
  return { userId: `@${name}:example.org` as UserId };
}
