// A profile as others meet it: its name and key, its address in calls, and how it is shown. Types, and what of them comes
// from elsewhere. Pure; who is online is lobby.ts, and who was once, directory.ts.

import { localpartOf } from '../../call/model/words.ts';
import { profileAddress, type UserId } from '../../matrix/ids.ts';
import type { StoredProfile } from '../../store/profiles.ts';
import type { Shown } from '../dialects/profile-frames.ts';
import { keyOf, nameOfKey, type ProfileName } from '../dialects/profile-key.ts';
import type { VoiceWord } from '../dialects/profile.ts';

/** Somebody in a call, as a page is told of. */
export interface Person extends Shown {
  /** The Matrix user that it is, or an address. */
  readonly userId: UserId;
  /** What its own pages call a call without video. */
  readonly voiceWord: VoiceWord;
}

export interface Profile extends Person, ProfileName {
  readonly profileId: number;
  readonly key: string;
}

const DEFAULT_VOICE_WORD: VoiceWord = 'voice';
/** Of whoever has no profile: a word that pages know for anybody. */
const NO_PROFILE_TYPE = 'user';

/** @returns undefined if its key is too long for an address */
export function profileOf(
  name: ProfileName,
  known: Pick<StoredProfile, 'userId' | 'name' | 'avatar'>,
): Profile | undefined {
  const key = keyOf(name);
  const userId = known.userId ?? profileAddress(key);
  if (userId === undefined) return undefined;
  const { profileId, profileType } = name;
  return {
    key,
    profileId,
    profileType,
    userId,
    name: known.name,
    avatar: known.avatar,
    voiceWord: DEFAULT_VOICE_WORD,
  };
}

export function profileOfKey(
  key: string,
  known: Pick<StoredProfile, 'userId' | 'name' | 'avatar'> | undefined,
): Profile | undefined {
  const name = nameOfKey(key);
  return name && profileOf(name, known ?? { userId: undefined, name: undefined, avatar: undefined });
}

/** Somebody without a profile: the id, by which it can be called back, stands in its place. */
export function strangerOf(userId: UserId): Person {
  const base = { userId, profileId: userId, profileType: NO_PROFILE_TYPE };
  return { ...base, name: undefined, avatar: undefined, voiceWord: DEFAULT_VOICE_WORD };
}

/** What of it is stored: an address of ours is made anew from the key. */
export function storedOf({ key, userId, name, avatar }: Profile): StoredProfile {
  return { key, userId: userId === profileAddress(key) ? undefined : userId, name, avatar };
}

/** Never empty. */
export function nameIn({ name, userId }: Person, called: string | undefined): string {
  return name ?? called ?? localpartOf(userId);
}
