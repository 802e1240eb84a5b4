// What every implementation of the homeserver port owes to those who ask, against the real Synapse.
// It knows no implementation: homeserver.test.ts lists them.

import type { Test } from 'tap';
import { request, type Dispatcher } from 'undici';

import { parseRoomId, parseUserId, type RoomId, type UserId } from '../../src/matrix/ids.ts';
import type { Homeserver } from '../../src/matrix/matrix.ts';
import { startTestSynapse, type TestSynapse } from '../harness/synapse.ts';

const TURN = {
  turn_uris: ['turn:turn.example.org?transport=udp', 'turns:turn.example.org'],
  turn_shared_secret: 'a shared secret',
  turn_user_lifetime: '1h',
  turn_allow_guests: false,
};
const UNKNOWN_TOKEN = { kind: 'unknown-token' };
const UNAVAILABLE = { kind: 'unavailable' };

export type MakeHomeserver = (t: Test, synapseUrl: string) => Homeserver;

export async function homeserverContract(t: Test, make: MakeHomeserver): Promise<void> {
  const synapse = await startTestSynapse(t, { extraConfig: { ...TURN, allow_guest_access: true } });
  const homeserver = make(t, synapse.url);
  const alice = await synapse.login(synapse.alice);
  const bob = await synapse.login(synapse.bob);
  const guest = await call(synapse, 'POST', '/register?kind=guest', undefined, {});
  const guestToken = String(guest['access_token']);
  const aliceId = userIdOf(alice.userId);
  const bobId = userIdOf(bob.userId);

  await t.test('a Synapse that answers is reachable', async (t) => {
    t.equal(await homeserver.isReachable(), true);
  });

  await t.test('a token is its user and device', async (t) => {
    for (const { userId, deviceId, accessToken } of [alice, bob]) {
      const expected = { kind: 'known', userId, deviceId, isGuest: false };
      t.same(await homeserver.whoami(accessToken), expected);
      t.same(await homeserver.whoami(accessToken, '192.0.2.7'), expected, 'asked for a client');
    }
    t.match(await homeserver.whoami(guestToken), { kind: 'known', userId: guest['user_id'], isGuest: true });
  });

  await t.test('tokens that Synapse did not give out, or took back, are unknown', async (t) => {
    const gone = await synapse.login(synapse.alice);
    await call(synapse, 'POST', '/logout', gone.accessToken, {});
    const roomId = roomIdOf('!room:localhost');
    const tokens: readonly [what: string, token: string][] = [
      ['logged out', gone.accessToken],
      ['made up', 'syt_made_up'],
      ['no token', ''],
      ['of 64 KiB', 'x'.repeat(65_536)],
      ['with a line break', `${alice.accessToken}\r\nX-Evil: 1`],
      ['with a space', `${alice.accessToken} ${alice.accessToken}`],
      ['with other letters', `${alice.accessToken}\u00e9\u{1f600}`],
    ];
    for (const [what, token] of tokens) {
      t.same(await homeserver.whoami(token), UNKNOWN_TOKEN, what);
      t.same(await homeserver.joinedMembers(token, roomId), UNKNOWN_TOKEN, `${what}, for members`);
      t.same(await homeserver.turnServer(token), UNKNOWN_TOKEN, `${what}, for TURN servers`);
    }
  });

  await t.test('the members of a room are told to a member only', async (t) => {
    const created = await call(synapse, 'POST', '/createRoom', alice.accessToken, {
      preset: 'private_chat',
      invite: [bob.userId],
    });
    const roomId = roomIdOf(created['room_id']);
    const alone = await homeserver.joinedMembers(alice.accessToken, roomId);
    t.same(alone, { kind: 'members', members: [{ userId: aliceId, displayName: 'alice' }] });
    const notIn = { kind: 'not-in-room' };
    t.same(await homeserver.joinedMembers(bob.accessToken, roomId), notIn, 'one who is only invited');

    await call(synapse, 'POST', `/rooms/${encodeURIComponent(roomId)}/join`, bob.accessToken, {});
    const both = await homeserver.joinedMembers(bob.accessToken, roomId);
    const ids = both.kind === 'members' ? both.members.map(({ userId }) => userId) : [];
    t.same(ids.toSorted(), [aliceId, bobId], 'both');
    await call(synapse, 'POST', `/rooms/${encodeURIComponent(roomId)}/leave`, bob.accessToken, {});
    t.same(await homeserver.joinedMembers(bob.accessToken, roomId), notIn, 'one who left');

    for (const unknown of [
      '!nowhere:localhost',
      '!nowhere',
      '!a/../b?c#d%2f:localhost',
      '!'.padEnd(200, 'x'),
    ])
      t.same(await homeserver.joinedMembers(alice.accessToken, roomIdOf(unknown)), notIn, unknown);
  });

  await t.test('a display name is told as it was last set', async (t) => {
    const path = `/profile/${encodeURIComponent(alice.userId)}/displayname`;
    await call(synapse, 'PUT', path, alice.accessToken, { displayname: 'Alice \u{1f98a}' });
    const named = { kind: 'profile', displayName: 'Alice \u{1f98a}' };
    t.same(await homeserver.displayName(bob.accessToken, aliceId), named);
    await call(synapse, 'PUT', path, alice.accessToken, { displayname: '' });
    t.same(await homeserver.displayName(bob.accessToken, aliceId), { kind: 'profile' }, 'one without');
    const nobody = userIdOf('@nobody:localhost');
    t.same(await homeserver.displayName(bob.accessToken, nobody), { kind: 'no-profile' }, 'nobody');
  });

  await t.test('TURN servers are those of Synapse, and none for a guest', async (t) => {
    const answer = await homeserver.turnServer(alice.accessToken);
    t.match(answer, { kind: 'servers', uris: TURN.turn_uris, ttlSeconds: 3600 });
    t.match(answer, { username: new RegExp(`:${alice.userId}$`), password: /./ });
    t.same(await homeserver.turnServer(guestToken), { kind: 'none' });
  });

  await t.test('a Synapse that is down is unavailable, and one that is back is not', async (t) => {
    const fresh = await synapse.login(synapse.bob);
    await synapse.kill();
    t.equal(await homeserver.isReachable(), false);
    t.same(await homeserver.whoami(fresh.accessToken), UNAVAILABLE);
    t.same(await homeserver.joinedMembers(alice.accessToken, roomIdOf('!room:localhost')), UNAVAILABLE);
    t.same(await homeserver.displayName(alice.accessToken, bobId), UNAVAILABLE);
    t.same(await homeserver.turnServer(alice.accessToken), UNAVAILABLE);
    await synapse.start();
    t.equal(await homeserver.isReachable(), true);
    t.match(await homeserver.whoami(fresh.accessToken), { kind: 'known', userId: bobId });
  });
}

/** One request to Synapse itself, past what is tested. @throws unless it succeeds */
export async function call(
  synapse: Pick<TestSynapse, 'url'>,
  method: Dispatcher.HttpMethod,
  path: string,
  token: string | undefined,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await request(`${synapse.url}/_matrix/client/v3${path}`, {
    method,
    reset: true,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

export function roomIdOf(value: unknown): RoomId {
  const parsed = parseRoomId(value);
  if (parsed === undefined) throw new Error(`${String(value)} is no room id`);
  return parsed;
}

function userIdOf(value: string): UserId {
  const parsed = parseUserId(value);
  if (parsed === undefined) throw new Error(`${value} is no user id`);
  return parsed;
}
