// What operators see of the sockets, and the one thing that they may do to them: send a device away for a moment. Nothing
// secret is shown: no token, no session to resume, nothing that was negotiated.

import type { UserDevice } from '../call/model/call.ts';
import type { Channel } from './channel.ts';
import type { Occupant, Session } from './session.ts';

/** One socket, and who is behind it. */
export interface ConnectedSocket {
  readonly sessionId: string;
  readonly dialect: Channel['dialect'];
  /** Undefined until it has said who it is. */
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
  readonly trust: Occupant['trust'] | 'none';
  readonly clientAddress: string;
  readonly callIds: readonly string[];
}

/** @returns undefined for one that has no socket */
export function connectedSocket(session: Session): ConnectedSocket | undefined {
  const { id, channel, dialect, occupant } = session;
  if (channel === undefined) return undefined;
  return {
    sessionId: id,
    dialect,
    userId: occupant?.userId,
    deviceId: occupant?.deviceId,
    trust: occupant?.trust ?? 'none',
    clientAddress: channel.arrival.clientAddress,
    callIds: [...session.joinedIds],
  };
}

/**
 * Closes every socket of the device that this session is one of, as a lost network would: the places in its calls are
 * kept for a while, and the client comes back by itself.
 * @returns how many sockets were closed; 0 for an unknown session
 */
export function disconnectDevice(sessions: Iterable<Session>, sessionId: string): number {
  const all = [...sessions];
  const asked = all.find(({ id, channel }) => id === sessionId && channel !== undefined);
  if (asked === undefined) return 0;
  const { occupant } = asked;
  const ofDevice = all.filter(
    (session) => session === asked || (occupant !== undefined && isOfDevice(session, occupant)),
  );
  for (const { channel } of ofDevice) channel?.close('OPERATOR_DISCONNECTED');
  return ofDevice.length;
}

function isOfDevice({ channel, occupant }: Session, { userId, deviceId }: UserDevice): boolean {
  return channel !== undefined && occupant?.userId === userId && occupant.deviceId === deviceId;
}
