// The call API over HTTP with the real Synapse: a call from its initiate to its history, as clients of the original
// server send and read it. Who is refused is call-api-refusals.test.ts and call-api-identity.test.ts.

import { createHmac } from 'node:crypto';

import t, { type Test } from 'tap';

import { ask, dial, gatherCast, makeRoom, shows, type ApiAnswer, type Cast } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument, type TestGateway } from '../harness/gateway.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(180_000);

const STUN = { urls: ['stun:stun.example.org'] };
const TURN_SECRET = 'shared-with-the-relay';
const TURN_URLS = ['turn:turn.example.org:3478?transport=udp'];
const synapse = await startTestSynapse(t);
const cast = await gatherCast(synapse);
const { alice, bob, bobLaptop, carol, roomId } = cast;

function open(t: Test, document: ConfigDocument = {}): Promise<TestGateway> {
  return startGateway(t, { synapse: { url: synapse.url }, ice: { stun: STUN.urls }, ...document });
}

function initiate(url: string, body: object, headers: Record<string, string> = {}): Promise<ApiAnswer> {
  return ask(url, 'POST /api/calls/initiate', { body, headers });
}

await t.test(
  'initiate: 201 and exactly the five members, with the token in the body or the header',
  async (t) => {
    const { url } = await open(t);
    const inBody = await initiate(url, { roomId, callType: 'video', ...shows(alice) });
    const { callId } = inBody.body;
    t.equal(inBody.status, 201);
    t.match(callId, /^[0-9a-f]{32}$/);
    t.strictSame(inBody.body, { callId, roomId, callType: 'video', status: 'ringing', iceServers: [STUN] });
    t.equal(inBody.headers.get('cache-control'), 'no-store');
    t.equal(inBody.headers.get('access-control-allow-origin'), '*');
    const inHeader = await ask(url, 'POST /api/calls/initiate', {
      body: { roomId, callType: 'video', userId: alice.userId },
      token: alice.accessToken,
    });
    t.equal(inHeader.status, 201);
    t.strictSame(inHeader.body, inBody.body, 'the same device again: the same call');
  },
);

await t.test('Idempotency-Key: another device of the user gets the same call', async (t) => {
  const { url } = await open(t);
  const aliceLaptop = await synapse.login(synapse.alice);
  const key = { 'Idempotency-Key': '5f0c' };
  const first = await initiate(url, { roomId, callType: 'voice', ...shows(alice) }, key);
  const second = await initiate(url, { roomId, callType: 'voice', ...shows(aliceLaptop) }, key);
  t.strictSame([second.status, second.body], [201, first.body]);
  const long = await initiate(
    url,
    { roomId, callType: 'voice', ...shows(alice) },
    { 'Idempotency-Key': 'k'.repeat(256) },
  );
  t.equal(long.status, 400);
});

await t.test('answer, then the other device: 400 with its code; the same device again: 200', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const answered = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  t.equal(answered.status, 200);
  t.strictSame(answered.body, { callId, status: 'active', roomId, callType: 'video', iceServers: [STUN] });
  const late = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bobLaptop) });
  t.equal(late.status, 400);
  t.strictSame(late.body, { error: 'Call is not in ringing state', code: 'CALL_ANSWERED_ELSEWHERE' });
  const again = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  t.strictSame([again.status, again.body], [200, answered.body]);
  const rejected = await ask(url, `POST /api/calls/${callId}/reject`, { body: shows(bobLaptop) });
  t.strictSame(
    [rejected.status, rejected.body],
    [200, { callId, status: 'active' }],
    'T13: answer beats reject',
  );
  const other = await ask(url, `POST /api/calls/${callId}/end`, { body: shows(bobLaptop) });
  t.strictSame(
    [other.status, other.body['code']],
    [409, 'CALL_OTHER_DEVICE'],
    'A60: not by the other device',
  );
  const ended = await ask(url, `POST /api/calls/${callId}/end`, {
    body: { userId: bob.userId },
    token: bob.accessToken,
  });
  t.strictSame([ended.status, ended.body], [200, { callId, status: 'ended' }]);
  const after = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  t.strictSame(
    [after.status, after.body],
    [400, { error: 'Call is not in ringing state', code: 'CALL_ENDED' }],
  );
});

