// The catalogue of the dialects of web pages, from which docs/protocol/profile.md and room.md are made, says what their
// code does: every frame that is taken or written stands in it, with its members, and in a session that a test plays.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import t from 'tap';

import { ENDINGS, SAYING, TOLD, type CrossingRow } from '../../docs/generate/protocol-crossing.ts';
import type { PageFrame, PageStory } from '../../docs/generate/protocol-page-story.ts';
import { PROFILE_STORIES } from '../../docs/generate/protocol-profile-story.ts';
import { ROOM_STORIES } from '../../docs/generate/protocol-room-story.ts';
import { PAGE_SAMPLE, PROFILES, ROOM_USERS, type PageEntry } from '../../src/protocol/catalogue-page.ts';
import { ROOM_SIGNALS } from '../../src/protocol/catalogue-room.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import * as profileFrames from '../../src/signaling/dialects/profile-frames.ts';
import {
  PROFILE_FRAME_TYPES,
  readProfileFrame,
  type ProfileFrame,
} from '../../src/signaling/dialects/profile.ts';
import * as roomDialect from '../../src/signaling/dialects/room.ts';
import { NOTICES, readRoomFrame, type RoomFrame } from '../../src/signaling/dialects/room.ts';
import { wordsFor } from '../harness/callers/words.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';

const { profile, room } = CATALOGUE;
const TYPES = ['tutor', 'student', 'parent', 'advertiser', 'user'];

function sorted(names: Iterable<string>): readonly string[] {
  return [...names].toSorted();
}

