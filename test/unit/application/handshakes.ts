// Handshakes of pages as the upgrade listener hands them over, and a real HTTP server in the place of an application.
// Asserts nothing itself.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { pino, type Logger } from 'pino';
import type { Test } from 'tap';

import type { Handshake, ProfileSubject, RoomSubject } from '../../../src/application/application.ts';
import { headOf } from '../../harness/heads.ts';

export const TUTOR: ProfileSubject = { kind: 'profile', profileId: 7, profileType: 'tutor' };
export const IN_ROOM: RoomSubject = { kind: 'room', roomId: 'lobby', userId: 'u1' };
export const NOTHING = { userId: undefined, name: undefined, avatar: undefined, expiresAtMs: undefined };

export function handshake(headers: readonly string[] = [], target = '/ws/7/tutor'): Handshake {
  return {
    requestHead: headOf({ target, headers: [...headers] }),
    client: {
      address: '192.0.2.7',
      scheme: 'https',
      host: 'chat.example.org',
      isViaTrustedProxy: false,
      requestId: undefined,
    },
    requestId: 'r-1',
  };
}

/** A log, and the lines that it was given. */
export function logOf(): { readonly log: Logger; readonly lines: readonly string[] } {
  const lines: string[] = [];
  return { log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }), lines };
}

/** @returns its origin */
export async function serve(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
