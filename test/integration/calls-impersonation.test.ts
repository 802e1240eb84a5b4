// Nobody is anybody else, at any door: who shows nothing, a token that is not good, or another's id is refused, and a
// stranger to a call neither changes it nor learns that there is one.

import t, { type Test } from 'tap';

import { ask, dial, gatherCast, shows, type ApiAnswer } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { connectNative, registerNative, type Frame } from '../harness/native-client.ts';
import { connectIo, registerIo, type IoClient } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);

const synapse = await startTestSynapse(t);
const { alice, bob, carol, roomId } = await gatherCast(synapse);
const UNKNOWN_CALL = 'f'.repeat(32);
const FORGED = 'forged';
const TRANSPORTS = [['websocket'], ['polling']];
const offer = (name: string) => ({ type: 'offer', sdp: `v=0\r\no=${name}\r\n` });
const answer = (name: string) => ({ type: 'answer', sdp: `v=0\r\no=${name}\r\n` });
const REST_ACTS = [
  'answer',
  'reject',
  'end',
  'offer',
  'answer-sdp',
  'ice-candidate',
  'toggle-audio',
  'toggle-video',
] as const;
const SOCKET_ACTS: readonly (readonly [string, Frame])[] = [
  ['join-call', {}],
  ['answer', {}],
  ['reject', {}],
  ['call-ringing', {}],
  ['silence-call', {}],
  ['webrtc-offer', { offer: offer(FORGED), targetUserId: 'all' }],
  ['webrtc-answer', { answer: answer(FORGED), targetUserId: alice.userId }],
  ['ice-candidate', { candidate: { candidate: FORGED }, targetUserId: bob.userId }],
  ['toggle-audio', { enabled: false }],
  ['toggle-video', { enabled: false }],
  ['leave-call', {}],
  ['call-ended', {}],
  ['end', {}],
];
const restBody = {
  offer: offer(FORGED),
  answer: answer(FORGED),
  candidate: { candidate: FORGED },
  enabled: false,
};

const open = async (t: Test, document: ConfigDocument = {}): Promise<string> =>
  (await startGateway(t, { synapse: { url: synapse.url }, ...document })).url;

/** An answer without the id of the call that it was asked for. */
const blank = (value: unknown, callId: string): string => JSON.stringify(value).replaceAll(callId, '<call>');

/** What cannot be known to whoever is refused: nothing of it may differ from an unknown call's. */
const face = ({ status, text, headers }: ApiAnswer, callId: string): string =>
  blank([status, text, headers.get('content-type'), headers.get('retry-after')], callId);

const BAD: readonly (readonly [string, Frame, string])[] = [
  ['no token, and nobody vouches', { userId: bob.userId }, 'IDENTITY_REQUIRED'],
  ['nothing at all', {}, 'IDENTITY_REQUIRED'],
  ['a made-up token', { userId: bob.userId, accessToken: 'syt_made_up' }, 'IDENTITY_UNKNOWN_TOKEN'],
  ["another's id with one's own token", { ...shows(carol), userId: bob.userId }, 'IDENTITY_MISMATCH'],
];

for (const [name, who, code] of BAD) {
  await t.test(`${name}: refused at every door`, async (t) => {
    const url = await open(t);
    const native = await connectNative(t, url);
    native.send('register-user', who);
    await until(() => native.closed !== undefined);
    t.equal(native.closed?.code, 4003);
    t.match(native.frames, [{ type: 'error', code }]);

    for (const transports of TRANSPORTS) {
      const client = await connectIo(t, url, { transports });
      t.match(await client.ask('register-user', who), { ok: false, code });
      client.send('register-user', who);
      t.match(await client.next('error'), { code }, 'without an acknowledgement by the event');
      await dialAndEnd(url);
      t.strictSame(client.of('incoming-call'), [], 'and is not rung');
    }

    const callId = await dial(url, alice, roomId);
    const initiated = await ask(url, 'POST /api/calls/initiate', {
      body: { roomId, callType: 'voice', accessToken: 'syt_made_up', ...who },
    });
    t.ok(initiated.status >= 400 && initiated.status < 500, `initiate: ${initiated.status}`);
    for (const act of REST_ACTS) {
      const { status } = await ask(url, `POST /api/calls/${callId}/${act}`, {
        body: { ...restBody, ...who },
      });
      t.ok([400, 401, 403].includes(status), `${act}: ${status}`);
    }
    await staysRinging(t, url, callId);
  });
}

