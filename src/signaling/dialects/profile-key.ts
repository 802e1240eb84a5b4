// The names of profiles: a type and a number, and both as one key (`tutor_1`), which is also the name of their device.
// Pure. Which types there are is said by the config, and whether a profile exists by its application.

import type { DeviceId } from '../../matrix/ids.ts';

export interface ProfileName {
  /** Positive. */
  readonly profileId: number;
  /** In lower case. */
  readonly profileType: string;
}

const DIGITS = /^[1-9][0-9]{0,15}$/;
const KEY = /^(?<type>[a-z][a-z0-9_-]*)_(?<id>[1-9][0-9]{0,15})$/;
const DEVICE_PREFIX = 'profile-';

/** Pages write it as a number or as text. */
export function profileIdOf(value: unknown): number | undefined {
  const isWritten = typeof value === 'string' && DIGITS.test(value);
  const id = isWritten ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

export function keyOf({ profileId, profileType }: ProfileName): string {
  return `${profileType}_${profileId}`;
}

export function nameOfKey(key: string): ProfileName | undefined {
  const { type, id } = KEY.exec(key)?.groups ?? {};
  const profileId = profileIdOf(id);
  return type === undefined || profileId === undefined ? undefined : { profileId, profileType: type };
}

/** All pages of a profile are one device: they have no name of their own, and a reload must not make another of it. */
export function deviceOfKey(key: string): DeviceId {
  return (DEVICE_PREFIX + key) as DeviceId;
}

/** Only a hint: any client can call its device so. */
export function keyOfDevice(deviceId: DeviceId): string | undefined {
  return deviceId.startsWith(DEVICE_PREFIX) ? deviceId.slice(DEVICE_PREFIX.length) : undefined;
}
