// `signaling.room`: web pages that connect to a room as one of its users, by /ws/ROOM_ID/USER_ID.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { boolean, oneOf, text } from '../kinds/scalar.ts';
import { urlPath } from '../kinds/url-path.ts';
import { forwardSection, JWT_DOC, jwtKeys } from './page-auth.ts';

export const roomSection = section('room', 'Web pages that connect by /ws/ROOM/USER, as a user in a room.', {
  enabled: key('enabled', boolean, false, 'Whether such pages are served at all.'),
  path: key(
    'path',
    urlPath({ endsInSlash: true }),
    '/ws/',
    'What the paths begin with. May be that of signaling.profile: then its types tell the two apart.',
  ),
  rooms: key(
    'rooms',
    oneOf('matrix', 'forward', 'jwt', 'registry', 'open'),
    'matrix',
    'Whose rooms and users they are. matrix: those of the homeserver. forward: the application says who may enter. jwt: a token that it signed does. registry: a small list of our own, at /users and /rooms. open: anybody enters any room under any name, for laboratories only.',
  ),
  forward: forwardSection,
  jwt: section('jwt', JWT_DOC, {
    ...jwtKeys,
    claims: section('claims', 'The names of claims.', {
      subject: key('subject', text, 'sub', 'Holds the user, who has to be that of the path.'),
      room: key('room', text, 'room', 'May hold a room or a list of them: then only those can be entered.'),
      userId: key(
        'user_id',
        text,
        'matrix_user_id',
        'May hold the Matrix user ID by which the user meets Matrix users.',
      ),
      name: key('name', text, 'name', 'May hold the name that others see.'),
      avatar: key('avatar', text, 'avatar', 'May hold the URL of the picture that others see.'),
    }),
  }),
});

export type RoomConfig = ConfigOf<typeof roomSection.entries>;
