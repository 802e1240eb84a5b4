// Who a profile is, and which profile somebody is: those online from memory, the others as they were last. It makes
// nothing up: of whom it knows nothing, the key or the id has to do.

import type { Clock } from '../../clock.ts';
import { isMatrixUser, profileAddress, profileKeyOf, type DeviceId, type UserId } from '../../matrix/ids.ts';
import type { ProfileStore, StoredProfile } from '../../store/profiles.ts';
import { keyOfDevice, nameOfKey } from '../dialects/profile-key.ts';
import type { LobbySocket, ProfileLobby } from './lobby.ts';
import { profileOf, profileOfKey, storedOf, strangerOf, type Person, type Profile } from './profile.ts';

export interface DirectoryParts {
  readonly lobby: Pick<ProfileLobby<LobbySocket>, 'find' | 'ofAddress'>;
  readonly store: Pick<ProfileStore, 'putProfile' | 'findProfile' | 'findProfileOf'>;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** A commit can stop the gateway for many milliseconds: hundreds of pages that come at once must not do so together. */
const REST_MS = 50;
/** A page that comes and goes all the time is stored anew only then, unless something of it has changed. */
const STORE_AGAIN_MS = 3_600_000;
/** Of each of both: those that wait, and those that were stored lately. */
const MAX_PROFILES = 10_000;

export class ProfileDirectory {
  readonly #parts: DirectoryParts;
  /** To be stored, oldest first, by key. */
  readonly #unstored = new Map<string, StoredProfile>();
  /** Those stored last, oldest first, by key. */
  readonly #stored = new Map<string, { readonly profile: StoredProfile; readonly atMs: number }>();
  #isStoring = false;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /** For later. Nothing waits for it, and without it the profile is only known by its key while it is offline. */
  remember(profile: Profile): void {
    const { key } = profile;
    const stored = storedOf(profile);
    const before = this.#stored.get(key);
    const isRecent = before !== undefined && this.#parts.clock.monotonicMs() - before.atMs < STORE_AGAIN_MS;
    if (isRecent && isSame(before.profile, stored) && !this.#unstored.has(key)) return;
    if (this.#unstored.size < MAX_PROFILES) this.#unstored.set(key, stored);
    if (!this.#isStoring) this.#storeNext();
  }

  /**
   * Who is to be called by this key. Nobody has to have been online ever: there is an address for every key.
   * @returns a promise only if the store has to be asked; it rejects with StoreUnavailable
   */
  addressOf(key: string): UserId | undefined | Promise<UserId | undefined> {
    const online = this.#parts.lobby.find(key);
    if (online !== undefined) return online.userId;
    return this.#find(key).then((stored) => stored?.userId ?? profileAddress(key));
  }

  /**
   * How somebody is shown.
   * @param deviceId by which the user is in the call: of several profiles of one Matrix user, it tells which it is
   * @returns a promise only if the store has to be asked; it never rejects
   */
  personOf(userId: UserId, deviceId: DeviceId | undefined): Person | Promise<Person> {
    const { lobby } = this.#parts;
    const hint = deviceId === undefined ? undefined : keyOfDevice(deviceId);
    const hinted = hint === undefined ? undefined : lobby.find(hint);
    if (hinted?.userId === userId) return hinted;
    const online = lobby.ofAddress(userId);
    return online ?? this.#personOffline(userId);
  }

  async #personOffline(userId: UserId): Promise<Person> {
    const { store, onFailed } = this.#parts;
    const key = profileKeyOf(userId);
    try {
      if (key !== undefined) return profileOfKey(key, await this.#unmapped(key)) ?? strangerOf(userId);
      if (!isMatrixUser(userId)) return strangerOf(userId);
      const unstored = [...this.#unstored.values()].findLast((profile) => profile.userId === userId);
      const stored = unstored ?? (await store.findProfileOf(userId));
      const name = stored && nameOfKey(stored.key);
      return (name && profileOf(name, stored)) ?? strangerOf(userId);
    } catch (error) {
      // A ring is worth more than the name on it.
      onFailed(error);
      return (key === undefined ? undefined : profileOfKey(key, undefined)) ?? strangerOf(userId);
    }
  }

  /** By its own address, also if it has a Matrix user by now. */
  async #unmapped(key: string): Promise<StoredProfile | undefined> {
    const stored = await this.#find(key);
    return stored && { ...stored, userId: undefined };
  }

  async #find(key: string): Promise<StoredProfile | undefined> {
    return this.#unstored.get(key) ?? (await this.#parts.store.findProfile(key));
  }

  #storeNext(): void {
    const { store, clock, onFailed } = this.#parts;
    const [profile] = this.#unstored.values();
    this.#isStoring = profile !== undefined;
    if (profile === undefined) return;
    const { key } = profile;
    void store
      .putProfile(profile, clock.nowMs())
      .then(() => this.#noteStored(profile), onFailed)
      .finally(() => {
        // What has changed meanwhile is still to be stored.
        if (this.#unstored.get(key) === profile) this.#unstored.delete(key);
        clock.after(REST_MS, () => this.#storeNext());
      });
  }

  #noteStored(profile: StoredProfile): void {
    const { key } = profile;
    this.#stored.delete(key);
    this.#stored.set(key, { profile, atMs: this.#parts.clock.monotonicMs() });
    const [oldest] = this.#stored.keys();
    if (this.#stored.size > MAX_PROFILES && oldest !== undefined) this.#stored.delete(oldest);
  }
}

function isSame(one: StoredProfile, other: StoredProfile): boolean {
  return one.userId === other.userId && one.name === other.name && one.avatar === other.avatar;
}
