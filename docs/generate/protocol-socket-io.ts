// docs/protocol/socket-io.md: the Socket.IO dialect, from the catalogue, the tables of names and the sample session.
// How to connect and what to mind is written here; names, members, limits and examples are the code's.

import { SAMPLE, type Entry } from '../../src/protocol/catalogue-entry.ts';
import type { MessageEntry } from '../../src/protocol/catalogue-messages.ts';
import type { RequestEntry } from '../../src/protocol/catalogue-requests.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { CLOSE_CODES, FINAL_CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import {
  BARE_MEMBERS,
  EVENT_NAMES,
  NEGOTIATION_NAMES,
  NEGOTIATION_REQUESTS,
  REQUEST_ALIASES,
} from '../../src/signaling/dialects/socket-io-names.ts';
import { codes, exampleOf, isOf, json, renderLimits, renderMembers, shownMembers } from './protocol-parts.ts';
import { renderSession, socketIoSession } from './protocol-story.ts';
import { renderTable } from './table.ts';

const DIALECT = 'socketio';
const FINAL = Object.values(CLOSE_CODES).filter((code) => FINAL_CLOSE_CODES.has(code));

const INTRODUCTION = `# The Socket.IO dialect

<!-- Generated from src/protocol/ and src/signaling/dialects/ by docs/generate/protocol-socket-io.ts. -->

For clients with a Socket.IO library, those written for the original call server above all: they work unchanged. What a
call is and whom the server believes stands in [the overview](README.md); here are the events.

## Connecting

- \`io('https://example.org')\`: the default namespace, at the default path \`/socket.io/\` (\`signaling.socketio.path\`), by
  polling or WebSocket. Libraries of the versions 3 and 4 (Engine.IO protocol 4) and of version 2 (protocol 3) are served.
  The browser's library is at \`/socket.io/socket.io.js\`.
- Nothing has to be shown to connect. A token may be, as \`auth: { token }\` or as \`Authorization: Bearer <token>\`; in the
  query it is not read.
- A foreign web page is refused with 403; list its origin in \`signaling.origins\`.
- Binary events are refused: the connection ends.

## Events

An event has one argument, an object; further ones are passed over. A request that needs nothing but its call or its user
takes that text in place of the object (${codes([...BARE_MEMBERS.keys()])}): \`emit('join-call', callId)\`.

With an acknowledgement (\`emit(name, payload, callback)\`) a request is answered by it:

${json({ ok: true, callId: SAMPLE.callId, status: 'ended' })}
or, if it is refused,

${json({ ok: false, code: 'CALL_NOT_FOUND', error: 'Call not found' })}
That of \`register-user\` has \`userId\`, \`deviceId\` and \`sessionId\`. Without an acknowledgement there is silence when it is
done, and the event \`error\` with \`code\` and \`error\` when it is refused. Requests of one socket are done in the order in
which they come; events that a request causes may arrive before its acknowledgement. All codes stand in
[the errors](../errors.md).

**Pass over events and members that you do not know.**

## Two sockets

Original clients register one socket when the app starts, and open a second one for each call, which sends only
\`join-call\` and never registers. It belongs to the same user and device as far as [identity](README.md#identity) allows;
offers, answers and candidates go to it from then on. They may be sent before \`join-call\` on it: the call that they
name binds the socket. A socket that shows no identity is held for a moment until it does.
`;

const ENDS = `## When a connection ends

Socket.IO has no close codes. Where a native socket is closed with ${FINAL.join(', ')}, which means that to connect again
would not help, the server sends a \`disconnect\` packet: the library says \`io server disconnect\` and stays away. In all
other cases the connection only ends, and the library connects again by itself; register and join anew then.

With the capability \`recovery\` in \`caps\`, the library's _connection state recovery_ works: after a short loss of the
connection the client has the same \`socket.id\`, \`socket.recovered\` is true, and the events that it missed are sent
again. It need not register. Do not ask for it with a client whose handlers take exactly one argument: every event then
carries one more, the library's own. Without it, a client that registers again with the same device gets what the device
was told since its connection broke, and is rung for what still rings.
`;

const NAMES = `## Other names

Clients of related servers use other names. They are taken for the same requests:
`;

