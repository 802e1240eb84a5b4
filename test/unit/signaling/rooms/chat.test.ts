// What pages of one room hear of each other: who comes and goes, messages, notices, broadcasts, and signals between two
// of them. Whole frames, as pages read them.

import t from 'tap';

import { StoreUnavailable } from '../../../../src/store/errors.ts';
import type { RoomMessage } from '../../../../src/store/rooms.ts';
import { settle, startHub } from '../../../harness/hub.ts';
import { openTestRooms } from '../../../harness/room-page.ts';
import { START_MS } from '../../../contract/calls.ts';

const AT = new Date(START_MS).toISOString();
const SDP = 'v=0\r\n';
const INVALID = { type: 'error', message: 'Invalid message format' };

const isPut = () => Promise.resolve('put' as const);

function changed(type: 'user_joined' | 'user_left', userId: string, name: string) {
  const word = type === 'user_joined' ? 'joined' : 'left';
  return { type, message: `${name} ${word} the chat`, user_id: userId, timestamp: AT };
}

await t.test('everybody hears who comes and goes, the newcomer too, who learns who is there', async (t) => {
  const { connect, rooms } = openTestRooms(startHub(t));
  const ann = await connect('1', { name: 'Ann' });
  t.strictSame(ann.take(), [
    changed('user_joined', '1', 'Ann'),
    { type: 'room_state', users: [{ user_id: '1', username: 'Ann' }] },
    { type: 'active-broadcasts', broadcasters: [] },
  ]);
  ann.send({ type: 'broadcast-started' });
  const bob = await connect('2', { name: 'Bob' });
  t.strictSame(bob.take(), [
    changed('user_joined', '2', 'Bob'),
    {
      type: 'room_state',
      users: [
        { user_id: '1', username: 'Ann' },
        { user_id: '2', username: 'Bob' },
      ],
    },
    { type: 'active-broadcasts', broadcasters: [{ user_id: '1', username: 'Ann' }] },
  ]);
  t.strictSame(ann.take(), [changed('user_joined', '2', 'Bob')]);
  await ann.leave();
  t.strictSame(bob.take(), [
    { type: 'broadcast-stopped', user_id: '1', username: 'Ann' },
    changed('user_left', '1', 'Ann'),
  ]);
  await bob.leave();
  t.equal(rooms.size, 0, 'an empty room is forgotten');
});

await t.test('a user comes with the first socket and goes with the last', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const ann = await connect('1');
  const first = await connect('2');
  ann.take();
  const second = await connect('2');
  t.strictSame(ann.take(), []);
  t.match(second.take()[0], { type: 'room_state' }, 'the newcomer is told who is there');
  await first.leave();
  t.strictSame(ann.take(), []);
  await second.leave();
  t.strictSame(ann.take(), [changed('user_left', '2', '2')]);
});

await t.test('the name is what was established, else said, else remembered', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const nameOf = async (options: Parameters<typeof connect>[1]) => {
    const page = await connect('2', options);
    const [joined] = page.take();
    await page.leave();
    return String(joined?.['message']).replace(' joined the chat', '');
  };
  t.equal(await nameOf({}), '2');
  t.equal(await nameOf({ entrant: { displayName: 'Display' } }), 'Display');
  t.equal(await nameOf({ name: 'Said', entrant: { displayName: 'Display' } }), 'Said');
  t.equal(await nameOf({}), 'Said', 'it comes back without it');
  t.equal(await nameOf({ entrant: { displayName: 'Display' } }), 'Said');
  t.equal(await nameOf({ name: 'Said', entrant: { name: 'Certain' } }), 'Certain');
  t.equal(await nameOf({ room: 'other' }), '2', 'in another room it is somebody else');
});

await t.test('a message goes to all, in the words of the room', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const ann = await connect('1', { name: 'Ann', avatar: '/ann.png' });
  const bob = await connect('2', { name: 'Bob' });
  const other = await connect('3', { room: 'other' });
  for (const page of [ann, bob, other]) page.take();
  bob.send({ content: 'Hello' });
  ann.send({
    type: 'message',
    content: 'Hi',
    user_id: '2',
    username: 'Bob',
    id: 'x',
    room_id: 'other',
    more: 1,
  });
  const common = { type: 'message', timestamp: AT, room_id: 'lobby' };
  const expected = [
    { ...common, id: 'id-1', user_id: '2', username: 'Bob', content: 'Hello' },
    { ...common, id: 'id-2', user_id: '1', username: 'Ann', content: 'Hi', avatar: '/ann.png' },
  ];
  t.strictSame(ann.take(), expected);
  t.strictSame(bob.take(), expected);
  t.strictSame(other.take(), []);
});