await t.test('negotiation: taken from who is in the call, for who is or can still come', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const post = async (who: typeof alice, path: string, members: object): Promise<readonly unknown[]> => {
    const answer = await ask(url, `POST /api/calls/${callId}/${path}`, {
      body: { ...shows(who), ...members },
    });
    return [answer.status, answer.body['code'] ?? answer.body];
  };
  const offer = { type: 'offer', sdp: 'v=0\r\n' };
  const answer = { type: 'answer', sdp: 'v=0\r\n' };
  const taken = [200, { success: true }];
  t.strictSame(await post(alice, 'offer', { offer }), taken);
  for (const candidate of [{ candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }, null])
    t.strictSame(await post(alice, 'ice-candidate', { candidate, targetUserId: bob.userId }), taken);
  for (const targetUserId of [carol.userId, alice.userId])
    t.strictSame(await post(alice, 'offer', { offer, targetUserId }), [404, 'CALL_TARGET_UNKNOWN']);
  t.strictSame(await post(bob, 'answer-sdp', { answer }), [409, 'CALL_NOT_JOINED']);
  await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  t.strictSame(await post(bob, 'answer-sdp', { answer }), taken);
  t.strictSame(await post(bobLaptop, 'answer-sdp', { answer }), [409, 'CALL_OTHER_DEVICE']);
  for (let n = 0; n < 64; n += 1) await post(bob, 'ice-candidate', { candidate: `candidate:${n}` });
  const more = await ask(url, `POST /api/calls/${callId}/ice-candidate`, {
    body: { ...shows(bob), candidate: 'candidate:65' },
  });
  t.strictSame([more.status, more.body['code']], [429, 'CALL_NEGOTIATION_EXCEEDED']);
  t.equal(more.headers.get('retry-after'), '5');
});

await t.test('reject and end, each repeated', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  for (const what of ['once', 'twice']) {
    const rejected = await ask(url, `POST /api/calls/${callId}/reject`, { body: shows(bob) });
    t.strictSame([rejected.status, rejected.body], [200, { callId, status: 'rejected' }], what);
  }
  const late = await ask(url, `POST /api/calls/${callId}/answer`, { body: shows(bobLaptop) });
  t.strictSame(
    [late.status, late.body['error']],
    [400, 'Call is not in ringing state'],
    'A60: reject, then answer',
  );
  const cancelled = await dial(url, alice, roomId);
  for (const what of ['once', 'twice']) {
    const ended = await ask(url, `POST /api/calls/${cancelled}/end`, { body: shows(alice) });
    t.strictSame([ended.status, ended.body], [200, { callId: cancelled, status: 'ended' }], what);
  }
});

await t.test('glare: 409 with the call that rings already', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const lost = await initiate(url, { roomId, callType: 'video', ...shows(bob) });
  t.strictSame([lost.status, lost.body], [409, { error: 'Already ringing', code: 'CALL_GLARE', callId }]);
});

await t.test('active and status: the members of the contract, in time', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const active = await ask(url, `GET /api/calls/active?userId=${encodeURIComponent(bob.userId)}`, {
    token: bob.accessToken,
  });
  const created = JSON.stringify(active.body).match(/"created_at":"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"/)?.[1];
  const entry = {
    call_id: callId,
    room_id: roomId,
    call_type: 'video',
    initiator_id: alice.userId,
    status: 'ringing',
    created_at: created,
  };
  t.strictSame([active.status, active.body], [200, { calls: [entry], iceServers: [STUN] }]);
  const own = await ask(url, `GET /api/calls/active?userId=${encodeURIComponent(alice.userId)}`, {
    token: alice.accessToken,
  });
  t.strictSame(own.body, { calls: [], iceServers: [STUN] }, 'the caller is not rung');
  t.strictSame((await ask(url, 'GET /api/calls/active', { token: bob.accessToken })).body, {
    error: 'userId required',
    code: 'CALL_REQUEST_INCOMPLETE',
  });
  const status = await ask(url, `GET /api/calls/${callId}/status`, { token: bob.accessToken });
  t.equal(status.status, 200);
  const media = { audio_enabled: true, video_enabled: true, left_at: null };
  t.strictSame(status.body, {
    session: { id: callId, ...entry, started_at: null, ended_at: null },
    participants: [
      { matrix_user_id: alice.userId, status: 'joined', ...media, joined_at: created },
      { matrix_user_id: bob.userId, status: 'invited', ...media, joined_at: null },
    ],
  });
});