const FAMILIES = `A socket is then spoken to in the manner in which it spoke last: with dashes, in camel case, with underscores, or with
colons. A word that tells no manner (\`register\`, \`hangup\`) changes nothing.
`;

const NEGOTIATION = `Offers, answers and candidates have these names; a socket gets them under the name that it used itself. \`answer\` is one
only with a member \`answer\`; without, it accepts the call.
`;

const REQUESTS = `## Requests

A socket that has registered need not say in each request who it is. One that has not may say it with \`userId\`,
\`accessToken\` and \`deviceId\` in any request, as in \`register-user\`; it is not rung.
`;

const MESSAGES = `## Messages

Those with a capability come only to clients that asked for it in \`caps\`.
`;

const SAMPLE_SESSION = `## A whole call

Alice calls Bob, he answers, she mutes her microphone, he hangs up. \`→\` is sent by the client, \`←\` by the server; a text
in angle brackets stands for what differs each time. A test plays this session against a real server.
`;

export function renderSocketIo(): string {
  const { requests, messages, answers } = CATALOGUE;
  return [
    INTRODUCTION,
    REQUESTS,
    ...requests.filter(isOurs).map(renderRequest),
    MESSAGES,
    ...messages.filter(isOurs).map(renderMessage),
    ...answers.filter(isOurs).map(renderAnswer),
    NAMES,
    renderAliases(),
    FAMILIES,
    renderFamilies(),
    NEGOTIATION,
    renderNegotiationNames(),
    ENDS,
    '## Limits\n',
    renderLimits(),
    SAMPLE_SESSION,
    renderSession(socketIoSession()),
  ].join('\n');
}

function renderRequest(entry: RequestEntry): string {
  const { name, meaning, answer, since } = entry;
  const members = shownMembers(entry, DIALECT);
  const parts = [`### ${name}\n`, `${meaning} Since ${since}.\n`];
  if (members.length > 0) parts.push(renderMembers(members));
  parts.push(json(exampleOf(entry, DIALECT)));
  if (answer !== undefined)
    parts.push(`Acknowledged with \`ok\`, ${codes(answer.map((member) => member.name))}.\n`);
  return parts.join('\n');
}

function renderMessage(entry: MessageEntry): string {
  const { name, meaning, members, example, receivers, capability, since } = entry;
  const needs = capability === undefined ? '' : ` Needs the capability \`${capability}\`.`;
  const typed = name === 'incoming-call' ? { eventType: 'incoming_call' } : {};
  const also = name === 'incoming-call' ? ' The payload also has `eventType`, always `incoming_call`.' : '';
  return [
    `### The event ${name}\n`,
    `${meaning} To ${receivers}.${needs}${also} Since ${since}.\n`,
    renderMembers(members),
    json({ ...typed, ...example }),
  ].join('\n');
}

function isOurs(entry: Entry): boolean {
  return isOf(entry, DIALECT);
}

function renderAnswer({ name, meaning, members, example, since }: Entry): string {
  const table = members.length === 0 ? [] : [renderMembers(members)];
  return [`### The event ${name}\n`, `${meaning} Since ${since}.\n`, ...table, json(example)].join('\n');
}

function renderAliases(): string {
  const requests = [...new Set(REQUEST_ALIASES.map(({ request }) => request))];
  const rows = requests.map((request) => {
    const aliases = REQUEST_ALIASES.filter((entry) => entry.request === request);
    return [`\`${request}\``, codes(aliases.map(({ alias }) => alias))];
  });
  return `${renderTable([['Request', 'Also taken as'], ...rows])}\n`;
}

function renderFamilies(): string {
  const rows = Object.entries(EVENT_NAMES).map(([name, { camel, snake, colon }]) =>
    [name, camel, snake, colon].map((cell) => `\`${cell}\``),
  );
  return `${renderTable([['Dashes', 'Camel case', 'Underscores', 'Colons'], ...rows])}\n`;
}

function renderNegotiationNames(): string {
  const rows = (['offer', 'answer', 'candidate'] as const).map((kind) => {
    const names = NEGOTIATION_NAMES.filter((entry) => entry.kind === kind).map(({ name }) => name);
    const native = NEGOTIATION_REQUESTS[kind];
    return [`\`${native}\``, codes(names.filter((name) => name !== native))];
  });
  return `${renderTable([['Event', 'Also as'], ...rows])}\n`;
}