await t.test('ping is answered, keep_alive is not, and nonsense is named', async (t) => {
  const test = startHub(t);
  const { connect } = openTestRooms(test);
  const ann = await connect('1');
  ann.take();
  ann.send({ type: 'ping' });
  t.strictSame(ann.take(), [{ type: 'pong' }]);
  ann.send({ type: 'keep_alive' });
  t.strictSame(ann.take(), []);
  for (let n = 0; n < 20; n += 1) ann.send(n % 2 === 0 ? 'not JSON' : { type: 'unknown' });
  t.strictSame(
    ann.take(),
    Array.from({ length: 20 }, () => INVALID),
  );
  t.ok(ann.socket.isOpen);
  ann.send({ type: 'keep_alive' });
  for (let n = 0; n < 21; n += 1) ann.send('{');
  t.equal(ann.socket.closedWith?.code, 4002, 'only without end in a row');
});

await t.test('notices go to the others, with the true name', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const ann = await connect('1', { name: 'Ann' });
  const tab = await connect('1');
  const bob = await connect('2');
  for (const page of [ann, tab, bob]) page.take();
  for (const type of ['typing_start', 'typing_stop', 'broadcast-started', 'broadcast-stopped']) {
    ann.send({ type, user_id: '2', username: 'Bob', stream: 's' });
    t.strictSame(bob.take(), [{ type, user_id: '1', username: 'Ann', stream: 's' }]);
  }
  t.strictSame([...ann.take(), ...tab.take()], [], 'own frames are not echoed');
});

await t.test('a page may change its name and picture, unless they are certain', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const ann = await connect('1', { name: 'Ann' });
  const eve = await connect('2', { entrant: { name: 'Eve', avatar: '/eve.png' } });
  eve.take();
  ann.send({ type: 'profile_updated', username: ' Anna\u202e ', avatar_url: '/anna.png' });
  ann.send({ content: 'Hello' });
  t.match(eve.take(), [
    { type: 'profile_updated', user_id: '1', username: 'Anna', avatar_url: '/anna.png' },
    { type: 'message', username: 'Anna', avatar: '/anna.png' },
  ]);
  ann.take();
  eve.send({ type: 'profile_updated', username: 'Ann', avatar_url: '/ann.png' });
  eve.send({ content: 'Hello' });
  t.match(ann.take(), [
    { type: 'profile_updated', user_id: '2', username: 'Eve' },
    { type: 'message', username: 'Eve', avatar: '/eve.png' },
  ]);
  await ann.leave();
  const back = await connect('1');
  t.match(back.take()[0], { message: 'Anna joined the chat' }, 'and it is remembered');
});

await t.test('a broadcast lasts until each socket that began it has ended it', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const one = await connect('1');
  const two = await connect('1');
  const broadcasters = async () => {
    const page = await connect('9');
    const frame = page.take().find(({ type }) => type === 'active-broadcasts');
    await page.leave();
    const shown = frame?.['broadcasters'] as readonly { readonly user_id: string }[] | undefined;
    return shown?.map(({ user_id: id }) => id);
  };
  one.send({ type: 'broadcast-started' });
  two.send({ type: 'broadcast-started' });
  t.strictSame(await broadcasters(), ['1']);
  one.send({ type: 'broadcast-stopped' });
  t.strictSame(await broadcasters(), ['1']);
  await two.leave();
  t.strictSame(await broadcasters(), []);
});

