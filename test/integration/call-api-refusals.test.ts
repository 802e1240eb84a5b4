// What the call API refuses, with the real Synapse: texts of the original server, strangers who learn nothing, tokens
// that are no tokens, web pages of other origins. Threat cases A58, A60, A61, A63, A64.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, makeRoom, shows, type ApiAnswer } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument, type TestGateway } from '../harness/gateway.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(180_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const NEGOTIATION = {
  offer: { type: 'offer', sdp: 'v=0\r\n' },
  answer: { type: 'answer', sdp: 'v=0\r\n' },
  candidate: { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 },
};
const RELAYS = [
  ['offer', 'offer'],
  ['answer-sdp', 'answer'],
  ['ice-candidate', 'candidate'],
] as const;
const COMPLETE = { roomId, callType: 'video', ...shows(alice) };

function open(t: Test, document: ConfigDocument = {}): Promise<TestGateway> {
  return startGateway(t, { synapse: { url: synapse.url }, ...document });
}

function said({ status, body }: ApiAnswer): readonly unknown[] {
  return [status, body['error'], body['code']];
}

function incomplete(text: string): readonly unknown[] {
  return [400, text, 'CALL_REQUEST_INCOMPLETE'];
}

await t.test('what is missing is said in the words of the original server', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const post = async (path: string, body: unknown) =>
    said(await ask(url, `POST /api/calls/${path}`, { body }));
  for (const name of ['roomId', 'callType', 'accessToken', 'userId']) {
    const required = incomplete('roomId, callType, accessToken, and userId required');
    t.strictSame(await post('initiate', { ...COMPLETE, [name]: undefined }), required, `without ${name}`);
    t.strictSame(await post('initiate', { ...COMPLETE, [name]: 7 }), required, `${name} a number`);
  }
  t.strictSame(
    await post('initiate', { ...COMPLETE, callType: 'audio' }),
    incomplete('callType must be voice or video'),
  );
  for (const what of ['answer', 'reject']) {
    const required = incomplete('userId and accessToken required');
    for (const body of [{}, [], 'null', { userId: bob.userId }, { accessToken: bob.accessToken }])
      t.strictSame(
        await post(`${callId}/${what}`, body),
        required,
        `${what} ${JSON.stringify(Object.keys(body))}`,
      );
  }
  for (const body of [{}, { accessToken: bob.accessToken }])
    t.strictSame(await post(`${callId}/end`, body), incomplete('userId required'));
  for (const medium of ['audio', 'video']) {
    for (const body of [{ userId: bob.userId }, { enabled: true }, { userId: bob.userId, enabled: 1 }])
      t.strictSame(
        await post(`${callId}/toggle-${medium}`, body),
        incomplete('userId and enabled (boolean) required'),
      );
  }
  for (const [path, name] of RELAYS) {
    for (const body of [{}, { userId: bob.userId }, { [name]: NEGOTIATION[name] }])
      t.strictSame(
        await post(`${callId}/${path}`, body),
        incomplete(`userId and ${name} required`),
        `${path} ${JSON.stringify(Object.keys(body))}`,
      );
  }
  t.strictSame(
    await post(`${callId}/offer`, { ...shows(alice), offer: { type: 'offer', sdp: 'hello' } }),
    incomplete('the SDP of offer must begin v=0'),
  );
  t.strictSame(
    said(await ask(url, `POST /api/calls/${callId}/end`)),
    incomplete('userId required'),
    'no body',
  );
});

await t.test('an empty body under a JSON content type is one in which everything is missing', async (t) => {
  const { url } = await open(t);
  const headers = { 'Content-Type': 'application/json' };
  t.strictSame(said(await ask(url, 'POST /api/calls/initiate', { headers })), [
    400,
    'roomId, callType, accessToken, and userId required',
    'CALL_REQUEST_INCOMPLETE',
  ]);
});

await t.test('bodies that are no JSON, or too large', async (t) => {
  const { url } = await open(t);
  t.equal((await ask(url, 'POST /api/calls/initiate', { body: '{"roomId":' })).status, 400);
  t.equal(
    (await ask(url, 'POST /api/calls/initiate', { body: '{"__proto__":{"userId":"@a:b"}}' })).status,
    400,
  );
  const large = { ...COMPLETE, x: 'x'.repeat(65_536) };
  t.strictSame(said(await ask(url, 'POST /api/calls/initiate', { body: large })).slice(0, 1), [413]);
});

