// The sample sessions of docs/protocol/room.md. Between them they have every frame and every signal of the catalogue, as
// it stands there: what is proved of the sessions is proved of the tables.

import { PAGE_SAMPLE, ROOM_USERS } from '../../src/protocol/catalogue-page.ts';
import { ROOM_SIGNALS } from '../../src/protocol/catalogue-room.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import {
  closes,
  connects,
  isTold,
  sampleFrame,
  sends,
  without,
  type PageFrame,
  type PageStep,
  type PageStory,
  type Who,
} from './protocol-page-story.ts';

const { requests, messages } = CATALOGUE.room;
const { alice, bob } = ROOM_USERS;

function asked(name: string, more?: PageFrame): PageFrame {
  return sampleFrame(requests, name, more);
}

function told(name: string, more?: PageFrame): PageFrame {
  return sampleFrame(messages, name, more);
}

function comes(
  who: Who,
  { after = [], query = '', shows = [] }: { after?: readonly Who[]; query?: string; shows?: readonly Who[] },
): readonly PageStep[] {
  const { user_id: userId, username } = ROOM_USERS[who];
  const joined = told('user_joined', { message: `${username} joined the chat`, user_id: userId });
  return [
    connects(who, `/ws/${PAGE_SAMPLE.room}/${userId}?username=${username}${query}`),
    isTold(who, joined),
    isTold(who, told('room_state', { users: [...after, who].map((one) => ROOM_USERS[one]) })),
    isTold(who, told('active-broadcasts', { broadcasters: shows.map((one) => ROOM_USERS[one]) })),
    ...after.map((other) => isTold(other, joined)),
  ];
}

/** A signal of Alice to Bob, or back, and what comes of it. */
function signals(who: 'alice' | 'bob', signal: PageFrame): readonly PageStep[] {
  const other = who === 'alice' ? 'bob' : 'alice';
  const [sender, target] = [ROOM_USERS[who], ROOM_USERS[other]];
  const ids = { target_user_id: target.user_id, from_user_id: sender.user_id };
  const shown = { from_user_id: sender.user_id, from_username: sender.username };
  return [
    sends(who, asked('webrtc-signal', { ...ids, signal })),
    isTold(other, told('webrtc-signal', { ...shown, signal })),
  ];
}

function signalAt(index: number): PageFrame {
  const signal = ROOM_SIGNALS[index]?.example;
  if (signal === undefined) throw new Error(`there is no signal ${index}`);
  return signal;
}

const [OFFER_AS_TEXT, OFFER_AS_OBJECT, ANSWER, CANDIDATE, BYE] = [0, 1, 2, 3, 4].map(signalAt) as [
  PageFrame,
  PageFrame,
  PageFrame,
  PageFrame,
  PageFrame,
];
const PICTURE = `&avatar_url=${encodeURIComponent(PAGE_SAMPLE.picture)}`;
const saidByAlice = without(told('message', { ...alice, content: 'Hello' }), 'avatar');

export const ROOM_STORIES: readonly PageStory[] = [
  {
    title: 'Alice shows a video',
    words: 'Bob sees it. Carol comes later, and is told of it.',
    steps: [
      ...comes('alice', {}),
      ...comes('bob', { after: ['alice'], query: PICTURE }),
      sends('bob', without(asked('message'), 'type')),
      isTold('bob', told('message')),
      isTold('alice', told('message')),
      sends('alice', asked('typing_start')),
      isTold('bob', told('typing_start')),
      sends('alice', asked('typing_stop')),
      isTold('bob', told('typing_stop')),
      sends('alice', asked('broadcast-started')),
      isTold('bob', told('broadcast-started')),
      ...signals('alice', OFFER_AS_TEXT),
      ...signals('bob', ANSWER),
      ...signals('alice', CANDIDATE),
      ...comes('carol', { after: ['alice', 'bob'], shows: ['alice'] }),
      sends('alice', asked('broadcast-stopped')),
      isTold('bob', told('broadcast-stopped')),
      isTold('carol', told('broadcast-stopped')),
      closes('carol'),
      isTold('alice', told('user_left')),
      isTold('bob', told('user_left')),
    ],
  },
  {
    title: 'Names, heartbeats, and what cannot be read',
    words: 'Descriptions within objects are passed on as such.',
    steps: [
      ...comes('alice', {}),
      ...comes('bob', { after: ['alice'] }),
      sends('bob', asked('profile_updated')),
      isTold('alice', told('profile_updated')),
      sends('bob', asked('avatar_updated')),
      isTold('alice', told('avatar_updated')),
      sends('alice', asked('message')),
      isTold('alice', saidByAlice),
      isTold('bob', saidByAlice),
      ...signals('alice', OFFER_AS_OBJECT),
      ...signals('bob', BYE),
      sends('alice', asked('keep_alive')),
      sends('alice', asked('ping')),
      isTold('alice', told('pong')),
      sends('bob', { type: 'no-such-type' }),
      isTold('bob', told('error')),
      sends('bob', asked('webrtc-signal', { target_user_id: '10', from_user_id: bob.user_id })),
      isTold('bob', told('error', { message: 'User not found' })),
    ],
  },
];
