// What goes over the socket as text: frames of the server, read from `unknown`, and the frame that says who we are. Pure.
// The members of requests and messages are those of docs/protocol/native.md.

import { jsonIn, textOf } from '../members.ts';
import type { ServerMessage } from '../signaling.ts';

/** Of `register-user`, so that its refusal is told from that of a request. Requests count from 1. */
export const REGISTER_ID = 0;

/** Each is a message that the calls understand; the server sends it to no other client. */
const CAPABILITIES = ['call-ringing', 'peer-reconnecting', 'ice-servers-updated', 'recording'];

export interface Resume {
  readonly token: string;
  readonly seq: number;
}

/** @returns undefined for what is no frame: it is passed over, as is every type that nobody knows */
export function readFrame(text: string): ServerMessage | undefined {
  const value = jsonIn(text) as Partial<ServerMessage> | null | undefined;
  return textOf(value?.type) ? (value as ServerMessage) : undefined;
}

export function registerFrame(
  accessToken: string,
  deviceId: string | undefined,
  resume: Resume | undefined,
): string {
  return JSON.stringify({
    type: 'register-user',
    id: REGISTER_ID,
    accessToken,
    deviceId,
    caps: CAPABILITIES,
    resume,
  });
}
