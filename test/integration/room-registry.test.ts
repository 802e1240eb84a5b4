// The room registry over HTTP, behind the front door and on a real store: what pages of the original server ask of it,
// what they are answered, and what strangers can and cannot do to it.

import { createServer } from 'node:http';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import t, { type Test } from 'tap';

import { addressRanges } from '../../src/http/address.ts';
import { ConnectionBytes } from '../../src/http/connection-bytes.ts';
import { createFrontDoor } from '../../src/http/front-door.ts';
import { createIntake } from '../../src/http/intake.ts';
import { guardOwnApi } from '../../src/http/own-api.ts';
import { RequestRates } from '../../src/http/rates.ts';
import { createOwnServer } from '../../src/http/server.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { systemRandom } from '../../src/random.ts';
import { registerRoomRegistry } from '../../src/registry/routes.ts';
import { REGISTRY_OPERATIONS } from '../../src/registry/schemas.ts';
import { openSqliteStore, type SqliteStores } from '../../src/store/sqlite.ts';
import { START_MS } from '../contract/calls.ts';
import { ask, type ApiAnswer } from '../harness/call-api.ts';
import { TestClock } from '../harness/test-clock.ts';

const NOW = '2023-11-14T22:13:20.000Z';
const ID = /^[0-9a-f]{32}$/;
const UNKNOWN = 'f'.repeat(32);

