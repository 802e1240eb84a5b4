// docs/client-library.md: how a web application uses the client library. The declarations in it are those of
// client/portico.ts, word for word; only what stands around them is written here.

import { readFileSync } from 'node:fs';

import { renderTable } from './table.ts';

const SOURCE = new URL('../../client/portico.ts', import.meta.url);

const STATES = [
  ['State', 'Meaning', 'What the application does'],
  ['`idle`', 'closed by the application, for good', ''],
  ['`connecting`', 'for the first time', 'wait'],
  ['`online`', 'calls come in and can be made', ''],
  [
    '`reconnecting`',
    'the connection was lost and is being made again; calls go on meanwhile',
    'say so if it lasts',
  ],
  [
    '`offline`',
    'that has failed for longer than 30 s, or the browser has no network; tried again, at most 30 s apart (3 s in a call)',
    'show `problem.message` and `problem.retryAt`',
  ],
  [
    '`refused`',
    'the server will not have it: the token is unknown, or another place took over; not tried again',
    'log in again, or `connect` anew',
  ],
];

const INTRODUCTION = `# The client library

<!-- Generated from client/portico.ts by docs/generate/client-api.ts. -->

For web applications that make calls: it finds the server, keeps one connection to it through cuts, restarts and sleeping
laptops, and does what WebRTC asks for (offers that cross, ICE restarts, fresh TURN credentials, screens, groups). It has no
dependencies. The server brings it along:

\`\`\`html
<script type="module">
  import { connect } from 'https://matrix.example.org/portico/client.js';

  const portico = connect({ homeserver: 'https://matrix.example.org', accessToken: 'syt_…' });
  portico.on('state', ({ state, problem }) => console.log(state, problem?.message ?? ''));
  portico.on('incoming', async (call) => {
    call.on('participant', ({ stream }) => (document.querySelector('video').srcObject = stream));
    if (confirm(\`\${call.caller.name} calls. Answer?\`)) await call.answer({ video: call.type === 'video' });
    else await call.reject();
  });
</script>
\`\`\`

From the package it is \`import { connect } from 'portico/client'\`. The first recording fetches a second file from beside
it, \`portico-recording.js\`: who copies the library to another place copies both. A page of another origin than the
server's has to be named there, in \`signaling.origins\`. Browsers give microphone and camera to pages on https and on
localhost only.

To call: \`const call = await portico.call('!room:example.org', { video: true })\`; the joined members of the room are rung.
What the user sees follows from \`call.state\` and the events of the call.

## The connection

${renderTable(STATES)}

There is one socket for each page, user and server, however often \`connect\` is called. After a cut, messages that were
missed arrive once and in order. Requests that make sense later (\`hangup\`, say) wait for the connection.

## All of it

\`\`\`ts
`;

export function renderClientLibrary(): string {
  const source = readFileSync(SOURCE, 'utf8');
  const declarations = source.slice(source.indexOf('\n\n') + 2).trimEnd();
  return `${INTRODUCTION}${declarations}\n\`\`\`\n`;
}