async function dialAndEnd(url: string): Promise<void> {
  const callId = await dial(url, alice, roomId);
  await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
}

async function staysRinging(t: Test, url: string, callId: string): Promise<void> {
  const { body } = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(body, { session: { status: 'ringing' } });
}

for (const state of ['ringing', 'active'] as const) {
  await t.test(`a stranger to a call that is ${state} changes nothing and learns nothing`, async (t) => {
    const url = await open(t);
    const caller = await registerNative(t, url, shows(alice));
    const callee = await registerIo(t, url, shows(bob));
    const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
    await callee.next('incoming-call');
    if (state === 'active') await callee.ask('answer', { callId });
    const status = async (): Promise<string> =>
      (await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken })).text;
    const before = await status();
    await caller.ask('ping');
    await callee.ask('ping');
    const heard = [caller.frames.length, callee.frames.length];

    const native = await registerNative(t, url, shows(carol));
    const sockets = [native, ...(await carolsSockets(t, url))];
    for (const socket of sockets) {
      for (const [act, members] of SOCKET_ACTS) {
        const known = await socket.ask(act, { callId, ...members });
        const unknown = await socket.ask(act, { callId: UNKNOWN_CALL, ...members });
        t.equal(
          blank(withoutId(known), callId),
          blank(withoutId(unknown), UNKNOWN_CALL),
          `${act}: ${String(known['code'])}`,
        );
        t.match(known, { code: 'CALL_NOT_FOUND' });
      }
    }
    // And without an acknowledgement, on Socket.IO the event `error`.
    const [quiet] = await carolsSockets(t, url);
    for (const [act, members] of SOCKET_ACTS) {
      for (const id of [callId, UNKNOWN_CALL]) {
        const count = quiet?.of('error').length ?? 0;
        quiet?.send(act, { callId: id, ...members });
        await until(() => quiet?.of('error').length === count + 1);
      }
      const [known, unknown] = quiet?.of('error').slice(-2) ?? [];
      t.equal(blank(known, callId), blank(unknown, UNKNOWN_CALL), act);
    }
    t.strictSame(
      sockets.flatMap((socket) =>
        socket.types().filter((type) => /incoming|webrtc|call-|toggled/.test(type)),
      ),
      [],
    );
    await restStranger(t, url, callId);

    await caller.ask('ping');
    await callee.ask('ping');
    t.equal(await status(), before, 'as it was');
    t.strictSame(
      [...caller.frames.slice(heard[0]), ...callee.frames.slice(heard[1])].filter(
        ({ type }) => type !== 'pong' && type !== 'ack',
      ),
      [],
      'nobody heard anything',
    );
  });
}

async function carolsSockets(t: Test, url: string): Promise<readonly IoClient[]> {
  return [
    await registerIo(t, url, shows(carol)),
    // A call screen that never registers.
    await connectIo(t, url, { auth: { token: carol.accessToken }, transports: ['polling'] }),
  ];
}

function withoutId({ id: _id, ...members }: Frame): Frame {
  return members;
}

async function restStranger(t: Test, url: string, callId: string): Promise<void> {
  const asCarol = async (target: string, body?: object): Promise<ApiAnswer> =>
    ask(url, target, body === undefined ? { token: carol.accessToken } : { body });
  // Ten failed lookups are free; the eleventh begins to wait. Each pair must wait alike, and is not timed here.
  for (const act of REST_ACTS.slice(0, 4)) {
    const path = (id: string): string => `POST /api/calls/${id}/${act}`;
    const body = { ...restBody, ...shows(carol) };
    const known = await asCarol(path(callId), body);
    const unknown = await asCarol(path(UNKNOWN_CALL), body);
    t.equal(known.status, 404, act);
    t.equal(face(known, callId), face(unknown, UNKNOWN_CALL), act);
  }
  for (const act of REST_ACTS.slice(4)) {
    const known = await asCarol(`POST /api/calls/${callId}/${act}`, { ...restBody, ...shows(carol) });
    t.equal(known.status, 404, act);
    t.strictSame(known.body['error'], 'Call not found');
  }
}

