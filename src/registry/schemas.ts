// What the room registry takes and answers, for the API document. Requests are read in requests.ts, answers made in
// views.ts; tests hold these schemas against what the routes really answer.

import { Type } from 'typebox';

import type { Operation } from '../api/operation.ts';
import { DEFAULT_MESSAGES, MAX_MESSAGES, MAX_NAME_CHARACTERS } from './requests.ts';

const id = (description: string) =>
  Type.String({ description, examples: ['0123456789abcdef0123456789abcdef'] });
const name = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: MAX_NAME_CHARACTERS, description, examples: [example] });
const time = (description: string) => Type.String({ format: 'date-time', description });

const userId = id('The `id` of a user.');
const username = name('What others see.', 'alice');

const UserSchema = Type.Object(
  { id: userId, username, joined_at: time('When the user registered, or joined the room last.') },
  { title: 'RoomUser' },
);
const room = {
  id: id('The `id` of the room.'),
  name: name('What others see.', 'General'),
  created_at: time('When it was made.'),
  user_count: Type.Integer({ minimum: 0, description: 'How many users have joined it.' }),
};
const RoomSchema = Type.Object(room, { title: 'Room' });
const RoomWithUsersSchema = Type.Object(
  {
    ...room,
    users: Type.Array(UserSchema, { description: 'Who has joined it; who joined last comes last.' }),
  },
  { title: 'RoomWithUsers' },
);
const JoinedSchema = Type.Object(
  {
    message: Type.String({ description: 'For people.' }),
    room_id: room.id,
    user_id: userId,
    joined_at: time('When.'),
  },
  { title: 'RoomJoined' },
);
const MessageSchema = Type.Object(
  {
    id: id('The `id` of the message.'),
    user_id: Type.String({ description: 'Whose it is.' }),
    username: Type.String({ description: 'What the user was called then.' }),
    content: Type.String(),
    timestamp: time('When it was written.'),
    room_id: room.id,
    avatar: Type.Optional(Type.String({ description: 'The picture of the user then.' })),
  },
  { title: 'RoomMessage' },
);

const common = {
  area: 'Rooms of web pages',
  description:
    'Only where `signaling.room.rooms` is `registry`. Nobody is identified: whoever reaches this server reads and writes here. What is not used for as long as calls are kept is forgotten. Every error also has its text as `detail`.',
  needsIdentity: false,
} as const;
const errors = ['ORIGIN_REFUSED', 'API_RATE_EXCEEDED', 'STORE_UNAVAILABLE'] as const;
const ok = (description: string, schema: Operation['answers'][number]['schema'] & object) => [
  { status: 200, description, schema },
];

export const REGISTRY_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    id: 'addRoomUser',
    method: 'POST',
    path: '/users',
    summary: 'Register a user',
    body: Type.Object({ username }),
    answers: ok('The user.', UserSchema),
    errors: ['REGISTRY_REQUEST_INVALID', 'REGISTRY_FULL', ...errors],
  },
  {
    ...common,
    id: 'addRoom',
    method: 'POST',
    path: '/rooms',
    summary: 'Make a room',
    body: Type.Object({ name: room.name }),
    answers: ok('The room.', RoomSchema),
    errors: ['REGISTRY_REQUEST_INVALID', 'REGISTRY_FULL', ...errors],
  },
  {
    ...common,
    id: 'listRooms',
    method: 'GET',
    path: '/rooms',
    summary: 'All rooms, oldest first',
    answers: ok('The rooms.', Type.Array(RoomSchema)),
    errors,
  },
  {
    ...common,
    id: 'getRoom',
    method: 'GET',
    path: '/rooms/{id}',
    pathId: room.id,
    summary: 'A room, and who has joined it',
    answers: ok('The room.', RoomWithUsersSchema),
    errors: ['ROOM_NOT_FOUND', ...errors],
  },
  {
    ...common,
    id: 'joinRoom',
    method: 'POST',
    path: '/rooms/{id}/join',
    pathId: room.id,
    summary: 'Let a user join a room',
    body: Type.Object({ user_id: userId }),
    answers: ok('The user has joined, now or before.', JoinedSchema),
    errors: ['REGISTRY_REQUEST_INVALID', 'ROOM_NOT_FOUND', 'ROOM_USER_NOT_FOUND', 'REGISTRY_FULL', ...errors],
  },
  {
    ...common,
    id: 'listRoomMessages',
    method: 'GET',
    path: '/rooms/{id}/messages',
    pathId: room.id,
    summary: 'The newest messages of a room, oldest of them first',
    query: Type.Object({
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_MESSAGES,
          default: DEFAULT_MESSAGES,
          description: 'How many at most.',
        }),
      ),
    }),
    answers: ok('The messages.', Type.Array(MessageSchema)),
    errors: ['REGISTRY_REQUEST_INVALID', 'ROOM_NOT_FOUND', ...errors],
  },
];
