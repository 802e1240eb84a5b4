// Where pages come in as a profile, `/ws/PROFILE_ID/PROFILE_TYPE`: their application says who they are, then they are
// online, and are told what they have missed. It serves no frame (channel.ts).

import type { Application, Judged, ProfileSubject } from '../../application/application.ts';
import { isoTime, type Clock } from '../../clock.ts';
import type { ProfileConfig } from '../../config/sections/profile.ts';
import type { ErrorCode } from '../../errors.ts';
import type { UpgradeTarget } from '../../http/upgrade.ts';
import { profileAddress } from '../../matrix/ids.ts';
import type { ProfileStore } from '../../store/profiles.ts';
import { connected, missedCalls, type MissedCall } from '../dialects/profile-frames.ts';
import { profileIdOf, type ProfileName } from '../dialects/profile-key.ts';
import type { ChannelParts } from '../guarded-channel.ts';
import type { Hub } from '../hub.ts';
import { admitPage, type Verdict } from '../pages/page-door.ts';
import { readPagePath } from '../pages/page-path.ts';
import type { SignalSocket } from '../transport.ts';
import type { WebSocketTransport } from '../transports/websocket.ts';
import { occupantOf, ProfileChannel } from './channel.ts';
import { ProfileDirectory } from './directory.ts';
import { ProfileLobby } from './lobby.ts';
import { nameIn, profileOf, type Profile } from './profile.ts';
import type { ProfileSocket } from './requests.ts';

export interface ProfileDoorParts {
  readonly config: Pick<ProfileConfig, 'path' | 'types' | 'auth' | 'relayUnknown'>;
  readonly application: Pick<Application<ProfileSubject>, 'judge'>;
  readonly hub: Pick<Hub, 'admit' | 'calls'>;
  readonly store: ProfileStore;
  readonly webSockets: Pick<WebSocketTransport, 'accept'>;
  readonly channelParts: ChannelParts;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** What a page is told of; the rest when it comes the next time. */
const MAX_MISSED = 50;

const REFUSALS: Readonly<Record<Extract<Judged, { kind: 'refused' }>['why'], ErrorCode>> = {
  unauthenticated: 'PAGE_REFUSED',
  forbidden: 'PAGE_REFUSED',
  'not-found': 'ROOM_USER_NOT_FOUND',
};

export class ProfileDoor implements UpgradeTarget {
  readonly checksOrigin = true;
  readonly #parts: ProfileDoorParts;
  readonly #lobby: ProfileLobby<ProfileSocket>;
  readonly #directory: ProfileDirectory;

  constructor(parts: ProfileDoorParts) {
    this.#parts = parts;
    const { clock, store, onFailed } = parts;
    this.#lobby = new ProfileLobby(clock);
    this.#directory = new ProfileDirectory({ lobby: this.#lobby, store, clock, onFailed });
  }

  claims(path: string): boolean {
    return this.#nameIn(path) !== undefined;
  }

  take(upgrade: Parameters<UpgradeTarget['take']>[0]): void {
    const name = this.#nameIn(upgrade.requestHead.path);
    const { application } = this.#parts;
    admitPage(this.#parts, upgrade, async () => {
      // Only paths that it claims come here.
      if (name === undefined) return { refused: 'ROOM_USER_NOT_FOUND' };
      return this.verdictOn(name, await application.judge(upgrade, { kind: 'profile', ...name }));
    });
  }

  /** What is to be done with a socket, by what the application said. */
  verdictOn(name: ProfileName, judged: Judged): Verdict {
    if (judged.kind === 'unavailable') return { refused: 'APPLICATION_UNAVAILABLE' };
    if (judged.kind === 'refused') return { refused: REFUSALS[judged.why] };
    const { user } = judged;
    const profile = profileOf(name, user);
    // A type can be as long as its key may be.
    if (profile === undefined) return { refused: 'ROOM_USER_NOT_FOUND' };
    return { open: (socket) => this.#open(socket, profile, user.expiresAtMs) };
  }

  #open(socket: SignalSocket<string, string>, profile: Profile, expiresAtMs: number | undefined): void {
    const { config, hub, channelParts, clock, onFailed } = this.#parts;
    const trust = config.auth === 'claimed' ? 'claimed' : 'verified';
    const occupant = occupantOf(profile, trust, expiresAtMs, () => clock.nowMs());
    const channel = new ProfileChannel(socket, profile, occupant, {
      ...channelParts,
      live: hub.calls,
      lobby: this.#lobby,
      directory: this.#directory,
      types: config.types,
      relaysUnknown: config.relayUnknown,
      onFailed,
    });
    channel.tell(connected(profile));
    // Before it is rung, so that whoever it rings for can be told who it is.
    this.#lobby.enter(profile, channel);
    hub.admit(channel, occupant);
    this.#directory.remember(profile);
    this.#tellMissed(channel, profile).catch(onFailed);
  }

  async #tellMissed(channel: ProfileChannel, { key, userId }: Profile): Promise<void> {
    const { store } = this.#parts;
    const address = profileAddress(key);
    // Whoever called before the profile ever was online called its address.
    const users = address === undefined || address === userId ? [userId] : [userId, address];
    const missed: MissedCall[] = [];
    for (const one of users) {
      const calls = await store.takeUntoldMissed(key, one, MAX_MISSED - missed.length);
      for (const { callId, initiator, callerName, createdAtMs } of calls) {
        const caller = await this.#directory.personOf(initiator.userId, initiator.deviceId);
        const shown = { ...caller, name: nameIn(caller, callerName) };
        missed.push({ id: callId, caller: shown, initiatedAt: isoTime(createdAtMs) });
      }
    }
    if (missed.length > 0) channel.tell(missedCalls(missed));
  }

  #nameIn(path: string): ProfileName | undefined {
    const { path: prefix, types } = this.#parts.config;
    const read = readPagePath(prefix, path);
    const profileId = profileIdOf(read?.first);
    const profileType = read?.second.toLowerCase();
    if (profileId === undefined || profileType === undefined || !types.includes(profileType))
      return undefined;
    return { profileId, profileType };
  }
}
