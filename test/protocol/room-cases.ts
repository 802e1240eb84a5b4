// Cases of the room dialect: who is in a room, what is written there, and signals between two of its pages.

import type { Test } from 'tap';

import type { Frame } from './native-by-hand.ts';
import { knock, namesIn, openPage } from './page-by-hand.ts';
import type { Pages, PageUser, Target } from './target.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOO_LONG = 'x'.repeat(129);
/** What a page may claim; nothing of it reaches the others. */
const FORGED = {
  user_id: 'forged',
  username: 'forged',
  from_user_id: 'forged',
  from_username: 'forged',
  room_id: 'forged',
};

function idOf(user: PageUser): string {
  return namesIn(user)[1];
}

function isOf(user: PageUser): (frame: Frame) => boolean {
  return (frame) => frame['user_id'] === idOf(user);
}

/** Whether it is in a list of users. */
function isIn(user: PageUser, list: unknown): boolean {
  return Array.isArray(list) && list.some((one: Frame) => one['user_id'] === idOf(user));
}

export async function roomChat(t: Test, target: Target, { alice, bob }: Pages): Promise<void> {
  await t.test('a room or user that cannot be: the upgrade is completed, and closed with 4004', async (t) => {
    const [room, user] = namesIn(alice);
    const prefix = alice.path.slice(0, alice.path.indexOf(encodedIn(alice.path, room)));
    for (const [path, reason] of [
      [`${prefix}${TOO_LONG}/${encodeURIComponent(user)}`, 'Room not found'],
      [`${prefix}${encodeURIComponent(room)}/${TOO_LONG}`, 'User not found'],
    ] as const) {
      const webSocket = await knock(t, target, { ...alice, path });
      t.equal(webSocket.status, 101, path);
      t.equal(await webSocket.closed(), 4004);
      t.equal(webSocket.closeReason, reason);
    }
  });

  await t.test('who joins is announced, and told who is there', async (t) => {
    const first = await openPage(t, target, alice);
    t.match(await first.next('user_joined', isOf(alice)), {
      message: / joined the chat$/,
      timestamp: TIME,
    });
    t.ok(isIn(alice, (await first.next('room_state'))['users']));
    t.notOk(isIn(alice, (await first.next('active-broadcasts'))['broadcasters']));
    first.send({ type: 'broadcast-started' });
    await first.settled();

    const second = await openPage(t, target, bob);
    await second.next('user_joined', isOf(bob));
    t.ok(isIn(alice, (await second.next('room_state'))['users']));
    t.ok(isIn(alice, (await second.next('active-broadcasts'))['broadcasters']));
    await first.next('user_joined', isOf(bob));
    await first.webSocket.close();
    await second.next('broadcast-stopped', isOf(alice));
    t.match(await second.next('user_left', isOf(alice)), { message: / left the chat$/, timestamp: TIME });
    await second.webSocket.close();
  });

  await t.test('a message goes to all including who wrote it, under the true name', async (t) => {
    const reading = await openPage(t, target, alice);
    const writing = await openPage(t, target, bob);
    for (const frame of [{ content: 'Hello' }, { type: 'message', content: 'Grüße', ...FORGED }]) {
      writing.send(frame);
      const isIt = ({ content }: Frame): boolean => content === frame.content;
      const shown = await writing.next('message', isIt);
      t.strictSame(await reading.next('message', isIt), shown, 'the same for all');
      const { avatar = '', ...others } = shown;
      t.type(avatar, 'string');
      t.match(others, { id: String, username: String, timestamp: TIME, room_id: namesIn(bob)[0] });
      t.equal(shown['user_id'], idOf(bob));
      t.strictSame(Object.keys(others).toSorted(), [
        'content',
        'id',
        'room_id',
        'timestamp',
        'type',
        'user_id',
        'username',
      ]);
      t.notMatch(JSON.stringify(shown), /forged/);
    }
    await reading.webSocket.close();
    await writing.webSocket.close();
  });

  await t.test('notices go to the others only; keep_alive is answered by nobody', async (t) => {
    const hearing = await openPage(t, target, alice);
    const saying = await openPage(t, target, bob);
    await hearing.next('user_joined', isOf(bob));
    await saying.next('active-broadcasts');
    for (const type of ['typing_start', 'typing_stop', 'broadcast-started', 'broadcast-stopped']) {
      saying.send({ type, ...FORGED });
      const heard = await hearing.next(type);
      t.match(heard, { user_id: idOf(bob), username: String });
      t.notMatch(JSON.stringify(heard), /forged/, type);
    }
    saying.send({ type: 'keep_alive' });
    await saying.settled();
    await hearing.settled();
    t.strictSame([saying.rest, hearing.rest], [[], []]);
    await hearing.webSocket.close();
    await saying.webSocket.close();
  });
}

export async function roomSignals(t: Test, target: Target, { alice, bob }: Pages): Promise<void> {
  await t.test('a signal goes to its target as it was sent, from whom it really is', async (t) => {
    const caller = await openPage(t, target, alice);
    const callee = await openPage(t, target, bob);
    await caller.next('user_joined', isOf(bob));
    await callee.next('active-broadcasts');
    for (const signal of [
      { type: 'offer', sdp: SDP },
      { type: 'offer', sdp: { type: 'offer', sdp: SDP } },
      { type: 'answer', sdp: SDP },
      { type: 'ice-candidate', candidate: { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 } },
      { type: 'ice-candidate', candidate: null },
      { type: 'bye' },
    ]) {
      caller.send({ type: 'webrtc-signal', target_user_id: idOf(bob), ...FORGED, signal });
      const { from_username: name, ...heard } = await callee.next('webrtc-signal');
      t.strictSame(heard, { type: 'webrtc-signal', from_user_id: idOf(alice), signal });
      t.not(name, 'forged');
    }
    await caller.settled();
    t.strictSame(caller.rest, [], 'nothing comes back');

    caller.send({ type: 'webrtc-signal', target_user_id: 'nobody', signal: { type: 'offer', sdp: SDP } });
    t.strictSame(await caller.next('error'), { type: 'error', message: 'User not found' });
    for (const bad of [
      { target_user_id: idOf(bob) },
      { target_user_id: idOf(bob), signal: 'bye' },
      { target_user_id: idOf(bob), signal: { type: 'offer' } },
      { target_user_id: idOf(bob), signal: { type: 'offer', sdp: 'no SDP' } },
      { target_user_id: {}, signal: { type: 'offer', sdp: SDP } },
      { signal: { type: 'offer', sdp: SDP } },
    ]) {
      caller.send({ type: 'webrtc-signal', ...bad });
      t.match(await caller.next('error'), { type: 'error', message: /\S/ }, JSON.stringify(bad));
    }
    await callee.settled();
    t.strictSame(callee.rest, [], 'nothing of that is passed on');
    await caller.webSocket.close();
    await callee.webSocket.close();
  });
}

/** A name as it stands in the path: encoded or not. */
function encodedIn(path: string, name: string): string {
  const encoded = encodeURIComponent(name);
  return path.includes(encoded) ? encoded : name;
}