function named(entries: readonly PageEntry[], name: string): PageEntry {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${name} is not in the catalogue`);
  return entry;
}

function frameOf({ name, example }: PageEntry): PageFrame {
  return { type: name, ...example };
}

function without(frame: PageFrame, name: string): PageFrame {
  return Object.fromEntries(Object.entries(frame).filter(([member]) => member !== name));
}

function readProfile(frame: PageFrame): ReturnType<typeof readProfileFrame> {
  return readProfileFrame(JSON.stringify(frame), TYPES);
}

function readRoom(frame: PageFrame): ReturnType<typeof readRoomFrame> {
  return readRoomFrame(JSON.stringify(frame));
}

/** By which types of frames each is asked: a new one has no place here until it has its words. */
const PROFILE_TYPES: Readonly<Record<Exclude<ProfileFrame['type'], 'other'>, readonly string[]>> = {
  ping: ['ping'],
  get_online_users: ['get_online_users'],
  call_invitation: ['call_invitation'],
  call_answer: ['call_answer'],
  ice_candidate: ['ice_candidate'],
  end: ['call_declined', 'call_cancelled', 'call_ended'],
  webrtc_offer: ['webrtc_offer'],
  webrtc_answer: ['webrtc_answer'],
  call_offer: ['call_offer'],
  call_invite: ['call_invite'],
  call_mode_switched: ['call_mode_switched'],
};
const ROOM_TYPES: Readonly<Record<RoomFrame['kind'], readonly string[]>> = {
  ping: ['ping'],
  'keep-alive': ['keep_alive'],
  message: ['message'],
  notice: NOTICES,
  signal: ['webrtc-signal'],
};

await t.test(
  'the catalogue has every frame that pages may send, and each is read as what it is',
  async (t) => {
    for (const [type, names] of Object.entries(PROFILE_TYPES))
      for (const name of names)
        t.match(readProfile(frameOf(named(profile.requests, name))), { type }, `profile: ${name}`);
    for (const [kind, names] of Object.entries(ROOM_TYPES))
      for (const name of names)
        t.match(readRoom(frameOf(named(room.requests, name))), { kind }, `room: ${name}`);
    const namesOf = (types: Readonly<Record<string, readonly string[]>>): readonly string[] =>
      sorted(Object.values(types).flat());
    t.strictSame(sorted(profile.requests.map(({ name }) => name)), namesOf(PROFILE_TYPES));
    t.strictSame(sorted(room.requests.map(({ name }) => name)), namesOf(ROOM_TYPES));
    t.strictSame(sorted(PROFILE_FRAME_TYPES), namesOf(PROFILE_TYPES));
  },
);

await t.test('an example has each documented member, and no other', async (t) => {
  for (const dialect of [profile, room])
    for (const { name, members, example } of [...dialect.requests, ...dialect.messages])
      t.strictSame(sorted(Object.keys(example)), sorted(members.map((member) => member.name)), name);
});

/** Asked for when it is known which call is meant: a page that is in none has asked nothing. */
const ADDRESSED_LATER = ['call_offer', 'call_invite'];
const ADDRESS = ['to_profile_id', 'to_profile_type'];
/** What pages say all the same, and nobody believes or needs. */
const PASSED_OVER = ['from_profile_id', 'from_profile_type', 'from_user_id', 'room_id'];
const ENDS = PROFILE_TYPES.end;

for (const [dialect, entries, read] of [
  ['profile', profile.requests, readProfile],
  ['room', room.requests, readRoom],
] as const) {
  await t.test(`${dialect}: a frame is taken with its required members, and not without any`, async (t) => {
    for (const entry of entries) {
      const required = entry.members.filter(({ isRequired }) => isRequired).map(({ name }) => name);
      const frame = frameOf(entry);
      const bare = Object.fromEntries(['type', ...required].map((name) => [name, frame[name]]));
      t.notOk('problem' in read(bare), `${entry.name} with nothing else`);
      for (const name of required) {
        if (ADDRESSED_LATER.includes(entry.name) && ADDRESS.includes(name)) continue;
        t.match(read(without(frame, name)), { problem: String }, `${entry.name} needs ${name}`);
      }
    }
  });

  await t.test(
    `${dialect}: what may be said beside makes a difference, or is said to make none`,
    async (t) => {
      for (const entry of entries) {
        const frame = frameOf(entry);
        for (const { name, isRequired } of entry.members) {
          if (isRequired) continue;
          const isPassedOver =
            PASSED_OVER.includes(name) || (ENDS.includes(entry.name) && name === 'call_type');
          t.equal(
            isDeepStrictEqual(read(frame), read(without(frame, name))),
            isPassedOver,
            `${entry.name}: ${name}`,
          );
        }
      }
    },
  );
}

await t.test('every signal of the catalogue is one that calls know', async (t) => {
  const kinds = ROOM_SIGNALS.map(({ example: signal }) => {
    const read = readRoom({ type: 'webrtc-signal', target_user_id: '8', signal });
    return 'kind' in read && read.kind === 'signal' ? read.signal.kind : 'none';
  });
  t.strictSame(kinds, ['offer', 'offer', 'answer', 'candidate', 'end']);
});

const { timestamp, conversationId, picture } = PAGE_SAMPLE;
const [alice, bob] = [shownProfile('alice'), shownProfile('bob')];

function shownProfile(who: keyof typeof PROFILES): profileFrames.Shown & { readonly profileId: number } {
  const { avatar, ...others } = PROFILES[who];
  return { ...others, avatar: avatar ?? undefined };
}

function documented(name: string): PageFrame {
  return frameOf(named(profile.messages, name));
}

function passed(
  type: Parameters<typeof profileFrames.passedInCall>[0],
  from: typeof alice,
  to: typeof alice,
): string {
  const { mode, offer, answer } = documented(type);
  const sent = mode === undefined ? {} : { mode };
  const body = { ...(offer === undefined ? {} : { offer }), ...(answer === undefined ? {} : { answer }) };
  return profileFrames.passedInCall(type, { from, to, conversationId }, sent, body);
}

/** What each writer of the profile dialect makes of the values of the examples. */
const WRITTEN_TO_PROFILES: Readonly<Record<keyof typeof profileFrames, readonly string[]>> = {
  PONG: [profileFrames.PONG],
  connected: [profileFrames.connected(bob)],
  missedCalls: [
    profileFrames.missedCalls([{ id: PAGE_SAMPLE.callId, caller: alice, initiatedAt: timestamp }]),
  ],
  presence: [
    profileFrames.presence('user_online', bob, timestamp),
    profileFrames.presence('user_offline', bob, timestamp),
  ],
  listOf: [],
  onlineUsers: [
    profileFrames.onlineUsers(
      profileFrames.listOf([bob, alice].map((one) => ({ ...one, name: undefined, avatar: undefined }))),
      2,
      timestamp,
    ),
  ],
  callInvitation: [
    profileFrames.callInvitation(alice, {
      callType: 'video',
      voiceWord: 'voice',
      conversationId,
      offer: documented('call_invitation')['offer'],
      isGroup: true,
      timestamp,
    }),
  ],
  callAnswer: [profileFrames.callAnswer(bob, conversationId, documented('call_answer')['answer'])],
  iceCandidate: [profileFrames.iceCandidate(alice, conversationId, documented('ice_candidate')['candidate'])],
  callDeclined: [profileFrames.callDeclined(conversationId, 'offline')],
  callCancelled: [profileFrames.callCancelled(conversationId, 'video', 'voice')],
  callEnded: [profileFrames.callEnded(conversationId)],
  passedInCall: [
    passed('webrtc_offer', alice, bob),
    passed('webrtc_answer', bob, alice),
    passed('call_offer', alice, shownProfile('carol')),
    passed('call_invite', alice, shownProfile('carol')),
    passed('call_mode_switched', alice, bob),
  ],
  // Types of the application's own, which the catalogue cannot know.
  passedOutside: [],
  failed: [profileFrames.failed('unknown_type', String(documented('error')['message']))],
};

const SIGNAL = { signal: ROOM_SIGNALS[0]?.example ?? {} };
const [roomAlice, roomBob] = [shownUser('alice'), shownUser('bob')];
type RoomWriter = Exclude<
  Extract<keyof typeof roomDialect, `${string}Frame` | 'PONG_FRAME'>,
  'readRoomFrame'
>;

function shownUser(who: keyof typeof ROOM_USERS): roomDialect.ShownUser {
  return { userId: ROOM_USERS[who].user_id, name: ROOM_USERS[who].username };
}

/** The same of the room dialect. */
const WRITTEN_TO_ROOMS: Readonly<Record<RoomWriter, readonly string[]>> = {
  PONG_FRAME: [roomDialect.PONG_FRAME],
  errorFrame: [roomDialect.errorFrame('Invalid message format')],
  joinedFrame: [roomDialect.joinedFrame(roomBob, timestamp)],
  leftFrame: [roomDialect.leftFrame(shownUser('carol'), timestamp)],
  roomStateFrame: [roomDialect.roomStateFrame([roomAlice, roomBob])],
  activeBroadcastsFrame: [roomDialect.activeBroadcastsFrame([roomAlice])],
  messageFrame: [
    roomDialect.messageFrame({
      id: PAGE_SAMPLE.messageId,
      roomId: PAGE_SAMPLE.room,
      userId: roomBob.userId,
      username: roomBob.name,
      avatar: picture,
      content: 'Hello',
      timestamp,
    }),
  ],
  noticeFrame: NOTICES.map((type) => {
    const isUpdate = type === 'profile_updated' || type === 'avatar_updated';
    return roomDialect.noticeFrame(
      type,
      isUpdate ? roomBob : roomAlice,
      isUpdate ? { avatar_url: picture } : {},
    );
  }),
  stoppedFrame: [roomDialect.stoppedFrame(roomAlice)],
  signalFrame: [roomDialect.signalFrame(roomAlice, SIGNAL.signal)],
};

for (const [dialect, entries, written] of [
  ['profile', profile.messages, WRITTEN_TO_PROFILES],
  ['room', room.messages, WRITTEN_TO_ROOMS],
] as const) {
  await t.test(`${dialect}: the catalogue has every frame that is written, as it is written`, async (t) => {
    const frames = Object.values<readonly string[]>(written)
      .flat()
      .map((text) => JSON.parse(text) as PageFrame);
    t.strictSame(
      sorted(new Set(frames.map(({ type }) => String(type)))),
      sorted(entries.map(({ name }) => name)),
    );
    for (const frame of frames)
      t.strictSame(frame, frameOf(named(entries, String(frame['type']))), String(frame['type']));
  });
}

await t.test('every frame of the catalogue stands in a session that a test plays', async (t) => {
  const check = (what: string, entries: readonly PageEntry[], frames: readonly unknown[]): void => {
    for (const entry of entries) t.ok(has(frames, frameOf(entry)), `${what}: ${entry.name}`);
  };
  check('profile, sent', profile.requests, framesOf(PROFILE_STORIES, 'sends'));
  check('profile, told', profile.messages, framesOf(PROFILE_STORIES, 'is told'));
  check('room, sent', room.requests, framesOf(ROOM_STORIES, 'sends'));
  check('room, told', room.messages, framesOf(ROOM_STORIES, 'is told'));
  const signals = framesOf(ROOM_STORIES, 'is told').map(({ signal }) => signal);
  for (const { example } of ROOM_SIGNALS) t.ok(has(signals, example), `signal: ${String(example['type'])}`);
});

function framesOf(stories: readonly PageStory[], does: 'sends' | 'is told'): readonly PageFrame[] {
  return stories.flatMap(({ steps }) => steps.flatMap((step) => (step.does === does ? [step.frame] : [])));
}

function has(values: readonly unknown[], value: unknown): boolean {
  return values.some((one) => isDeepStrictEqual(one, value));
}

await t.test(
  'the close codes of pages are in their documents: all but that of who never registers',
  async (t) => {
    const codes = sorted(
      Object.values(CLOSE_CODES)
        .filter((code) => code !== CLOSE_CODES.notRegistered)
        .map(String),
    );
    for (const name of ['profile.md', 'room.md']) {
      const text = readFileSync(join(REPOSITORY_DIR, 'docs', 'protocol', name), 'utf8');
      t.strictSame(sorted([...text.matchAll(/^\| (\d{4}) /gm)].map(([, code = '']) => code)), codes, name);
    }
  },
);

function namesOf(entries: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set(entries.map(({ name }) => name));
}

await t.test('the tables of one call in every dialect name types of that dialect only', async (t) => {
  const matrix = namesOf([...CATALOGUE.requests, ...CATALOGUE.messages]);
  const check = (
    rows: readonly CrossingRow[],
    types: Readonly<Record<'matrix' | 'profile' | 'room', ReadonlySet<string>>>,
  ): void => {
    for (const row of rows)
      for (const column of ['matrix', 'profile', 'room'] as const)
        for (const [, type = ''] of row[column].matchAll(/`([^`]+)`/g))
          t.ok(types[column].has(type), `${row.what}, ${column}: ${type}`);
  };
  check(SAYING, { matrix, profile: namesOf(profile.requests), room: namesOf(room.requests) });
  check(TOLD, { matrix, profile: namesOf(profile.messages), room: namesOf(room.messages) });
});

await t.test('how a call ends in every dialect is what the tests between all dialects hear', async (t) => {
  for (const { what, end, role, matrix, profile: page, room: inRoom } of ENDINGS) {
    t.equal(matrix, wordsFor('native', role, end), `native: ${what}`);
    t.equal(matrix, wordsFor('socketio', role, end), `Socket.IO: ${what}`);
    t.equal(page, wordsFor('profile', role, end), `profile: ${what}`);
    t.equal(inRoom.replace('Bob', 'bob'), wordsFor('room', role, end), `room: ${what}`);
  }
});