await t.test('403: not in the room, no such room, and a user id of somebody else', async (t) => {
  const { url } = await open(t);
  const initiate = async (body: object) => said(await ask(url, 'POST /api/calls/initiate', { body }));
  const notInRoom = [403, 'You are not in this room', 'CALL_NOT_IN_ROOM'];
  t.strictSame(await initiate({ ...COMPLETE, ...shows(carol) }), notInRoom);
  t.strictSame(await initiate({ ...COMPLETE, roomId: '!nothing:localhost' }), notInRoom);
  const mismatch = [403, 'The access token is that of another user', 'IDENTITY_MISMATCH'];
  t.strictSame(await initiate({ ...COMPLETE, userId: bob.userId }), mismatch);
  const callId = await dial(url, alice, roomId);
  for (const what of ['answer', 'reject', 'end']) {
    const body = { userId: bob.userId, accessToken: carol.accessToken };
    t.strictSame(said(await ask(url, `POST /api/calls/${callId}/${what}`, { body })), mismatch, what);
  }
  const query = `userId=${encodeURIComponent(bob.userId)}`;
  const active = await ask(url, `GET /api/calls/active?${query}`, { token: carol.accessToken });
  t.strictSame(said(active), mismatch, 'active');
  const status = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(status.body, { session: { status: 'ringing' } }, 'nothing has happened to it');
});

await t.test('alone in a room there is nobody to call', async (t) => {
  const { url } = await open(t);
  const alone = await makeRoom(synapse, alice);
  const answer = await ask(url, 'POST /api/calls/initiate', { body: { ...COMPLETE, roomId: alone } });
  t.strictSame(said(answer), [400, 'Nobody else is in this room', 'CALL_NOBODY_TO_CALL']);
  const uninvited = { ...COMPLETE, invitees: [carol.userId] };
  t.equal(
    (await ask(url, 'POST /api/calls/initiate', { body: uninvited })).status,
    400,
    'only who is in the room',
  );
});

await t.test('A61 tokens that are none: 401 in our own shape', async (t) => {
  const { url, port } = await open(t);
  const unknown = [401, 'The homeserver does not know this access token', 'IDENTITY_UNKNOWN_TOKEN'];
  const tokens = [
    'syt_made_up',
    `${alice.accessToken}\r\nX: y`,
    `${alice.accessToken} `,
    'x'.repeat(60_000),
    'é',
  ];
  for (const accessToken of tokens) {
    const answer = await ask(url, 'POST /api/calls/initiate', { body: { ...COMPLETE, accessToken } });
    t.strictSame(said(answer), unknown, accessToken.slice(0, 20));
    t.notMatch(answer.text, /M_UNKNOWN_TOKEN|errcode/, 'no client may take it for a logout');
  }
  const loggedOut = await synapse.login(synapse.alice);
  await ask(url, 'POST /_matrix/client/v3/logout', { body: {}, token: loggedOut.accessToken });
  t.strictSame(
    said(await ask(url, 'GET /api/calls', { token: loggedOut.accessToken })),
    unknown,
    'logged out',
  );
  const twice = `Authorization: Bearer ${alice.accessToken}\r\n`;
  const doubled = await sendRaw(port, `GET /api/calls HTTP/1.1\r\nHost: h\r\n${twice}${twice}\r\n`, {
    answers: 1,
  });
  t.equal(doubled.status, 401, 'two of them');
});

await t.test('a token in the query is not accepted on any route', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const paths = [
    'calls',
    'calls/missed',
    `calls/${callId}/status`,
    `calls/${callId}/timeline`,
    `calls/active?userId=${encodeURIComponent(bob.userId)}`,
    'ice',
    'turn-credentials',
  ];
  for (const path of paths) {
    for (const name of ['accessToken', 'access_token']) {
      const join = path.includes('?') ? '&' : '?';
      const target = `/api/${path}${join}${name}=${bob.accessToken}`;
      t.equal((await ask(url, `GET ${target}`)).status, 401, `${path} with ${name}`);
    }
  }
  const post = await ask(url, `POST /api/calls/${callId}/answer?accessToken=${bob.accessToken}`, {
    body: { userId: bob.userId },
  });
  t.equal(post.status, 400);
});