interface Registry {
  readonly url: string;
  readonly store: SqliteStores;
  readonly clock: TestClock;
  readonly post: (
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ApiAnswer>;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<ApiAnswer>;
}

/** @param perMinute requests of one address, and those of them that add something */
async function startRegistry(t: Test, perMinute = { all: 10_000, additions: 10_000 }): Promise<Registry> {
  const clock = new TestClock(START_MS);
  const path = join(t.testdir(), 'calls.db');
  const store = openSqliteStore({ path, clock, onUnreadable: () => t.fail('unreadable row') });
  t.teardown(() => store.close());
  const log = pino({ level: 'silent' });
  const own = createOwnServer(log, clock);
  void own.register((api, _options, done) => {
    guardOwnApi(api, ['https://pages.example']);
    registerRoomRegistry(api, {
      rooms: store,
      clock,
      random: systemRandom,
      rates: new RequestRates(perMinute.all),
      additions: new RequestRates(perMinute.additions),
    });
    done();
  });
  await own.ready();
  const door = createFrontDoor({
    own: (request, response) => own.routing(request, response),
    ownBodyTimeoutMs: 60_000,
    intake: createIntake({
      // So that requests can come from many addresses.
      trustedProxies: addressRanges([
        { kind: 'network', address: '127.0.0.1', prefixLength: 32, family: 'ipv4' },
      ]),
      random: systemRandom,
    }),
    bytes: new ConnectionBytes(),
    publicUrl: undefined,
    isDraining: () => false,
    log,
    metrics: createMetrics(),
    clock,
  });
  const peer = { isUnix: false, isTls: false, localAuthority: '127.0.0.1' } as const;
  const server = createServer((request, response) =>
    door(request, response, { ...peer, address: request.socket.remoteAddress }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await own.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    store,
    clock,
    post: (target, body, headers = {}) => ask(url, `POST ${target}`, { body, headers }),
    get: (target, headers = {}) => ask(url, `GET ${target}`, { headers }),
  };
}

/** Holds an answer against what the API document says of the operation. */
function isAsDescribed(t: Test, id: string, { status, text }: ApiAnswer): void {
  const schema = REGISTRY_OPERATIONS.find((operation) => operation.id === id)?.answers[0]?.schema;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const allows = ajv.compile(closed(JSON.parse(JSON.stringify(schema))) as object);
  t.equal(status, 200, `${id}: ${text}`);
  t.ok(allows(JSON.parse(text)), `${id}: ${JSON.stringify(allows.errors)} ${text}`);
}

/** The schema, with every member refused that it does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  return members['type'] === 'object' ? { additionalProperties: false, ...members } : members;
}

function refuses(t: Test, answer: ApiAnswer, status: number, code: string, detail: string | RegExp): void {
  t.equal(answer.status, status, answer.text);
  t.match(answer.body, { detail, error: detail, code });
}

await t.test('a page registers its user, makes a room, joins it and reads what was written', async (t) => {
  const { post, get, store, clock } = await startRegistry(t);
  const user = await post('/users', { username: 'Älice 🦊' });
  isAsDescribed(t, 'addRoomUser', user);
  t.match(user.body, { id: ID, username: 'Älice 🦊', joined_at: NOW });
  const room = await post('/rooms', { name: 'General', description: 'passed over' });
  isAsDescribed(t, 'addRoom', room);
  t.match(room.body, { id: ID, name: 'General', created_at: NOW, user_count: 0 });
  const [userId, roomId] = [String(user.body['id']), String(room.body['id'])];
  t.not(userId, roomId);

  clock.advance(1_000);
  const joined = await post(`/rooms/${roomId}/join`, { user_id: userId });
  isAsDescribed(t, 'joinRoom', joined);
  t.strictSame(joined.body, {
    message: 'Älice 🦊 joined the room',
    room_id: roomId,
    user_id: userId,
    joined_at: '2023-11-14T22:13:21.000Z',
  });
  t.equal((await post(`/rooms/${roomId}/join`, { user_id: userId })).status, 200, 'again');

  const rooms = await get('/rooms');
  isAsDescribed(t, 'listRooms', rooms);
  const shown = { id: roomId, name: 'General', created_at: NOW, user_count: 1 };
  t.strictSame(JSON.parse(rooms.text), [shown]);
  const one = await get(`/rooms/${roomId}`);
  isAsDescribed(t, 'getRoom', one);
  const users = [{ id: userId, username: 'Älice 🦊', joined_at: '2023-11-14T22:13:21.000Z' }];
  t.strictSame(one.body, { ...shown, users });

  t.strictSame(JSON.parse((await get(`/rooms/${roomId}/messages`)).text), []);
  for (let n = 1; n <= 60; n++) {
    const avatar = n === 60 ? '/a.png' : undefined;
    const about = { id: `m${n}`, roomId, userId, username: 'Älice', avatar };
    await store.putMessage({ ...about, content: `line ${n}`, atMs: START_MS });
  }
  const messages = await get(`/rooms/${roomId}/messages`);
  isAsDescribed(t, 'listRoomMessages', messages);
  const read = JSON.parse(messages.text) as readonly Readonly<Record<string, unknown>>[];
  t.equal(read.length, 50);
  t.equal(read[0]?.['content'], 'line 11', 'the newest, oldest of them first');
  t.strictSame(read.at(-1), {
    id: 'm60',
    user_id: userId,
    username: 'Älice',
    content: 'line 60',
    timestamp: NOW,
    room_id: roomId,
    avatar: '/a.png',
  });
  t.match(JSON.parse((await get(`/rooms/${roomId}/messages?limit=1`)).text), [{ content: 'line 60' }]);
});

await t.test('what is unknown or wrong is refused with a text that says so', async (t) => {
  const { url, post, get } = await startRegistry(t);
  const roomId = String((await post('/rooms', { name: 'General' })).body['id']);
  const none = [404, 'ROOM_NOT_FOUND', 'Room not found'] as const;
  for (const id of [UNKNOWN, 'general', '%27', '..%2f', 'constructor']) {
    refuses(t, await get(`/rooms/${id}`), ...none);
    refuses(t, await get(`/rooms/${id}/messages`), ...none);
    refuses(t, await post(`/rooms/${id}/join`, { user_id: UNKNOWN }), ...none);
  }
  const joined = await post(`/rooms/${roomId}/join`, { user_id: UNKNOWN });
  refuses(t, joined, 404, 'ROOM_USER_NOT_FOUND', 'User not found');

  const invalid = [422, 'REGISTRY_REQUEST_INVALID'] as const;
  for (const body of [{}, [], { username: '' }, { username: 7 }, { username: 'x'.repeat(65) }]) {
    refuses(
      t,
      await post('/users', body),
      ...invalid,
      'username must be a text of 1 to 64 printable characters',
    );
    refuses(t, await post('/rooms', body), ...invalid, 'name must be a text of 1 to 64 printable characters');
  }
  refuses(t, await post(`/rooms/${roomId}/join`, {}), ...invalid, 'user_id must be the id of a user');
  for (const limit of ['0', '201', 'x', '1&limit=2'])
    refuses(t, await get(`/rooms/${roomId}/messages?limit=${limit}`), ...invalid, /^limit must be/);

  for (const body of ['{', '{"username":', 'x'])
    t.match((await post('/users', body)).body, { code: 'BODY_NOT_JSON' });
  t.match((await post('/users', { username: 'x'.repeat(70_000) })).body, { code: 'BODY_TOO_LARGE' });
  t.equal((await get('/users')).status, 404, 'nobody is told who there is');
  t.equal((await ask(url, `DELETE /rooms/${roomId}`)).status, 404);
});

await t.test('what is full says so, and is not changed', async (t) => {
  const { post, get, store } = await startRegistry(t);
  for (let n = 1; n <= 1_000; n++) await store.addRoom({ id: `room${n}`, name: 'x', createdAtMs: START_MS });
  const refused = await post('/rooms', { name: 'x' });
  refuses(t, refused, 507, 'REGISTRY_FULL', 'There is no place for more rooms');
  t.equal((JSON.parse((await get('/rooms')).text) as readonly unknown[]).length, 1_000);
  for (let n = 1; n <= 1_000; n++) {
    await store.addUser({ id: `user${n}`, username: 'x', joinedAtMs: START_MS });
    await store.joinRoom({ roomId: 'room1', userId: `user${n}`, atMs: START_MS });
  }
  const user = await post('/users', { username: 'x' });
  const joining = await post('/rooms/room1/join', { user_id: user.body['id'] });
  refuses(t, joining, 507, 'REGISTRY_FULL', 'There is no place for more users in this room');
});

await t.test('each address asks so often in a minute, and adds even less often', async (t) => {
  const { post, get, clock } = await startRegistry(t, { all: 6, additions: 2 });
  const one = { 'X-Forwarded-For': '192.0.2.1' };
  const tooMany = [429, 'API_RATE_EXCEEDED', 'Too many requests in a short time'] as const;
  for (let n = 1; n <= 2; n++) t.equal((await post('/users', { username: 'x' }, one)).status, 200);
  const refused = await post('/users', { username: 'x' }, one);
  refuses(t, refused, ...tooMany);
  t.equal(refused.headers.get('retry-after'), '10');
  for (let n = 1; n <= 3; n++) t.equal((await get('/rooms', one)).status, 200, 'reading goes on');
  refuses(t, await get('/rooms', one), ...tooMany);
  t.equal(
    (await post('/users', { username: 'x' }, { 'X-Forwarded-For': '192.0.2.2' })).status,
    200,
    'another',
  );
  clock.advance(120_000);
  t.equal((await post('/users', { username: 'x' }, one)).status, 200, 'after a while');
});

await t.test('pages of listed origins may use it, and no others', async (t) => {
  const { url, get, post } = await startRegistry(t);
  for (const origin of [url, 'https://pages.example']) {
    const answer = await get('/rooms', { Origin: origin });
    t.equal(answer.status, 200, origin);
    t.equal(answer.headers.get('access-control-allow-origin'), '*');
    t.equal(answer.headers.get('cache-control'), 'no-store');
  }
  const refused = await post('/rooms', { name: 'x' }, { Origin: 'https://evil.example' });
  refuses(t, refused, 403, 'ORIGIN_REFUSED', /./);
  t.strictSame(JSON.parse((await get('/rooms')).text), []);
});

await t.test('a store that does not answer is a 503, with nothing of the inner message', async (t) => {
  const { get, post, store } = await startRegistry(t);
  await store.close();
  for (const answer of [
    await post('/users', { username: 'x' }),
    await post('/rooms', { name: 'x' }),
    await get('/rooms'),
    await get(`/rooms/${UNKNOWN}`),
    await get(`/rooms/${UNKNOWN}/messages`),
    await post(`/rooms/${UNKNOWN}/join`, { user_id: UNKNOWN }),
  ]) {
    refuses(t, answer, 503, 'STORE_UNAVAILABLE', 'The registry does not answer now');
    t.ok(answer.headers.get('retry-after'));
    t.notMatch(answer.text, /closed/);
  }
});