await t.test('toggle: said by who is in the call, seen in the status', async (t) => {
  const { url } = await open(t);
  const callId = await dial(url, alice, roomId);
  const toggle = (medium: string, body: object) =>
    ask(url, `POST /api/calls/${callId}/toggle-${medium}`, { body });
  const audio = await toggle('audio', { ...shows(alice), enabled: false });
  t.strictSame([audio.status, audio.body], [200, { success: true, audioEnabled: false }]);
  const video = await toggle('video', { ...shows(alice), enabled: false });
  t.strictSame([video.status, video.body], [200, { success: true, videoEnabled: false }]);
  const status = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(status.body, {
    participants: [{ audio_enabled: false, video_enabled: false }, { audio_enabled: true }],
  });
  for (const medium of ['audio', 'video']) {
    const missing = await toggle(medium, { ...shows(alice), enabled: 'false' });
    t.strictSame([missing.status, missing.body['error']], [400, 'userId and enabled (boolean) required']);
  }
  t.equal((await toggle('audio', { ...shows(bob), enabled: true })).status, 409, 'who has not joined');
});

await t.test('history: paged with next, newest first, filtered by state', async (t) => {
  const { url } = await open(t);
  const callIds: string[] = [];
  for (let n = 0; n < 5; n += 1) {
    const callId = await dial(url, alice, roomId);
    await ask(url, `POST /api/calls/${callId}/${n === 2 ? 'reject' : 'answer'}`, { body: shows(bob) });
    await ask(url, `POST /api/calls/${callId}/end`, { body: shows(bob) });
    callIds.unshift(callId);
  }
  const seen: unknown[] = [];
  let path = '/api/calls?limit=2';
  for (let pages = 1; ; pages += 1) {
    const page = await ask(url, `GET ${path}`, { token: alice.accessToken });
    t.equal(page.status, 200);
    seen.push(...(page.body['calls'] as Record<string, unknown>[]).map((call) => call['call_id']));
    const { next } = page.body;
    if (typeof next !== 'string') {
      t.equal(pages, 3);
      break;
    }
    path = `/api/calls?limit=2&before=${encodeURIComponent(next)}`;
  }
  t.strictSame(seen, callIds);
  const rejected = await ask(url, 'GET /api/calls?state=rejected', { token: bob.accessToken });
  t.match(rejected.body, {
    calls: [
      {
        call_id: callIds[2],
        status: 'rejected',
        reason: 'rejected',
        direction: 'incoming',
        duration_ms: null,
      },
    ],
    next: null,
  });
  t.equal((rejected.body['calls'] as unknown[]).length, 1);
  t.strictSame((await ask(url, 'GET /api/calls', { token: carol.accessToken })).body, {
    calls: [],
    next: null,
  });
  for (const query of ['limit=0', 'limit=201', 'before=x', 'state=gone'])
    t.equal((await ask(url, `GET /api/calls?${query}`, { token: alice.accessToken })).status, 400, query);
});

