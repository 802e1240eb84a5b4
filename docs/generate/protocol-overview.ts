// docs/protocol/README.md: what the dialects have in common. The words are written here; close codes, reasons, limits
// and versions are the code's, and each of them has to have its words.

import { ERRORS, errorEntry, type ErrorCode } from '../../src/errors.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { CLOSE_CODES, FINAL_CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import type { DeviceEndReason } from '../../src/protocol/messages.ts';
import { renderCrossing } from './protocol-crossing.ts';
import { codes, renderLimits } from './protocol-parts.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# Signaling

<!-- Generated from src/protocol/ by docs/generate/protocol-overview.ts. -->

Signaling is how clients learn of calls: who rings, who answered, who hung up; and how two of them find each other:
offers, answers and ICE candidates pass through it, voice and pictures do not. It is for authors of clients. There is one
call, whatever each side speaks:

- [The native dialect](native.md): JSON over a WebSocket. **For new clients**: any WebSocket library will do, messages
  are numbered, and a client whose connection broke gets exactly what it missed.
- [The Socket.IO dialect](socket-io.md): for clients that have a Socket.IO library already, those of the original call
  server above all, which work unchanged.
- [The profile dialect](profile.md) and [the room dialect](room.md): for web pages of an application, whose users need not
  be Matrix users: its chat window, and rooms in which people meet. Both are off by default.
- The call API over HTTP can begin, answer, reject and end calls as well, and has the history:
  \`GET /api/docs\` on the server, or [the document](../openapi.json). Whatever is done there is told to the sockets.

## Which path is whose

One listener serves all of them, by the path of the upgrade:
`;

const FINDING = `What is said below of registering, tokens and resuming concerns native and Socket.IO clients: who a page is, is known when
its handshake is done.

## Finding the server

Everything is on one origin. A client that knows the URL of its homeserver asks for
\`https://<homeserver>/call-config.json\`:

\`\`\`json
{
  "baseUrl": "https://example.org",
  "websocketUrl": "https://example.org",
  "homeserverUrl": "https://example.org",
  "iceServers": [{ "urls": ["stun:stun.example.org:3478"] }]
}
\`\`\`

\`baseUrl\` is where the call API is, \`websocketUrl\` where Socket.IO connects. A native client writes \`wss\` for \`https\`
(\`ws\` for \`http\`), with the path \`/\`. With \`Authorization: Bearer <token>\`, \`iceServers\` has credentials for that user; a
client in a call uses those that it gets with the call.

## Identity

Whose socket it is comes from the homeserver, never from what a client writes down:

- **With an access token**, in the handshake or in \`register-user\`, the client is whoever the token belongs to
  (\`trust: verified\`). A \`userId\` beside it has to be the same. This is the way for every new client: it always works.
- **Without a token** the client says only its \`userId\`, as the original clients do. It is believed if a client at the same
  address syncs through this server with a token of that user (\`trust: vouched\`). Socket.IO clients that register before
  their first sync are judged again when it comes. \`signaling.identity: verified\` turns this off.
- \`trust: claimed\` proves nothing; it is for laboratories.

Tokens are never read from a URL. If a token is revoked, its sockets are closed with 4003 within a minute, and the device
is out of its call. Who sent a message is what the server knows of the socket: a \`fromUserId\` of the sender is
overwritten. Whoever asks about a call that does not concern them is answered as if there were none.

A device is what the homeserver says of the token; sockets of the same device share one place in a call.

## The life of a call

1. **Register.** \`register-user\`; the answer says which device the client is.
2. **Call.** \`initiate\` with a room. Its answer has the \`callId\` and the ICE servers. Every registered socket of every other
   joined member gets \`incoming-call\`.
3. **Ring** until \`call-ended\` comes, or until \`expiresAt\`. Say \`call-ringing\` when the device really rings: the caller
   is told, if it asked for that capability.
4. **Answer** or \`reject\`. The first device that answers has the call; the user's others get \`call-ended\` with
   \`answered_elsewhere\`. The caller gets \`call-answered\`, everybody in the call \`user-joined\`. To \`reject\` a call between
   two people ends it.
5. **Negotiate.** \`webrtc-offer\`, \`webrtc-answer\`, \`ice-candidate\`, each to one participant or to all. Usually the caller
   makes the offer; see the order below.
6. **End.** \`end\`. Everybody gets \`call-ended\` once. In a group of more than two, whoever did not begin it only leaves, and
   the others get \`user-left\`.

A whole call, frame by frame, stands at the end of [the native page](native.md#a-whole-call) and of
[the Socket.IO page](socket-io.md#a-whole-call).

## What comes in which order

- Requests of one socket are done one after another, in the order in which they were sent.
- The caller may send its offer and its candidates while it still rings. They wait for each participant who is not
  there yet, and come as soon as that one has joined: **perhaps before the answer to \`answer\` or \`join-call\`**, so be
  ready to take them before you send it.
- A candidate never comes before the offer or answer that it belongs to. Keep it all the same until
  \`setRemoteDescription\` is done.
- A new offer replaces one that still waits, with its candidates.
- Only the device that answered gets negotiation for its user, and only on one socket: the one that joined or answered
  the call, else the registered one. After a change of sockets, what the other side has not answered comes again.
- Nothing about a call comes after its \`call-ended\`.

## Rings

- A call rings for \`calls.ring_timeout\` (60 s), whoever joins. A device that registers while it rings is rung too, with the
  time that is left; to register again on the same socket does not ring again.
- The only sign to stop is \`call-ended\`: also if the call goes on elsewhere.
- Somebody who is in another call is not rung: the caller gets \`call-rejected\` with \`busy\`.
- When two people call each other at the same time, the second one gets \`CALL_GLARE\`: its user is being rung by the
  other side at that moment, and only has to answer.
- \`initiate\` repeated by the same device, for the same room and type, while it rings is the same call. A new one while the
  device is in an active call ends the old call with \`replaced\`.
- One user may begin \`calls.initiates_per_minute\` (10) calls within a minute, and have \`calls.ringing_per_user\` (3)
  ringing at once; more get \`CALL_RATE_EXCEEDED\`.

## When the connection breaks

The call goes on: for \`calls.grace\` (30 s) the others are told nothing (\`peer-reconnecting\`, if they asked for it), after
that the client has left with \`connection_lost\`. A caller who is lost while it rings has \`calls.caller_grace\` (10 s). So:

1. Connect again, at once at first, then after pauses that double up to 30 s (in a call up to 3 s: its place is kept for
   30 s), with some randomness in each.
2. Register as before, on the same device. Native: with [\`resume\`](native.md#resuming). Socket.IO: or let the library
   [recover](socket-io.md#when-a-connection-ends).
3. If nothing was resumed: \`join-call\` for the call that you are in, then a new offer (an ICE restart).

Answers are not sent again: a request whose answer was lost may have been done, and asking once more is harmless for all
but offers and candidates, which then arrive twice.

Every client has to be ready for this: a restart of the server ends all sockets, while the calls go on.

## Close codes

A native socket and one of a web page is closed with one of these. What Socket.IO makes of them stands
[on its page](socket-io.md#when-a-connection-ends).
`;

