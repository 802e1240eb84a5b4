// docs/protocol/profile.md: the dialect of an application's web pages, from the catalogue and the sample sessions. How to
// connect and what to mind is written here; names, members, limits and examples are the code's.

import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { renderStory } from './protocol-page-story.ts';
import { renderPageCloses, renderPageFrames, renderPageLimits } from './protocol-pages.ts';
import { PROFILE_STORIES } from './protocol-profile-story.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# The profile dialect

<!-- Generated from src/protocol/ by docs/generate/protocol-profile.ts. -->

For the web pages of an application whose users are profiles, such as \`tutor_1\`: its chat window rings and calls by this
dialect, and its original script works unchanged. What a call is stands in [the overview](README.md); what pages see of
callers who speak another dialect, [there too](README.md#one-call-in-every-dialect). It is off unless
\`signaling.profile.enabled\` is set.

## Connecting

Open a WebSocket to \`wss://example.org/ws/<profile_id>/<profile_type>\` (\`signaling.profile.path\`).

- The number is a positive integer; the type is one of \`signaling.profile.types\`, in any case. Any other path is not of
  this dialect: it is [a room's](room.md), or 404.
- Who may be which profile is said by the application (\`signaling.profile.auth\`): \`forward\`, an endpoint of it is asked
  with the headers of the handshake, cookies among them; \`jwt\`, a token that it signed; \`claimed\`, nothing, which is for
  laboratories only.
- A page that is not let in is told by a [close code](#close-codes) right after the handshake. A page of a foreign
  origin is refused with 403; list its origin in \`signaling.origins\`.
- The first frame is \`connection\`. From then on the profile is online, and can be called.
- A profile may have several sockets, one for each open page. All ring, and the one that answers has the call.

## Frames

Every frame is a text with one JSON object that has a \`type\`. Nothing answers a frame that is done, but for \`ping\` and
\`get_online_users\`. A frame that cannot be read, or asks what is not allowed, is answered with
[\`error\`](#the-message-error); the socket stays open. **Pass over types and members that you do not know.**

Whatever a page writes of itself (\`from_*\`) is overwritten with what its handshake has shown. What a page sends never
comes back to it.

## Addresses

Whom a frame is for. The first that is there counts:
`;

const ADDRESSES: readonly (readonly [string, string])[] = [
  ['`to_profile_id` and `to_profile_type`', 'That profile. The number may be a text.'],
  [
    '`to_profile_id`, beginning with `@`',
    'That Matrix user: so is one without a profile shown in `from_profile_id`, and answered.',
  ],
  ['`to_user_id`, beginning with `@`', 'That Matrix user.'],
  ['`to_user_id`, a number', 'The profile of the type `user` with this number.'],
  ['`to_student_profile_id`', 'The student with this number.'],
  ['`to_tutor_profile_id`', 'The tutor with this number.'],
];

const AFTER_ADDRESSES = `A frame of a call may leave it out, and \`conversation_id\` too: it is then for the one whom the page talks to. A frame
about a call that the page shows no longer is passed over without a word.

A profile that its application has mapped to a Matrix user may call Matrix users, and they it; any other profile may call
profiles only.
`;

const OTHER_TYPES = `### Other types

With an address, and with \`signaling.profile.relay_unknown\`, a frame of any other type is passed on to every socket of that
profile, with the true \`from_*\`. Otherwise it is answered with \`error\` and the code \`unknown_type\`.
`;

const ENDS = `## How a call ends

The caller is told by \`call_declined\` as long as nobody has answered, by \`call_ended\` after that. Whoever rings is told by
\`call_cancelled\` **and** \`call_ended\`. Whoever ended the call is told nothing. Each end has the conversation of its call, and
goes only to pages that ring for it or are in it: a page that shows another call is not disturbed.
`;

const REASONS: readonly (readonly [string, string])[] = [
  ['(none)', 'It was declined.'],
  ['`busy`', 'The other side rings, calls or talks already. It was not told of this call.'],
  ['`offline`', 'Nobody is there. A profile finds the call in `missed_calls_notification` when it comes.'],
  ['`no_answer`', 'Nobody answered within `calls.ring_timeout` (60 s).'],
  ['`glare`', 'The other side called at the same moment: its `call_invitation` follows.'],
  ['`forbidden`', 'The page may not call this user.'],
  ['`self`', 'It is the own user.'],
];

const AFTER_REASONS = `Any other reason is a code of [the errors](../errors.md) in lower case: the call could not be made.

## What to mind

- **Candidates.** A page that rings has no peer connection yet. Candidates of the caller are kept until its
  \`call_answer\`, and come right after it.
- **Time.** When a page rings too long is decided by the server, for both sides.
- **Reloads.** All pages of a profile are one device. The profile's next socket after a reload goes on with its call; an
  invitation from there is a new call, which ends the old one.
- **A third person** is asked in by \`call_offer\` and then \`call_invite\`. It gets \`call_offer\`, \`call_invitation\` with
  \`group_call\`, and \`call_invite\`; what its page answers comes back as \`call_answer\`. Somebody of another dialect is rung
  as for any call.
- **Connections break.** Connect again, after pauses. A call goes on for \`calls.grace\` (30 s).
- **Presence** may be told a moment late where many come and go, and is not told while the server restarts.

## Close codes

What a page should do about each stands in [the overview](README.md#close-codes).
`;

const SESSIONS = `## Sample sessions

Alice is the student 2, Bob the tutor 1, Carol the parent 3. \`→\` is sent by the page, \`←\` by the server. A test plays these
sessions against a real server; only times and the ids of missed calls differ.
`;

export function renderProfile(): string {
  return [
    INTRODUCTION,
    `${renderTable([['Members', 'For whom'], ...ADDRESSES])}\n`,
    AFTER_ADDRESSES,
    renderPageFrames(CATALOGUE.profile),
    OTHER_TYPES,
    ENDS,
    `${renderTable([['Reason of `call_declined`', 'Meaning'], ...REASONS])}\n`,
    AFTER_REASONS,
    renderPageCloses('profile'),
    '## Limits\n',
    renderPageLimits(),
    SESSIONS,
    ...PROFILE_STORIES.map(renderStory),
  ].join('\n');
}
