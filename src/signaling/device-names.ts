// Which device a client is, when it cannot or need not say: a name of ours for all that one user's clients at one address
// show alike. Original clients open a second socket for the call and answer over HTTP without saying on which device, and
// all three have to count as one. Pure.

import { createHash } from 'node:crypto';

import { parseDeviceId, type DeviceId, type UserId } from '../matrix/ids.ts';

const PREFIX = 'portico-';

/** The same at every start, so that a call goes on after a restart. */
export function unnamedDevice(userId: UserId, clientAddress: string): DeviceId {
  const digest = createHash('sha256').update(`${userId}|${clientAddress}`).digest('hex').slice(0, 12);
  const name = parseDeviceId(`${PREFIX}${digest}`);
  if (name === undefined) throw new TypeError('the name of an unnamed device is no device id');
  return name;
}

/** Whether it is such a name: then no client can prove that it is this device, nor that it is not. */
export function isUnnamedDevice(deviceId: DeviceId): boolean {
  return deviceId.startsWith(PREFIX);
}