const OTHER_CODES = `Besides, there are the codes of RFC 6455: 1002, 1007 and 1008 for broken framing (a defect of the client's library), 1005 or
1006 if the connection was lost without a word. After those, connect again as after a broken connection.
`;

const REASONS_HEAD = `## Why a call ended

The member \`reason\` of \`call-ended\`. Be ready for others.
`;

const LIMITS_HEAD = `## Limits

One socket may send \`limits.signaling_rate\` (50) frames within a second on average, and five times as many for a moment;
beyond, it is closed with 4008.
`;

const VERSIONS_HEAD = `## Versions

Messages and members are only ever added. Pass over what you do not know, and ask for what is new by a capability
where there is one; the table of each message says since when it is there.
`;

const PROOF = `## The suite

\`test/protocol/\` proves these pages on raw sockets. \`npm test\` runs it against a gateway of its own; \`npm run
test:protocol\` runs it against any server, for which it needs two users and a room that both have joined:

\`\`\`sh
PORTICO_PROTOCOL_URL=https://example.org \\
PORTICO_PROTOCOL_ALICE='@alice:example.org <her access token>' \\
PORTICO_PROTOCOL_BOB='@bob:example.org <his access token>' \\
PORTICO_PROTOCOL_ROOM='!room:example.org' \\
npm run test:protocol
\`\`\`

With \`PORTICO_PROTOCOL_STRANGER\`, a user who is not in the room, it also proves what a stranger sees. It makes ten calls,
so that the limit of calls lets it run twice in a minute.

Web pages are proved where the paths of two of them are named, each with a token if it needs one to be let in; the room
users share a room:

\`\`\`sh
PORTICO_PROTOCOL_PROFILE_ALICE='/ws/2/student <her token>' \\
PORTICO_PROTOCOL_PROFILE_BOB='/ws/1/tutor <his token>' \\
PORTICO_PROTOCOL_ROOM_ALICE='/ws/lobby/7' \\
PORTICO_PROTOCOL_ROOM_BOB='/ws/lobby/8' \\
npm run test:protocol
\`\`\`
`;

