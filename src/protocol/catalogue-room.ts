// The catalogue of what pages in rooms send, and what they are sent. Data only; what is really taken and written is
// decided by the dialect (signaling/dialects/room.ts), and a consistency test holds the two against each other.

import { optional, required, SAMPLE, type Member } from './catalogue-entry.ts';
import {
  PAGE_PING,
  PAGE_PONG,
  PAGE_SAMPLE,
  pageEntry,
  ROOM_USERS,
  TIMESTAMP,
  type PageDialect,
  type PageEntry,
} from './catalogue-page.ts';

/** A signal between two pages, or between a page and a call. */
export interface SignalEntry {
  readonly meaning: string;
  readonly example: Readonly<Record<string, unknown>>;
}

const { alice, bob, carol } = ROOM_USERS;
const ALL = 'everybody in the room, its user too';
const OTHERS = 'the sockets of all other users in the room';

const USER_ID = required('user_id', 'text', 'Who: the user of the path by which it came.');
const USERNAME = required('username', 'text', 'What the user is called.');
const SHOWN_NAME = optional('username', 'text', 'The new name, at most 255 characters.');
const SHOWN_PICTURE = optional('avatar_url', 'text', 'The new picture: a URL, at most 2048 characters.');
const SIGNAL = required('signal', 'object', 'See [signals](#signals).');

interface NoticeWords {
  readonly says: string;
  readonly tells: string;
  readonly members?: readonly Member[];
  readonly sample?: Readonly<Record<string, unknown>>;
}

const NOTICES: Readonly<Record<string, NoticeWords>> = {
  typing_start: { says: 'The user writes.', tells: 'Somebody writes.' },
  typing_stop: { says: 'The user writes no longer.', tells: 'Somebody writes no longer.' },
  profile_updated: {
    says: 'The user has another name or picture. Where the application or the registry says the name, that stays.',
    tells: 'Somebody has another name or picture.',
    members: [SHOWN_NAME, SHOWN_PICTURE],
    sample: { username: bob.username, avatar_url: PAGE_SAMPLE.picture },
  },
  avatar_updated: {
    says: 'The user has another picture.',
    tells: 'Somebody has another picture.',
    members: [SHOWN_PICTURE],
    sample: { avatar_url: PAGE_SAMPLE.picture },
  },
  'broadcast-started': {
    says: 'The user shows a video to the room. It ends with the socket.',
    tells: 'Somebody shows a video.',
  },
  'broadcast-stopped': {
    says: 'The user shows none any more. It also ends the calls of this page.',
    tells:
      'Somebody shows none any more; or, of somebody with whom the page was in a call: that call is over.',
  },
};

const NOTICE_REQUESTS: readonly PageEntry[] = Object.entries(NOTICES).map(
  ([name, { says, members = [], sample = {} }]) =>
    pageEntry(name, { meaning: says, members, example: sample }),
);

const NOTICE_MESSAGES: readonly PageEntry[] = Object.entries(NOTICES).map(
  ([name, { tells, members = [], sample }]) =>
    pageEntry(name, {
      meaning: tells,
      receivers: OTHERS,
      members: [USER_ID, USERNAME, ...members.filter((member) => member.name !== USERNAME.name)],
      example: sample === undefined ? alice : { ...sample, ...bob },
    }),
);

/** The values of the member `signal`; the sender's and the receiver's are the same. */
export const ROOM_SIGNALS: readonly SignalEntry[] = [
  {
    meaning: 'An offer: SDP as text,',
    example: { type: 'offer', sdp: SAMPLE.offer.sdp },
  },
  {
    meaning: 'or within an object. To an outsider of the room, it makes a call.',
    example: { type: 'offer', sdp: SAMPLE.offer },
  },
  {
    meaning: 'An answer, in either form. In a call that rings, it accepts it.',
    example: { type: 'answer', sdp: SAMPLE.answer.sdp },
  },
  {
    meaning: 'An ICE candidate: an object, a text, or null for their end. `candidate` does as its type, too.',
    example: { type: 'ice-candidate', candidate: SAMPLE.candidate },
  },
  {
    meaning:
      'Ends the call with the target: hangs up, cancels or declines. New here, original pages do not know it. `hangup`, `end`, `reject` and `decline` do as its type, too.',
    example: { type: 'bye' },
  },
];

