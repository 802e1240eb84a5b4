// Who is online: what the others are told of those who come and go, the list, and what a page says of itself.

import t from 'tap';

import type { UserId } from '../../../../src/matrix/ids.ts';
import { ProfileLobby } from '../../../../src/signaling/profiles/lobby.ts';
import { profileOfKey, type Profile } from '../../../../src/signaling/profiles/profile.ts';
import { settle } from '../../../harness/hub.ts';
import { matrixUser, startProfiles } from '../../../harness/profile-hub.ts';
import { TestClock } from '../../../harness/test-clock.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function profile(key: string, known: Partial<Profile> = {}): Profile {
  const made = profileOfKey(key, { userId: undefined, name: undefined, avatar: undefined, ...known });
  if (made === undefined) throw new Error(key);
  return made;
}

class Socket {
  readonly frames: string[] = [];

  tell(frame: string): void {
    this.frames.push(frame);
  }
}

void t.test('the others are told of the first socket of a profile and of the last', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const one = await test.connectProfile('student_2');
  const two = await test.connectProfile('student_2');
  const [online, ...more] = tutor.frames.slice(1);
  t.match(online?.['timestamp'], ISO);
  t.strictSame(online, {
    type: 'user_online',
    profile_type: 'student',
    student_profile_id: 2,
    timestamp: online?.['timestamp'],
  });
  t.same(more, [], 'once for both sockets');
  t.same(one.of('user_online'), [], 'not of itself');
  await one.cut();
  t.equal(tutor.of('user_offline').length, 0, 'it is still there');
  await two.cut();
  t.match(tutor.of('user_offline'), [{ profile_type: 'student', student_profile_id: 2, timestamp: ISO }]);
});

void t.test('whoever asks gets everybody who is online, each once', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1', { name: 'Tea', avatar: '/t.png' });
  const student = await test.connectProfile('student_2');
  await test.connectProfile('student_2');
  tutor.take();
  await tutor.send({ type: 'get_online_users' });
  const [list] = tutor.take();
  t.match(list?.['timestamp'], ISO);
  t.strictSame(list, {
    type: 'online_users_list',
    users: [
      { profile_type: 'tutor', profile_id: 1, name: 'Tea', avatar: '/t.png', is_online: true },
      { profile_type: 'student', profile_id: 2, name: null, avatar: null, is_online: true },
    ],
    count: 2,
    timestamp: list?.['timestamp'],
  });
  await student.send({ type: 'get_online_users' });
  t.match(student.take().at(-1), { count: 2 });
});

void t.test('a ping is answered', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  tutor.take();
  await tutor.send({ type: 'ping' });
  t.strictSame(tutor.take(), [{ type: 'pong' }]);
});

void t.test('when the gateway stops nobody is told of all the others', async (t) => {
  const test = startProfiles(t);
  const tutor = await test.connectProfile('tutor_1');
  const student = await test.connectProfile('student_2');
  test.hub.drain();
  test.clock.advance(5_000);
  await settle();
  t.match(tutor.socket.closedWith, { code: 1012 });
  t.same([...tutor.of('user_offline'), ...student.of('user_offline')], []);
});

void t.test('the sockets of one profile are bounded, and the oldest gives way', async (t) => {
  const test = startProfiles(t);
  const first = await test.connectProfile('tutor_1');
  for (let i = 0; i < 32; i += 1) await test.connectProfile('tutor_1');
  t.match(first.socket.closedWith, { code: 4009 });
});

void t.test('what a page says fills only what its application left out', async (t) => {
  const lobby = new ProfileLobby<Socket>(new TestClock());
  const socket = new Socket();
  lobby.enter(profile('tutor_1', { name: 'Tea' }), socket);
  lobby.say('tutor_1', { name: 'Mallory', avatar: '/m.png', voiceWord: 'audio' });
  t.match(lobby.find('tutor_1'), { name: 'Tea', avatar: '/m.png', voiceWord: 'audio' });
  lobby.say('tutor_1', { name: undefined, avatar: undefined, voiceWord: undefined });
  t.match(lobby.find('tutor_1'), { avatar: '/m.png', voiceWord: 'audio' }, 'silence takes nothing back');
  t.match(lobby.list, /"avatar":"\/m\.png"/);
  lobby.say('tutor_1', { name: undefined, avatar: '/n.png', voiceWord: undefined });
  t.match(lobby.list, /"avatar":"\/n\.png"/);
  lobby.enter(profile('tutor_1', { avatar: '/app.png' }), new Socket());
  t.match(lobby.find('tutor_1'), { name: 'Tea', avatar: '/app.png', voiceWord: 'audio' });
  lobby.leave('tutor_1', new Socket(), true);
  t.equal(lobby.size, 1, 'a socket that never came has not gone');
  lobby.say('nobody_1', { name: 'x', avatar: undefined, voiceWord: undefined });
  t.equal(lobby.find('nobody_1'), undefined);
});

void t.test('a profile is found by its Matrix user as long as that is its user', async (t) => {
  const lobby = new ProfileLobby<Socket>(new TestClock());
  const [a, b, c] = [new Socket(), new Socket(), new Socket()];
  const alice = matrixUser('alice');
  lobby.enter(profile('tutor_1', alice), a);
  lobby.enter(profile('parent_1', alice), b);
  t.equal(lobby.ofAddress(alice.userId)?.key, 'parent_1', 'the one that came last');
  t.same(lobby.socketsOfAddress(alice.userId), [a, b]);
  lobby.enter(profile('parent_1'), c);
  t.equal(lobby.ofAddress(alice.userId)?.key, 'tutor_1', 'the application maps it no longer');
  t.equal(lobby.ofAddress('profile:parent_1' as UserId)?.key, 'parent_1');
  lobby.leave('tutor_1', a, true);
  t.equal(lobby.ofAddress(alice.userId), undefined);
});

void t.test(
  'of those who come at once each hears together, and of those only who came after it',
  async (t) => {
    const clock = new TestClock();
    const lobby = new ProfileLobby<Socket>(clock);
    const sockets = Array.from({ length: 500 }, () => new Socket());
    const [first, second] = sockets;
    for (const [index, socket] of sockets.entries()) {
      lobby.enter(profile(`tutor_${index + 1}`), socket);
      if (index === 10) t.equal(first?.frames.length, 10, 'of the first few at once');
      if (index === 499) t.ok(Number(first?.frames.length) < 300, 'of the others together');
    }
    clock.advance(100);
    t.same(
      sockets.map(({ frames }) => frames.length),
      sockets.map((_, index) => 499 - index),
    );
    t.match(first?.frames.map(idIn), [2, 3, 4]);
    t.equal(first?.frames.at(-1), second?.frames.at(-1), 'written once for all');
    t.match(JSON.parse(lobby.list), { count: 500 });

    lobby.leave('tutor_2', second ?? new Socket(), true);
    clock.advance(100);
    t.match(JSON.parse(first?.frames.at(-1) ?? ''), { type: 'user_offline', tutor_profile_id: 2 });
    clock.advance(100);
    lobby.enter(profile('parent_9'), new Socket());
    t.match(JSON.parse(first?.frames.at(-1) ?? ''), { type: 'user_online', parent_profile_id: 9 }, 'at once');
  },
);

function idIn(frame: string): unknown {
  return (JSON.parse(frame) as Readonly<Record<string, unknown>>)['tutor_profile_id'];
}