const PATHS: readonly (readonly [path: string, dialect: string])[] = [
  ['`/`', 'native (`signaling.native.path`)'],
  ['`/socket.io/`', 'Socket.IO (`signaling.socketio.path`)'],
  [
    '`/ws/<number>/<type>`',
    'profile, if `<type>` is one of `signaling.profile.types` (`signaling.profile.path`)',
  ],
  ['`/ws/<room>/<user>`', 'room, if it is no profile’s (`signaling.room.path`)'],
  ['what `tunnels` names', 'none: the bytes of another server, such as Jitsi’s'],
  ['anything else, and what is not on', 'none: 404, and the connection is closed'],
];

type CloseName = keyof typeof CLOSE_CODES;

const CLOSES: Readonly<Record<CloseName, readonly [when: string, whatToDo: string]>> = {
  tooBig: ['A frame was too large.', 'Connect again, but do not send that frame again.'],
  comeBack: ['The server restarts.', 'Connect again after a random moment of at most 2 s. Calls go on.'],
  tryLater: [
    'The homeserver, the application or the store cannot answer now.',
    'Connect again, after pauses that double up to 30 s. The user is not logged out.',
  ],
  notRegistered: ['Nothing was said about who the client is.', 'Connect again, and register at once.'],
  badFrame: [
    'A binary frame, a native one that is no JSON object, or again and again requests that could not be read.',
    'Stay away: it is a defect of the client.',
  ],
  identityRefused: [
    'The token is refused, was revoked, or is that of another user; or there is none. Or the application refuses the page.',
    'Stay away until the client has a new token, or the user has logged in anew.',
  ],
  notFound: ['There is no such room or user: pages only, whose path names one.', 'Stay away.'],
  rateExceeded: ['Too many frames in a short time.', 'Connect again after 5 s, and send less.'],
  replaced: [
    'The session was resumed on another socket, or the user has opened too many sockets.',
    'Stay away: another socket has its place.',
  ],
  tooSlow: [
    'The client does not read what it is sent. It may be cut without a close frame: it could not be read either (1006).',
    'Connect again, and resume.',
  ],
};

const REASONS: Readonly<Record<DeviceEndReason, string>> = {
  hangup: 'Somebody hung up.',
  cancelled: 'The caller gave up while it rang.',
  rejected: 'Everybody who was called declined.',
  busy: 'Everybody who was called is in another call.',
  no_answer: 'Nobody answered in time.',
  glare: 'The other side called at the same moment; its call goes on.',
  replaced: 'A device of the call began a new one.',
  caller_lost: 'The caller lost its connection while it rang, and did not come back.',
  connection_lost: 'A participant lost its connection, and did not come back in time.',
  room_left: 'A participant is no longer in the room.',
  token_revoked: 'A participant was logged out of the device that was in the call.',
  orphaned: 'The call was too long, or nobody had a connection any more.',
  server_shutdown: 'The server was shut down.',
  operator: 'An operator of the server ended it.',
  ice_failed: 'The clients could not reach each other.',
  unknown_error: 'Something else.',
  answered_elsewhere: 'To a ringing device: another device of its user answered. The call goes on there.',
  declined_elsewhere: 'To a ringing device: another device of its user declined.',
};

export function renderOverview(): string {
  return [
    INTRODUCTION,
    `${renderTable([['Path', 'Dialect'], ...PATHS])}\n`,
    FINDING,
    renderCloseCodes(),
    OTHER_CODES,
    REASONS_HEAD,
    renderReasons(),
    renderCrossing(),
    LIMITS_HEAD,
    renderLimits(),
    VERSIONS_HEAD,
    renderVersions(),
    PROOF,
  ].join('\n');
}

function renderCloseCodes(): string {
  const names = Object.keys(CLOSE_CODES) as CloseName[];
  const rows = names.map((name) => {
    const code = CLOSE_CODES[name];
    const [when, whatToDo] = CLOSES[name];
    const again = FINAL_CLOSE_CODES.has(code) ? 'no' : 'yes';
    return [String(code), when, codes(errorsClosingWith(code)), again, whatToDo];
  });
  const head = ['Code', 'When', 'Errors', 'Connect again by itself', 'What the client does'];
  return `${renderTable([head, ...rows])}\n`;
}

function errorsClosingWith(closeCode: number): readonly ErrorCode[] {
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => errorEntry(code).closeCode === closeCode);
}

function renderReasons(): string {
  const rows = Object.entries(REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]);
  return `${renderTable([['Reason', 'Meaning'], ...rows])}\n`;
}

function renderVersions(): string {
  const rows = CATALOGUE.versions.map(({ version, changes }) => [version, changes]);
  return `${renderTable([['Version', 'What came'], ...rows])}\n`;
}