await t.test('who something is from is what its socket is, whatever it says', async (t) => {
  const url = await open(t);
  const caller = await registerIo(t, url, shows(alice));
  const callee = await registerNative(t, url, shows(bob));
  const lies = {
    from: carol.userId,
    fromUserId: carol.userId,
    from_user_id: carol.userId,
    sender: carol.userId,
    callerName: 'The Bank',
    callerId: carol.userId,
    initiatorId: carol.userId,
  };
  const initiated = await caller.ask('initiate', { roomId, callType: 'video', ...lies });
  const { callId } = initiated;
  const incoming = await callee.next('incoming-call');
  t.match(incoming, { callId, callerName: 'alice', callerId: alice.userId, initiatorId: alice.userId });
  t.notOk('from' in incoming);
  await callee.ask('answer', { callId });
  caller.send('webrtc-offer', { callId, offer: offer('alice'), targetUserId: 'all', ...lies });
  const relayed = await callee.next('webrtc-offer');
  t.match(relayed, { fromUserId: alice.userId, targetUserId: bob.userId });
  for (const name of ['from', 'from_user_id', 'sender']) t.notOk(name in relayed, name);
  await ask(url, `POST /api/calls/${String(callId)}/ice-candidate`, {
    body: { ...shows(alice), candidate: { candidate: 'c' }, fromUserId: carol.userId },
  });
  t.match(await callee.next('ice-candidate'), { fromUserId: alice.userId });

  // As the other one in the call: with that one's id, and one's own socket.
  t.match(await caller.ask('webrtc-offer', { callId, offer: offer('x'), userId: bob.userId }), {
    ok: false,
    code: /^IDENTITY_/,
  });
  t.match(await callee.ask('end', { callId, userId: alice.userId }), { type: 'error', code: /^IDENTITY_/ });
  t.match(await caller.ask('webrtc-offer', { callId, offer: offer('x'), targetUserId: carol.userId }), {
    ok: false,
    code: 'CALL_TARGET_UNKNOWN',
  });
  const target = `POST /api/calls/${String(callId)}/offer`;
  const outside = { ...shows(alice), offer: offer('x'), targetUserId: carol.userId };
  t.equal((await ask(url, target, { body: outside })).status, 404);
  await callee.ask('ping');
  t.equal(callee.of('webrtc-offer').length, 1);
  t.strictSame([...callee.of('call-ended'), ...caller.of('call-ended')], []);
});

await t.test('mode verified: an address vouches for nobody', async (t) => {
  const url = await open(t, { signaling: { identity: 'verified' } });
  await ask(url, 'GET /_matrix/client/v3/sync?timeout=0', { token: bob.accessToken });
  const client = await connectIo(t, url);
  t.match(await client.ask('register-user', { userId: bob.userId }), {
    ok: false,
    code: 'IDENTITY_REQUIRED',
  });
  t.match(await client.ask('register-user', shows(bob)), { ok: true });
  t.equal((await ask(url, `GET /api/calls/active?userId=${bob.userId}`)).status, 401);
});

await t.test('mode claimed: a laboratory rings by names alone, but begins calls with a token', async (t) => {
  const url = await open(t, { signaling: { identity: 'claimed' } });
  const callee = await registerIo(t, url, { userId: bob.userId });
  const caller = await registerNative(t, url, { userId: alice.userId });
  t.match(await caller.ask('initiate', { roomId, callType: 'voice' }), { code: 'IDENTITY_REQUIRED' });
  const callId = await dial(url, alice, roomId, 'voice');
  t.match(await callee.next('incoming-call'), { callId });
  t.match(await callee.ask('answer', { callId }), { ok: true, status: 'active' });
  t.match(await caller.next('call-answered'), { callId });
});
