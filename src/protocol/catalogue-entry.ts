// What the catalogue of the protocol says of one message (catalogue.ts), and the values that its examples are made of.
// Data and types only.

import type { CallId, DeviceId, RoomId, UserId } from '../matrix/ids.ts';
import type { Capability } from './messages.ts';

export type DialectName = 'native' | 'socketio';

export const BOTH: readonly DialectName[] = ['native', 'socketio'];
export const NATIVE: readonly DialectName[] = ['native'];
export const SOCKET_IO: readonly DialectName[] = ['socketio'];

export interface Member {
  readonly name: string;
  /** In words for the author of a client. */
  readonly type: string;
  /** What it means; with its unit, if it has one. */
  readonly meaning: string;
  readonly isRequired: boolean;
  /** Absent for a member of every dialect that has the message. */
  readonly dialects?: readonly DialectName[];
}

/** One message or request; how it is framed is its dialect's. */
export interface Entry {
  readonly name: string;
  readonly meaning: string;
  /** The version of Portico that had it first. */
  readonly since: string;
  readonly dialects: readonly DialectName[];
  /** Only for clients that registered with it. */
  readonly capability?: Capability;
  readonly members: readonly Member[];
  /** With a value for every member, the optional ones included. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** A value as it stands in JSON, where an identifier is a text like any other. */
export type Plain<T> = T extends UserId | DeviceId | RoomId | CallId
  ? string
  : T extends object
    ? { readonly [K in keyof T]: Plain<T[K]> }
    : T;

export const FIRST_VERSION = '0.1';

export function required(name: string, type: string, meaning: string): Member {
  return { name, type, meaning, isRequired: true };
}

export function optional(
  name: string,
  type: string,
  meaning: string,
  dialects?: readonly DialectName[],
): Member {
  return { name, type, meaning, isRequired: false, ...(dialects === undefined ? {} : { dialects }) };
}

const DESCRIPTION = 'v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

/** The people, places and things of every example. */
export const SAMPLE = {
  alice: '@alice:example.org',
  bob: '@bob:example.org',
  roomId: '!kitchen:example.org',
  callId: '8f3c1b5e9a7d4f60b2c8e1a5d9037f42',
  baseUrl: 'https://example.org',
  accessToken: 'syt_Ym9i_lXwPNMdIOnJdxuQCTwTa_2qkN0n',
  deviceId: 'QBUAZIFURK',
  sessionId: '5d41402abc4b2a76',
  resumeToken: '7b52009b64fd0a2a49e6d8a939753077',
  /** 2026-01-01T12:00:30Z */
  expiresAt: 1_767_268_830_000,
  iceServers: [
    {
      urls: ['turn:turn.example.org:3478?transport=udp'],
      username: '1767272400:@bob:example.org',
      credential: 'm3Zk0bYb1pQ=',
    },
  ],
  offer: { type: 'offer', sdp: DESCRIPTION },
  answer: { type: 'answer', sdp: DESCRIPTION },
  candidate: {
    candidate: 'candidate:1 1 udp 2122260223 192.0.2.1 61665 typ host',
    sdpMid: '0',
    sdpMLineIndex: 0,
  },
} as const;
