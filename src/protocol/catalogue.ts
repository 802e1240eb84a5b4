// The catalogue of everything that is said between client and server: requests, messages, answers, and in which version
// they came. The pages of docs/protocol/ are made from it, and consistency tests prove it equal to the code. Data only.

import {
  FIRST_VERSION,
  NATIVE,
  optional,
  required,
  SAMPLE,
  SOCKET_IO,
  type Entry,
} from './catalogue-entry.ts';
import { MESSAGES, type MessageEntry } from './catalogue-messages.ts';
import type { PageDialect } from './catalogue-page.ts';
import { PROFILE_MESSAGES } from './catalogue-profile-messages.ts';
import { PROFILE_REQUESTS } from './catalogue-profile-requests.ts';
import { REQUESTS, type RequestEntry } from './catalogue-requests.ts';
import { ROOM } from './catalogue-room.ts';

export interface Version {
  readonly version: string;
  readonly changes: string;
}

/** Oldest first. Members and messages are only added: clients have to pass over what they do not know. */
export const VERSIONS: readonly Version[] = [
  {
    version: FIRST_VERSION,
    changes:
      'The native dialect and the Socket.IO dialect, and those of web pages, profile and room, as they are described here.',
  },
];

const ID = optional('id', 'text or number', 'That of the request, if it had one.');
const CODE = required('code', 'text', 'A code of [the errors](../errors.md).');
const TEXT = required('error', 'text', 'What is wrong, in words.');
const IN_THE_WAY = optional(
  'callId',
  'text',
  'With `CALL_GLARE`: the call of the other side, which rings on.',
);

/** What answers a request. `name` is the type of a native frame or the name of a Socket.IO event; `ack` needs neither. */
export const ANSWERS: readonly Entry[] = [
  {
    name: 'registered',
    meaning: 'Answers `register-user`.',
    since: FIRST_VERSION,
    dialects: NATIVE,
    members: [
      required('userId', 'Matrix user id', 'Who the client is.'),
      required('deviceId', 'text', 'Its Matrix device, or a name beginning `portico-` if that is not known.'),
      required('sessionId', 'text', 'The session, the same after it was resumed.'),
      required('resumeToken', 'text', 'Secret; with it a new socket goes on with the session.'),
      required(
        'trust',
        '`verified`, `vouched` or `claimed`',
        'What proves it: a token, a sync from the same address, or nothing (laboratories only).',
      ),
      ID,
    ],
    example: {
      userId: SAMPLE.bob,
      deviceId: SAMPLE.deviceId,
      sessionId: SAMPLE.sessionId,
      resumeToken: SAMPLE.resumeToken,
      trust: 'verified',
      id: 1,
    },
  },
  {
    name: 'ack',
    meaning:
      'Answers any other request that is done, if it had an `id`; what it says beside stands with the request.',
    since: FIRST_VERSION,
    dialects: NATIVE,
    members: [
      required('id', 'text or number', 'That of the request.'),
      required('ok', 'true', 'Always true.'),
    ],
    example: { id: 2, ok: true },
  },
  {
    name: 'pong',
    meaning: 'Answers `ping`.',
    since: FIRST_VERSION,
    dialects: NATIVE,
    members: [ID],
    example: { id: 3 },
  },
  {
    name: 'pong',
    meaning: 'Answers `ping` without an acknowledgement.',
    since: FIRST_VERSION,
    dialects: SOCKET_IO,
    members: [],
    example: {},
  },
  {
    name: 'error',
    meaning: 'Answers a request that is refused, whether it had an `id` or not.',
    since: FIRST_VERSION,
    dialects: NATIVE,
    members: [IN_THE_WAY, CODE, TEXT, ID],
    example: { callId: SAMPLE.callId, code: 'CALL_GLARE', error: 'Already ringing', id: 4 },
  },
  {
    name: 'error',
    meaning: 'Answers a request without an acknowledgement that is refused.',
    since: FIRST_VERSION,
    dialects: SOCKET_IO,
    members: [IN_THE_WAY, CODE, TEXT],
    example: { callId: SAMPLE.callId, code: 'CALL_GLARE', error: 'Already ringing' },
  },
];

export interface Catalogue {
  readonly requests: readonly RequestEntry[];
  readonly messages: readonly MessageEntry[];
  readonly answers: readonly Entry[];
  /** What web pages say and are told; the other members are of the native and the Socket.IO dialect. */
  readonly profile: PageDialect;
  readonly room: PageDialect;
  readonly versions: readonly Version[];
}

export const CATALOGUE: Catalogue = {
  requests: REQUESTS,
  messages: Object.values(MESSAGES),
  answers: ANSWERS,
  profile: { requests: PROFILE_REQUESTS, messages: PROFILE_MESSAGES },
  room: ROOM,
  versions: VERSIONS,
};
