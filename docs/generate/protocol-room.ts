// docs/protocol/room.md: the dialect of web pages in rooms, from the catalogue and the sample sessions. How to connect and
// what to mind is written here; names, members, limits and examples are the code's.

import { ROOM_SIGNALS } from '../../src/protocol/catalogue-room.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { renderStory } from './protocol-page-story.ts';
import { renderPageCloses, renderPageFrames, renderPageLimits } from './protocol-pages.ts';
import { json } from './protocol-parts.ts';
import { ROOM_STORIES } from './protocol-room-story.ts';

const INTRODUCTION = `# The room dialect

<!-- Generated from src/protocol/ by docs/generate/protocol-room.ts. -->

For web pages in which people meet in a room, write to each other and show each other videos; original pages work
unchanged. What a call is stands in [the overview](README.md); what pages see of callers who speak another dialect,
[there too](README.md#one-call-in-every-dialect). It is off unless \`signaling.room.enabled\` is set.

## Connecting

Open a WebSocket to \`wss://example.org/ws/<room_id>/<user_id>?username=<name>&avatar_url=<picture>\`
(\`signaling.room.path\`), each part percent-encoded.

- A path that is [a profile's](profile.md) is none of a room, where both are on.
- \`username\` and \`avatar_url\` may be left out. They are remembered: a page that comes back need not say them again. Where
  the application or the registry says a name, that one counts.
- Who may enter is decided by \`signaling.room.rooms\`: \`matrix\`, room and user are the homeserver's, the user is a member
  and shows an access token, as \`Authorization\` or as the subprotocol \`access_token.<token>\`; \`forward\`, an endpoint of
  the application is asked; \`jwt\`, a token that it signed; \`registry\`, both are listed in the server's own room list;
  \`open\`, anybody, which is for laboratories only.
- A page that is not let in is told by a [close code](#close-codes) right after the handshake, with the reason
  \`Room not found\` or \`User not found\`. A page of a foreign origin is refused with 403; list its origin in
  \`signaling.origins\`.
- The first frames are \`user_joined\`, \`room_state\` and \`active-broadcasts\`. \`user_joined\` does not come if the user has
  another socket in the room.

Clients with an old Socket.IO library connect to the _namespace_ \`/ws/<room_id>/<user_id>\` instead. They emit the events
named below with the frame as payload (a message may be a bare text), and get each frame as an event named by its \`type\`.
A page that is not let in gets the library's connection error, with the same words as reason.

## Frames

Every frame is a text with one JSON object; without a \`type\` it is a message. Nothing answers a frame that is done. One
that cannot be read is answered with [\`error\`](#the-message-error); the socket stays open. **Pass over types and members
that you do not know.**

Whatever a page writes of itself is overwritten with what its handshake has shown. Notices (\`typing_start\` to
\`broadcast-stopped\`) are passed on with all other members that they had.
`;

const SIGNALS = `## Signals

What \`signal\` holds. To a page of the same room it is passed on as it came, types that are not listed here included.
`;

const CALLS = `## Calls

A signal to a user who has no socket in the room can make a call, as far as the page may call:

- with \`matrix\`, a member of the room, by the Matrix user id;
- with \`forward\` and \`jwt\`, if the application has mapped the page to a Matrix user: any Matrix user by the id, and users
  of the room who are mapped to one.

An offer calls. It is answered by a \`webrtc-signal\` with the answer; candidates may be sent before that. What comes to
nothing is told by \`error\` (that somebody declined, is busy or offline, did not answer). The end is told by
\`broadcast-stopped\` of the other side, the only word that closes a video on such a page. To end a call, send the signal
\`bye\`, or \`broadcast-stopped\` for all; when the page is closed, its calls end after \`calls.grace\` (30 s).

A page has no ringing, and original ones answer by themselves: it is called only if its user has nothing else that can
ring. It gets the offer then as a \`webrtc-signal\` of the caller, who is named by the user id of the room where that is
known, by the Matrix user id otherwise. Descriptions come in the form that the page itself wrote last.

Two pages of one room signal to each other directly: that is no call, nobody is busy, and nothing runs out.

## Close codes

What a page should do about each stands in [the overview](README.md#close-codes).
`;

const SESSIONS = `## Sample sessions

Alice is the user 7, Bob 8, Carol 9. \`→\` is sent by the page, \`←\` by the server. A test plays these sessions against a
real server; only times and the ids of messages differ.
`;

export function renderRoom(): string {
  return [
    INTRODUCTION,
    renderPageFrames(CATALOGUE.room),
    SIGNALS,
    ...ROOM_SIGNALS.map(({ meaning, example }) => `${meaning}\n\n${json(example)}`),
    CALLS,
    renderPageCloses('room'),
    '## Limits\n',
    renderPageLimits(),
    SESSIONS,
    ...ROOM_STORIES.map(renderStory),
  ].join('\n');
}
