// Nobody speaks in somebody else's name, in no dialect: what a frame says of its sender is replaced by whom the handshake
// has shown, wherever the frame goes.

import t, { type Test } from 'tap';

import { shows } from '../harness/call-api.ts';
import { DIALECTS, type DialectName } from '../harness/callers/caller.ts';
import { candidateBy, sdpBy } from '../harness/callers/talk.ts';
import { openPlace, openWorld, shownName, type Place } from '../harness/callers/world.ts';
import { registerNative } from '../harness/native-client.ts';
import { connectPage, type PageClient } from '../harness/page-client.ts';

t.setTimeout(120_000);

const world = await openWorld(t);
const { alice, bob, carol, roomId } = world;

/** Every member by which some dialect names a sender. */
const FORGED = {
  from_profile_id: carol.profile.id,
  from_profile_type: carol.profile.type,
  from_name: 'forged',
  from_avatar: '/forged.png',
  from_user_id: carol.session.userId,
  from_username: 'forged',
  fromUserId: carol.session.userId,
  from: carol.session.userId,
  sender: carol.session.userId,
  user_id: carol.session.userId,
  userId: carol.session.userId,
};
/** Pages of rooms have one more. */
const FORGED_IN_ROOM = { ...FORGED, username: 'forged' };
const TO_BOB = { to_profile_id: bob.profile.id, to_profile_type: bob.profile.type };
const offer = { type: 'offer', sdp: sdpBy('alice') };
const answer = { type: 'answer', sdp: sdpBy('bob') };
const isForged = (frame: unknown): boolean =>
  /forged/.test(JSON.stringify(frame)) || JSON.stringify(frame).includes(carol.session.userId);

await t.test('between profiles', async (t) => {
  const place = await openPlace(t, world);
  const caller = await place.openProfile(alice);
  const callee = await place.openProfile(bob);
  const send = (type: string, members: object): void =>
    caller.client.send({ type, conversation_id: 5, ...FORGED, ...TO_BOB, ...members });

  send('call_invitation', { call_type: 'video', offer });
  const { timestamp, ...invitation } = await callee.inbox.next('call_invitation');
  t.strictSame(invitation, {
    type: 'call_invitation',
    call_type: 'video',
    conversation_id: 5,
    from_profile_id: alice.profile.id,
    from_profile_type: alice.profile.type,
    from_name: shownName(alice),
    from_avatar: '/alice.png',
    offer,
  });
  t.type(timestamp, 'string');
  const back = { to_profile_id: alice.profile.id, to_profile_type: alice.profile.type };
  const line = callee.line(5, back, invitation);
  line.say('call_answer', { ...FORGED, answer });
  t.strictSame(await caller.inbox.next('call_answer'), {
    type: 'call_answer',
    conversation_id: 5,
    from_profile_id: bob.profile.id,
    from_profile_type: bob.profile.type,
    answer,
  });
  send('ice_candidate', { candidate: candidateBy('alice', 1) });
  t.strictSame(await callee.inbox.next('ice_candidate'), {
    type: 'ice_candidate',
    candidate: candidateBy('alice', 1),
    conversation_id: 5,
    from_profile_id: alice.profile.id,
    from_profile_type: alice.profile.type,
  });
  send('call_mode_switched', { call_type: 'audio', mode: 'audio' });
  t.match(await callee.inbox.next('call_mode_switched'), {
    from_profile_id: alice.profile.id,
    from_profile_type: alice.profile.type,
    mode: 'audio',
  });
  send('webrtc_offer', { offer });
  t.match(await callee.inbox.next('webrtc_offer'), {
    from_profile_id: alice.profile.id,
    from_profile_type: alice.profile.type,
    offer,
  });
  t.notOk(callee.frames.some(isForged), 'no forged word is left anywhere');
  place.check(t);
});

await t.test('of a type of the application, if such are passed on', async (t) => {
  const auth = { enabled: true, auth: 'forward', forward: { url: world.applicationUrl } };
  const place = await openPlace(t, world, { signaling: { profile: { ...auth, relay_unknown: true } } });
  const sender = await connectPage(t, `${place.url}/ws/${alice.profile.id}/${alice.profile.type}`);
  const receiver = await connectPage(t, `${place.url}/ws/${bob.profile.id}/${bob.profile.type}`);
  sender.send({ type: 'whiteboard', ...FORGED, ...TO_BOB, stroke: [1, 2] });
  const frame = await receiver.next('whiteboard');
  t.match(frame, {
    from_profile_id: alice.profile.id,
    from_profile_type: alice.profile.type,
    stroke: [1, 2],
  });
  t.notOk(isForged(frame));
});

