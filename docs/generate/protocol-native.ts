// docs/protocol/native.md: the native dialect, from the catalogue, the dialect itself and the sample session.
// How to connect and what to mind is written here; names, members, limits and examples are the code's.

import type { Entry } from '../../src/protocol/catalogue-entry.ts';
import type { MessageEntry } from '../../src/protocol/catalogue-messages.ts';
import type { RequestEntry } from '../../src/protocol/catalogue-requests.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { KEPT_FOR_MS } from '../../src/signaling/outbox.ts';
import { SUBPROTOCOL } from '../../src/signaling/transports/websocket.ts';
import { codes, exampleOf, isOf, json, renderLimits, renderMembers, shownMembers } from './protocol-parts.ts';
import { nativeSession, renderSession } from './protocol-story.ts';

const DIALECT = 'native';

const INTRODUCTION = `# The native dialect

<!-- Generated from src/protocol/ by docs/generate/protocol-native.ts. -->

JSON over a WebSocket. What a call is, whom the server believes and what close codes mean stands in
[the overview](README.md); here is what goes over the wire.

## Connecting

Open a WebSocket to the server's origin with the path \`/\` (\`signaling.native.path\`): \`wss://example.org/\`.

- A foreign web page is refused with 403; list its origin in \`signaling.origins\`. A path that nothing serves gets 404.
- A token can be shown in the handshake, as \`Authorization: Bearer <token>\`, or, by a browser, as a subprotocol:
  \`new WebSocket(url, ['${SUBPROTOCOL}', 'access_token.' + token])\`. Offer \`${SUBPROTOCOL}\` beside it: the server selects that
  one, and the token is not sent back. A token in the URL is not read.
- Compression is not agreed to.
- The first frame has to be [\`register-user\`](#register-user), within 10 s.

## Frames

Every frame is a text with one JSON object. It may be fragmented, in at most 64 parts. A binary frame closes the socket
with 4002.

A frame of a client has

- \`type\`: the name of the request. Underscores do as well as dashes (\`join_call\`).
- \`id\` (optional): a text of at most 128 characters, or a number. The answer carries it.
- the members of the request.

A frame of the server has

- \`type\`, with dashes, and \`eventType\`, the same with underscores: read the one that you like.
- \`seq\`, if it is a message about calls: 1 for the first of the session, then one more for each. Answers have none.
- \`id\`, if it answers a request that had one.
- the members of the message. **Pass over types and members that you do not know.**

## Answers

A request with an \`id\` is answered with \`ack\` when it is done, with \`error\` when it is refused. Without an \`id\` only a
refusal is told. \`register-user\` and \`ping\` have answers of their own. Requests of one socket are done in the order in
which they come; messages that a request causes may arrive before its answer.
`;

const ERRORS = `\`error\` with the code \`FRAME_MALFORMED\` says that the frame could not be read; nothing of it was done. If it was no JSON
object at all, or the twentieth request has gone before that could not be read, the socket is closed with 4002. All codes
stand in [the errors](../errors.md).
`;

const RESUMING = `## Resuming

When the connection breaks, the session and what it is told are kept for \`calls.grace\` (30 s), messages for at most
${KEPT_FOR_MS / 1_000} s. Open a new socket and register with \`resume\`:

${json({ type: 'register-user', userId: '@bob:example.org', accessToken: '<token>', resume: { token: '<resumeToken>', seq: 4 } })}
\`token\` is the \`resumeToken\` of \`registered\`, \`seq\` the highest that was received. It has to be the same user on the same
device. Then comes

- \`registered\` with the same \`sessionId\`, and every message after \`seq\`, in order, with the numbers they had. If the old
  socket is still open, it is closed with 4009. Or
- \`registered\`, and after it \`error\` with the code \`RESUME_REJOIN\`: the client is registered, but some messages are lost,
  or the session is (its \`sessionId\` is another one then, and \`seq\` begins at 1). Ask for the call with \`join-call\`, and
  negotiate anew with an offer; if the call has ended meanwhile, \`call-ended\` says so.

A failed resume is nothing to be afraid of, and does not count as an attack. A client that cannot resume registers without
\`resume\`: it gets what its device was told since its connection broke, under new numbers, and is rung for what still
rings.
`;

const REQUESTS = `## Requests

A socket that has registered need not say in each request who it is. One that has not may say it with \`userId\`,
\`accessToken\` and \`deviceId\` in any request, as in \`register-user\`; it is not rung.
`;

const MESSAGES = `## Messages

Each also has \`type\`, \`eventType\` and \`seq\`. Those with a capability come only to clients that asked for it in \`caps\`.
`;

const SAMPLE_SESSION = `## A whole call

Alice calls Bob, he answers, she mutes her microphone, he hangs up. \`→\` is sent by the client, \`←\` by the server; a text
in angle brackets stands for what differs each time. A test plays this session against a real server.
`;

export function renderNative(): string {
  const { requests, messages, answers } = CATALOGUE;
  return [
    INTRODUCTION,
    ...answers.filter(isOurs).map(renderAnswer),
    ERRORS,
    REQUESTS,
    ...requests.filter(isOurs).map(renderRequest),
    MESSAGES,
    ...messages.filter(isOurs).map(renderMessage),
    RESUMING,
    '## Limits\n',
    renderLimits(),
    SAMPLE_SESSION,
    renderSession(nativeSession()),
  ].join('\n');
}

function isOurs(entry: Entry): boolean {
  return isOf(entry, DIALECT);
}

function renderAnswer(entry: Entry): string {
  const { name, meaning, example } = entry;
  const table = renderMembers(entry.members);
  return `### The answer ${name}\n\n${meaning}\n\n${table}\n${json(frameOf(name, example))}`;
}

function renderRequest(entry: RequestEntry): string {
  const { name, meaning, answer, since } = entry;
  const members = shownMembers(entry, DIALECT);
  const id = answer === undefined ? {} : { id: 7 };
  const parts = [`### ${name}\n`, `${meaning} Since ${since}.\n`];
  if (members.length > 0) parts.push(renderMembers(members));
  parts.push(json({ type: name, ...id, ...exampleOf(entry, DIALECT) }));
  if (answer !== undefined)
    parts.push(`The \`ack\` says beside \`id\` and \`ok\`: ${codes(answer.map((member) => member.name))}.\n`);
  return parts.join('\n');
}

function renderMessage(entry: MessageEntry): string {
  const { name, meaning, members, example, receivers, capability, since } = entry;
  const needs = capability === undefined ? '' : ` Needs the capability \`${capability}\`.`;
  return [
    `### The message ${name}\n`,
    `${meaning} To ${receivers}.${needs} Since ${since}.\n`,
    renderMembers(members),
    json({ ...frameOf(name, example), seq: 1 }),
  ].join('\n');
}

function frameOf(type: string, members: object): object {
  return { type, eventType: type.replaceAll('-', '_'), ...members };
}