await t.test('A58 A63 a stranger gets what an unknown id gets, in about the same time', async (t) => {
  // Each from an address of its own: many failures from one are answered later and later, and nothing could be compared.
  const { url } = await open(t, { trusted_proxies: ['127.0.0.1'], limits: { api_rate: 10_000 } });
  const callId = await dial(url, alice, roomId);
  const randomId = randomBytes(16).toString('hex');
  let asked = 0;
  const elsewhere = (): { 'X-Forwarded-For': string } => {
    asked += 1;
    return { 'X-Forwarded-For': `10.0.${asked >> 8}.${asked & 255}` };
  };
  const rows: readonly [string, object | undefined][] = [
    ['GET status', undefined],
    ['GET timeline', undefined],
    ['POST answer', shows(carol)],
    ['POST reject', shows(carol)],
    ['POST end', shows(carol)],
    ['POST toggle-audio', { ...shows(carol), enabled: false }],
    ...RELAYS.map(([path, name]): [string, object] => [
      `POST ${path}`,
      { ...shows(carol), [name]: NEGOTIATION[name] },
    ]),
  ];
  for (const [route, body] of rows) {
    const [method, what] = route.split(' ');
    const send = (id: string): Promise<ApiAnswer> =>
      ask(url, `${method} /api/calls/${id}/${what}`, {
        token: carol.accessToken,
        headers: elsewhere(),
        ...(body && { body }),
      });
    const [known, unknown] = [await send(callId), await send(randomId)];
    t.strictSame([known.status, known.text], [unknown.status, unknown.text], route);
    t.strictSame(said(known), [404, 'Call not found', 'CALL_NOT_FOUND'], route);
    const [knownMs, unknownMs] = await timesInTurn([callId, randomId], send);
    const gapMs = Math.abs(part(knownMs, 0.5) - part(unknownMs, 0.5));
    // The machine alone makes the same request's times as different as this.
    const spreadMs = Math.max(...[knownMs, unknownMs].map((times) => part(times, 0.9) - part(times, 0.1)));
    t.ok(gapMs < spreadMs, `${route}: ${gapMs.toFixed(2)} ms apart, ${spreadMs.toFixed(2)} ms spread`);
  }
  const status = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(status.body, { session: { status: 'ringing' } });
});

await t.test(
  'A64 who guesses call ids waits, longer each time; the calls of the user are there at once',
  async (t) => {
    const { url } = await open(t);
    const callId = await dial(url, alice, roomId);
    const timed = async (id: string, who: Session): Promise<[number, number]> => {
      const startedMs = performance.now();
      const { status } = await ask(url, `GET /api/calls/${id}/status`, { token: who.accessToken });
      return [status, performance.now() - startedMs];
    };
    const guess = (who = carol) => timed(randomBytes(16).toString('hex'), who);
    for (let n = 0; n < 10; n += 1) t.equal((await guess())[0], 404);
    let waitedMs = 0;
    for (const delayMs of [100, 200, 400]) {
      const [status, tookMs] = await guess();
      waitedMs = tookMs;
      t.equal(status, 404);
      t.ok(tookMs >= delayMs - 1, `${Math.round(tookMs)} ms, at least ${delayMs}`);
    }
    for (let n = 0; n < 9; n += 1) await guess(alice);
    const [[found, foundMs], [, aliceMs]] = [await timed(callId, alice), await guess(alice)];
    t.equal(found, 200);
    t.ok(foundMs < waitedMs && aliceMs < waitedMs, 'somebody else at the same address does not wait');
  },
);

await t.test('so many requests of one user in a minute: 429 with Retry-After, for every route', async (t) => {
  const { url } = await open(t, { limits: { api_rate: 5 } });
  const routes = ['GET /api/calls', 'GET /api/calls/missed', 'GET /api/ice', 'GET /api/turn-credentials'];
  for (const route of [...routes, 'GET /api/calls'])
    t.equal((await ask(url, route, { token: alice.accessToken })).status, 200, route);
  const stats = `POST /api/calls/${'0'.repeat(32)}/stats`;
  const refused = [429, 'Too many requests in a short time', 'API_RATE_EXCEEDED'];
  for (const route of routes) {
    const answer = await ask(url, route, { token: alice.accessToken });
    t.strictSame(said(answer), refused, route);
    t.equal(answer.headers.get('retry-after'), '10');
  }
  t.strictSame(said(await ask(url, stats, { token: alice.accessToken, body: { rttMs: 5 } })), refused);
  t.strictSame(said(await ask(url, 'POST /api/calls/initiate', { body: COMPLETE })), refused);
  t.equal((await ask(url, 'GET /api/calls', { token: bob.accessToken })).status, 200, 'somebody else');
});