await t.test('between the pages of a room', async (t) => {
  const place = await openPlace(t, world);
  const sender = await place.open('room', alice);
  const receiver = await place.open('room', bob);
  const page = await roomPage(t, place);
  const said: readonly (readonly [string, object])[] = [
    ['message', { content: 'Hello' }],
    ['typing_start', {}],
    ['typing_stop', {}],
    ['broadcast-started', {}],
    ['broadcast-stopped', {}],
    ['webrtc-signal', { target_user_id: bob.session.userId, signal: { type: 'offer', sdp: offer } }],
  ];
  for (const [type, members] of said)
    page.send({ type, room_id: '!other:localhost', ...FORGED_IN_ROOM, ...members });
  await page.settled();
  await receiver.settle();
  await sender.settle();
  for (const [type] of said) {
    const frame = receiver.frames.find((one) => one['type'] === type);
    t.equal(frame?.['user_id'] ?? frame?.['from_user_id'], alice.session.userId, type);
    t.equal(frame?.['username'] ?? frame?.['from_username'], 'alice', type);
    t.notOk(isForged(frame), type);
  }
  t.match(
    receiver.frames.find(({ type }) => type === 'message'),
    { content: 'Hello', room_id: roomId },
    'the room is that of the socket',
  );
});

interface Forger {
  candidate(): void;
  answered(): Promise<unknown>;
}

/** Calls bob as alice, and says in every frame that it is somebody else. */
const FORGERS: Readonly<
  Record<'native' | 'profile' | 'room', (t: Test, place: Place, to: DialectName) => Promise<Forger>>
> = {
  async native(t, place) {
    const client = await registerNative(t, place.url, shows(alice.session));
    // Another's user id as a claim is refused: calls-impersonation.test.ts.
    const { userId: _, ...forged } = FORGED;
    const request = { roomId, callType: 'video', invitees: [bob.session.userId] };
    const { callId } = await client.ask('initiate', { ...request, ...forged });
    client.send('webrtc-offer', { callId, offer, ...forged });
    return {
      candidate: () =>
        client.send('ice-candidate', { callId, candidate: candidateBy('alice', 1), ...forged }),
      answered: () => client.next('webrtc-answer'),
    };
  },
  async profile(_t, place, to) {
    const caller = await place.openProfile(alice);
    const line = caller.line(6, to === 'profile' ? TO_BOB : { to_user_id: bob.session.userId });
    line.say('call_invitation', { call_type: 'video', offer, ...FORGED });
    return {
      candidate: () => line.say('ice_candidate', { candidate: candidateBy('alice', 1), ...FORGED }),
      answered: () => caller.inbox.next('call_answer'),
    };
  },
  async room(t, place) {
    const page = await roomPage(t, place);
    const signal = (body: object): void =>
      page.send({
        type: 'webrtc-signal',
        target_user_id: bob.session.userId,
        ...FORGED_IN_ROOM,
        signal: { ...FORGED_IN_ROOM, ...body },
      });
    signal({ type: 'offer', sdp: offer });
    return {
      candidate: () => signal({ type: 'ice-candidate', candidate: candidateBy('alice', 1) }),
      answered: () => page.next('webrtc-signal'),
    };
  },
};

function roomPage(t: Test, { url }: Place): Promise<PageClient> {
  const { userId, accessToken } = alice.session;
  const path = `/ws/${encodeURIComponent(roomId)}/${encodeURIComponent(userId)}`;
  return connectPage(t, `${url}${path}`, { protocols: [`access_token.${accessToken}`] });
}

for (const from of ['native', 'profile', 'room'] as const) {
  for (const to of DIALECTS.filter((one) => from !== 'room' || one !== 'room')) {
    await t.test(`from ${from} to ${to}`, async (t) => {
      const place = await openPlace(t, world);
      const callee = await place.open(to, bob);
      const forger = await FORGERS[from](t, place, to);
      const incoming = await callee.nextRing();
      const isByProfile = from === 'profile' && to === 'profile';
      t.equal(incoming.from, isByProfile ? alice.profile.id : alice.session.userId);
      await incoming.answer(sdpBy('bob'));
      await forger.answered();
      forger.candidate();
      t.strictSame(await incoming.nextCandidate(), candidateBy('alice', 1));
      t.strictSame(callee.frames.filter(isForged), []);
      place.check(t);
    });
  }
}