const ROOM_REQUESTS: readonly PageEntry[] = [
  pageEntry('message', {
    meaning: 'Says something to the room. `type` may be left out.',
    members: [required('content', 'text', 'Not empty.')],
    example: { content: 'Hello' },
  }),
  PAGE_PING,
  pageEntry('keep_alive', {
    meaning: 'Keeps the connection open where something between would cut it. Nothing answers it.',
  }),
  ...NOTICE_REQUESTS,
  pageEntry('webrtc-signal', {
    meaning:
      'Offers, answers and candidates for one user: to all other sockets of that user in the room; else, of a call.',
    members: [
      optional('room_id', 'text', 'Passed over: it is the room of the socket.'),
      required(
        'target_user_id',
        'text or number',
        'A user of the room; or an outsider, see [calls](#calls). Only `bye` goes without: it then ends all calls of the page.',
      ),
      optional('from_user_id', 'text', 'Passed over: it is the user of the socket.'),
      SIGNAL,
    ],
    example: {
      room_id: PAGE_SAMPLE.room,
      target_user_id: bob.user_id,
      from_user_id: alice.user_id,
      signal: { type: 'offer', sdp: SAMPLE.offer.sdp },
    },
  }),
];

const ROOM_MESSAGES: readonly PageEntry[] = [
  pageEntry('user_joined', {
    meaning: 'A user has come: the first socket of that user.',
    receivers: ALL,
    members: [required('message', 'text', 'For people.'), USER_ID, TIMESTAMP],
    example: {
      message: 'Bob joined the chat',
      user_id: bob.user_id,
      timestamp: PAGE_SAMPLE.timestamp,
    },
  }),
  pageEntry('user_left', {
    meaning: 'A user has gone: the last socket of that user.',
    receivers: 'everybody in the room',
    members: [required('message', 'text', 'For people.'), USER_ID, TIMESTAMP],
    example: {
      message: 'Carol left the chat',
      user_id: carol.user_id,
      timestamp: PAGE_SAMPLE.timestamp,
    },
  }),
  pageEntry('room_state', {
    meaning: 'Who is in the room.',
    receivers: 'the socket that joined',
    members: [required('users', 'list of objects', 'Each user once, the own too: `user_id`, `username`.')],
    example: { users: [alice, bob] },
  }),
  pageEntry('active-broadcasts', {
    meaning: 'Who shows a video.',
    receivers: 'the socket that joined',
    members: [required('broadcasters', 'list of objects', 'Each with `user_id` and `username`.')],
    example: { broadcasters: [alice] },
  }),
  pageEntry('message', {
    meaning: 'Somebody says something.',
    receivers: ALL,
    members: [
      required('id', 'text', 'Of this message.'),
      USER_ID,
      USERNAME,
      required('content', 'text', 'As it was sent.'),
      TIMESTAMP,
      required('room_id', 'text', 'The room.'),
      optional('avatar', 'text', 'The picture of the user, if there is one.'),
    ],
    example: {
      id: PAGE_SAMPLE.messageId,
      ...bob,
      content: 'Hello',
      timestamp: PAGE_SAMPLE.timestamp,
      room_id: PAGE_SAMPLE.room,
      avatar: PAGE_SAMPLE.picture,
    },
  }),
  ...NOTICE_MESSAGES,
  pageEntry('webrtc-signal', {
    meaning: 'Somebody offers, answers, or has a candidate; or a call does.',
    receivers: 'all sockets of the target in the room; of a call, the page that is in it or is called',
    members: [
      required('from_user_id', 'text', 'Who sent it: the user of the socket, whatever the sender said.'),
      required('from_username', 'text', 'What that user is called.'),
      SIGNAL,
    ],
    example: {
      from_user_id: alice.user_id,
      from_username: alice.username,
      signal: { type: 'offer', sdp: SAMPLE.offer.sdp },
    },
  }),
  PAGE_PONG,
  pageEntry('error', {
    meaning: 'A frame was refused, and nothing of it was done; or a call came to nothing.',
    receivers: 'the socket that sent it',
    members: [required('message', 'text', 'What is wrong, in words.')],
    example: { message: 'Invalid message format' },
  }),
];

export const ROOM: PageDialect = { requests: ROOM_REQUESTS, messages: ROOM_MESSAGES };