function part(list: readonly number[], share: number): number {
  return list.toSorted((one, other) => one - other)[Math.floor(list.length * share)] ?? 0;
}

async function timesInTurn(
  ids: readonly [string, string],
  send: (id: string) => Promise<unknown>,
): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let n = 0; n < 60; n += 1) {
    for (const index of [0, 1] as const) {
      const startedMs = performance.now();
      await send(ids[index]);
      times[index].push(performance.now() - startedMs);
    }
  }
  return times;
}

await t.test('A60 the fourth ring and the eleventh call of a minute: 429 with Retry-After', async (t) => {
  const { url } = await open(t);
  const rooms = [roomId];
  while (rooms.length < 4) rooms.push(await makeRoom(synapse, alice, bob));
  const initiate = (room = roomId) =>
    ask(url, 'POST /api/calls/initiate', { body: { ...COMPLETE, roomId: room } });
  const callIds: unknown[] = [];
  for (const room of rooms.slice(0, 3)) callIds.push((await initiate(room)).body['callId']);
  const fourth = await initiate(rooms[3]);
  t.strictSame(said(fourth), [429, 'Too many calls in a short time', 'CALL_RATE_EXCEEDED']);
  t.equal(fourth.headers.get('retry-after'), '60');
  for (const callId of callIds)
    await ask(url, `POST /api/calls/${String(callId)}/end`, { body: shows(alice) });
  const statuses: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const { status, body } = await initiate();
    statuses.push(status);
    await ask(url, `POST /api/calls/${String(body['callId'])}/end`, { body: shows(alice) });
  }
  t.strictSame(statuses, [...Array<number>(7).fill(201), ...Array<number>(5).fill(429)]);
});

await t.test('web pages: only of our own and of listed origins', async (t) => {
  const { url } = await open(t, { signaling: { origins: ['https://app.example.org'] } });
  const initiate = (origin: string) =>
    ask(url, 'POST /api/calls/initiate', { body: COMPLETE, headers: { Origin: origin } });
  for (const origin of [
    'https://evil.example',
    'http://app.example.org',
    'https://app.example.org:8443',
    'null',
  ])
    t.strictSame(said(await initiate(origin)), [
      403,
      'Pages of this origin may not use this server',
      'ORIGIN_REFUSED',
    ]);
  t.equal((await initiate('https://app.example.org')).status, 201);
  t.equal((await initiate(url)).status, 201, 'our own');
  const ice = await ask(url, 'GET /api/ice', {
    token: alice.accessToken,
    headers: { Origin: 'https://evil.example' },
  });
  t.equal(ice.status, 403);
});

await t.test('preflight: 204, and an Idempotency-Key may be sent', async (t) => {
  const { url } = await open(t);
  const { status, headers, text } = await ask(url, 'OPTIONS /api/calls/initiate', {
    headers: {
      Origin: 'https://app.example.org',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type,idempotency-key',
    },
  });
  t.strictSame([status, text], [204, '']);
  t.match(headers.get('access-control-allow-headers'), /Content-Type, Authorization, Date, Idempotency-Key/);
  t.match(headers.get('access-control-allow-methods'), /POST/);
});

await t.test('a store that is locked: 503 with the time to try again, and health says so', async (t) => {
  const path = join(t.testdir(), 'calls.db');
  const { url } = await open(t, { store: { url: `sqlite:${path}` } });
  const callId = await dial(url, alice, roomId);
  const holder = new DatabaseSync(path);
  holder.exec('BEGIN IMMEDIATE');
  const unavailable = [503, 'Calls cannot be stored now', 'STORE_UNAVAILABLE'];
  const answer = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  t.strictSame(said(answer), unavailable);
  t.equal(answer.headers.get('retry-after'), '2');
  const other = { ...COMPLETE, ...shows(bob), roomId: await makeRoom(synapse, bob, alice) };
  t.strictSame(said(await ask(url, 'POST /api/calls/initiate', { body: other })), unavailable);
  const health = await ask(url, 'GET /health');
  t.strictSame([health.status, health.body], [503, { status: 'unhealthy', database: 'disconnected' }]);
  holder.exec('ROLLBACK');
  holder.close();
  t.equal((await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) })).status, 200);
  const history = await ask(url, 'GET /api/calls', { token: bob.accessToken });
  t.equal((history.body['calls'] as unknown[]).length, 1, 'nothing was stored meanwhile');
});