await t.test('missed: counted for the callee until read; the timeline says why', async (t) => {
  const { url } = await open(t, { calls: { ring_timeout: '1s' } });
  const callId = await dial(url, alice, roomId);
  const missed = (): Promise<ApiAnswer> => ask(url, 'GET /api/calls/missed', { token: bob.accessToken });
  t.strictSame((await missed()).body, { count: 0, calls: [] });
  await until(async () => (await missed()).body['count'] === 1);
  t.match((await missed()).body, { calls: [{ call_id: callId, status: 'missed', reason: 'no_answer' }] });
  t.strictSame((await ask(url, 'GET /api/calls/missed', { token: alice.accessToken })).body, {
    count: 0,
    calls: [],
  });
  const read = await ask(url, 'POST /api/calls/missed/read', { body: {}, token: bob.accessToken });
  t.strictSame([read.status, read.body], [200, { success: true }]);
  t.strictSame((await missed()).body, { count: 0, calls: [] });
  const timeline = await ask(url, `GET /api/calls/${callId}/timeline`, { token: alice.accessToken });
  t.equal(timeline.status, 200);
  t.equal(timeline.body['verdict'], `Nobody answered within 1 s. ${bob.userId} had no device online.`);
  t.match(timeline.body, {
    callId,
    events: [
      { seq: 1, type: 'initiated', userId: alice.userId, deviceId: alice.deviceId, inviteeIds: [bob.userId] },
      { seq: 2, type: 'user-offline', userId: bob.userId },
      { seq: 3, type: 'missed', userId: bob.userId },
      { seq: 4, type: 'ended', reason: 'no_answer', endedBy: 'system' },
    ],
  });
});

await t.test('a group: a late join, a leave of one, and the end by the caller', async (t) => {
  const { url } = await open(t);
  const group = await makeRoom(synapse, alice, bob, carol);
  const callId = await dial(url, alice, group, 'voice');
  const act = (what: string, who: Cast['alice']) =>
    ask(url, `POST /api/calls/${callId}/${what}`, { body: shows(who) });
  t.match((await act('answer', bob)).body, { status: 'active' });
  t.match((await act('answer', carol)).body, { status: 'active' }, 'T10');
  t.equal((await act('end', bob)).status, 200);
  const status = (): Promise<ApiAnswer> =>
    ask(url, `GET /api/calls/${callId}/status`, { token: carol.accessToken });
  t.match((await status()).body, { session: { status: 'active' } }, 'T16: the others talk on');
  t.equal((await act('end', alice)).status, 200);
  t.match((await status()).body, { session: { status: 'ended' } });
});

await t.test('ICE: credentials of each user for a relay of our own', async (t) => {
  const { url } = await open(t, { ice: { stun: STUN.urls, turn: { urls: TURN_URLS, secret: TURN_SECRET } } });
  const usernames = new Map<string, string>();
  for (const path of ['/api/ice', '/api/turn-credentials']) {
    for (const { userId, accessToken } of [alice, bob]) {
      const { status, body } = await ask(url, `GET ${path}`, { token: accessToken });
      t.equal(status, 200);
      const relay = (body['iceServers'] as Record<string, string>[])[1] ?? {};
      const { username = '', credential = '' } = relay;
      const ttl = Number(body['ttl']);
      t.strictSame(body, { ttl, iceServers: [STUN, { urls: TURN_URLS, username, credential }] });
      t.ok(ttl >= 299 && ttl <= 600, `${ttl} s`);
      const expiresIn = Number(username.split(':')[0]) - Date.now() / 1_000;
      t.ok(Math.abs(expiresIn - ttl) < 2, username);
      t.match(username, /^[0-9]{10}:[0-9a-f]{32}$/);
      t.equal(credential, createHmac('sha1', TURN_SECRET).update(username).digest('base64'));
      t.equal(usernames.get(userId)?.slice(10) ?? username.slice(10), username.slice(10));
      usernames.set(userId, username);
    }
  }
  t.equal(new Set([...usernames.values()].map((name) => name.slice(10))).size, 2, 'each user has its own');
  for (const path of ['/api/ice', '/api/turn-credentials', `/api/ice?accessToken=${alice.accessToken}`])
    t.equal((await ask(url, `GET ${path}`)).status, 401, 'A62: not without identity');
  const made = await initiate(url, { roomId, callType: 'video', ...shows(alice) });
  t.match(
    made.body,
    { iceServers: [STUN, { urls: TURN_URLS, username: /^[0-9]+:/ }] },
    'calls carry them as well',
  );
});

await t.test('health in the words of the original server', async (t) => {
  const { url } = await open(t);
  const { status, body } = await ask(url, 'GET /health');
  t.strictSame([status, body], [200, { status: 'healthy', database: 'connected' }]);
});