await t.test('a signal goes to the sockets of its target, from whom it is really from', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const ann = await connect('1', { name: 'Ann' });
  const bob = await connect('2');
  const tab = await connect('2');
  const eve = await connect('3');
  const elsewhere = await connect('2', { room: 'other' });
  for (const page of [ann, bob, tab, eve, elsewhere]) page.take();
  const signals = [
    { type: 'offer', sdp: SDP },
    { type: 'offer', sdp: { type: 'offer', sdp: SDP } },
    { type: 'answer', sdp: SDP, more: 1 },
    { type: 'ice-candidate', candidate: { candidate: 'c', sdpMid: '0', sdpMLineIndex: 0 } },
    { type: 'ice-candidate', candidate: null },
    { type: 'bye' },
    { type: 'renegotiate' },
  ];
  for (const signal of signals) {
    await ann.signal('2', signal, { from_user_id: '3', from_username: 'Eve' });
    const expected = [{ type: 'webrtc-signal', from_user_id: '1', from_username: 'Ann', signal }];
    t.strictSame(bob.take(), expected);
    t.strictSame(tab.take(), expected);
  }
  t.strictSame([...ann.take(), ...eve.take(), ...elsewhere.take()], []);
  await ann.signal('4', { type: 'offer', sdp: SDP });
  await ann.signal('1', { type: 'offer', sdp: SDP });
  await ann.signal('room:lobby/2', { type: 'offer', sdp: SDP });
  await ann.signal('@bob:example.org', { type: 'offer', sdp: SDP });
  t.strictSame(
    ann.take(),
    Array.from({ length: 4 }, () => ({ type: 'error', message: 'User not found' })),
  );
  await ann.signal('2', { type: 'offer', sdp: 'nonsense' });
  t.strictSame(ann.take(), [{ type: 'error', message: 'signal.sdp: the SDP of offer must begin v=0' }]);
  t.strictSame(bob.take(), []);
});

await t.test('what is kept is shown when it is kept, and a failure is told to its author', async (t) => {
  const kept: RoomMessage[] = [];
  let answer: () => Promise<'put' | 'unknown-room' | 'too-long'> = isPut;
  const test = startHub(t);
  const { connect } = openTestRooms(test, {
    putMessage: (message) => {
      kept.push(message);
      return answer();
    },
  });
  const ann = await connect('1', { name: 'Ann' });
  const bob = await connect('2');
  ann.take();
  bob.take();
  const say = async () => {
    ann.send({ content: 'Hello' });
    await settle();
    return [ann.take(), bob.take()];
  };
  const message = { id: 'id-1', user_id: '1', username: 'Ann', content: 'Hello' };
  const frame = { type: 'message', ...message, timestamp: AT, room_id: 'lobby' };
  t.strictSame(await say(), [[frame], [frame]]);
  t.strictSame(kept, [
    {
      id: 'id-1',
      roomId: 'lobby',
      userId: '1',
      username: 'Ann',
      avatar: undefined,
      content: 'Hello',
      atMs: START_MS,
    },
  ]);
  const failures = [
    ['unknown-room', 'Room not found'],
    ['too-long', 'The message is too long'],
  ] as const;
  for (const [result, text] of failures) {
    answer = () => Promise.resolve(result);
    t.strictSame(await say(), [[{ type: 'error', message: text }], []]);
  }
  answer = () => Promise.reject(new StoreUnavailable('locked'));
  const notStored = { type: 'error', message: 'The message could not be stored: try again' };
  t.strictSame(await say(), [[notStored], []]);
  t.equal(test.failures.length, 1);
  answer = () => new Promise(() => undefined);
  for (let n = 0; n < 65; n += 1) ann.send({ content: 'Hello' });
  t.strictSame(ann.take(), [notStored], 'no more than 64 wait for a store that does not answer');
});

await t.test('a page that does not read is cut off, and the others do not wait for it', async (t) => {
  const test = startHub(t);
  const { connect } = openTestRooms(test);
  const slow = await connect('1');
  const bob = await connect('2');
  bob.take();
  slow.socket.bufferedBytes = 2 * 1024 * 1024;
  bob.send({ content: 'Hello' });
  await settle();
  t.equal(slow.socket.closedWith?.code, 4010);
  t.match(bob.take(), [{ type: 'message' }, { type: 'user_left', user_id: '1' }]);
});

await t.test('a name is not more than a name', async (t) => {
  const { connect } = openTestRooms(startHub(t));
  const odd = ['__proto__', 'constructor', 'a/b', '%2F', '😀', '{"type":"error"}'];
  for (const userId of odd) {
    const page = await connect(userId, { room: '__proto__' });
    t.match(page.take()[0], { type: 'user_joined', user_id: userId, message: `${userId} joined the chat` });
    await page.leave();
  }
});
