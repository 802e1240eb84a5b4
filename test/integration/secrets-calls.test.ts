// I8 for calls: no token, SDP, candidate, credential or secret of a call reaches a log line, a metric, an error, the call
// API's records, the webhook or the database files, whichever way the call went.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import t, { type Test } from 'tap';

import { ask, dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { connectNative, registerNative, type Frame } from '../harness/native-client.ts';
import { sendRaw } from '../harness/raw-client.ts';
import { connectIo, registerIo } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, carol, roomId } = await gatherCast(synapse);
/** Begins everything that must not be found; followed by a word each that tells where it leaked from. */
const CANARY = 'c4n4ry-';
const WEBHOOK_SECRET = `${CANARY}webhook-secret`;
const TURN_SECRET = `${CANARY}turn-secret`;
const FALSE_TOKEN = `${CANARY}false-token`;

const offer = (where: string) => ({ type: 'offer', sdp: `v=0\r\ns=${CANARY}offer-${where}\r\n` });
const answer = (where: string) => ({ type: 'answer', sdp: `v=0\r\ns=${CANARY}answer-${where}\r\n` });
const candidate = (where: string) => ({ candidate: `candidate:1 ${CANARY}candidate-${where}`, sdpMid: '0' });

async function collectPosts(t: Test): Promise<{ readonly url: string; readonly posts: string[] }> {
  const posts: string[] = [];
  const note = async (request: IncomingMessage): Promise<void> => {
    posts.push(`${JSON.stringify(request.rawHeaders)} ${await text(request)}`);
  };
  const server = createServer((request, response) => {
    void note(request).finally(() => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, posts };
}

interface IceServer {
  readonly username?: string;
  readonly credential?: string;
}

function credentialsIn(members: Frame): readonly string[] {
  const servers = (members['iceServers'] ?? []) as readonly IceServer[];
  return servers.flatMap(({ username, credential }) => [username ?? '', credential ?? '']).filter(Boolean);
}

await t.test('what calls carry is nowhere to be found afterwards', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-secrets-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { url: webhookUrl, posts } = await collectPosts(t);
  const { url, port, observeUrl, logged } = await startGateway(t, {
    synapse: { url: synapse.url },
    store: { url: `sqlite:${join(folder, 'calls.db')}` },
    calls: { webhook: { url: webhookUrl, secret: WEBHOOK_SECRET }, initiates_per_minute: 100 },
    ice: { turn: { urls: ['turn:127.0.0.1:3478'], secret: TURN_SECRET } },
  });
  /** Beside what begins with the canary: real tokens, and what the gateway itself minted. */
  const secrets = new Map<string, string>();
  const hide = (name: string, value: unknown): void => {
    if (typeof value !== 'string' || value === '') throw new Error(`there is no ${name}`);
    secrets.set(name, value);
  };
  for (const [name, { accessToken }] of Object.entries({ alice, bob, bobLaptop, carol }))
    hide(`token of ${name}`, accessToken);
  /** Who was handed which credentials. */
  const credentials = new Map<string, Set<string>>();
  const handed = (userId: string, members: Frame): void => {
    const own = credentials.get(userId) ?? new Set();
    credentials.set(userId, own);
    for (const value of credentialsIn(members)) own.add(value);
  };
  /** Answers and frames that were for somebody's eyes, by user. */
  const shown: { readonly userId: string; readonly what: string; readonly text: string }[] = [];
  const records: { readonly what: string; readonly text: string }[] = [];
  const record = (what: string, value: unknown): void => {
    records.push({ what, text: typeof value === 'string' ? value : JSON.stringify(value) });
  };

  // Native to native, one with its token in the subprotocol.
  const caller = await registerNative(t, url, shows(alice));
  const callee = await connectNative(t, url, { protocols: ['portico', `access_token.${bob.accessToken}`] });
  callee.send('register-user', { userId: bob.userId });
  const registered = await callee.next('registered');
  t.match(registered, { trust: 'verified' });
  hide('resume token', registered['resumeToken']);
  hide('resume token of alice', caller.of('registered')[0]?.['resumeToken']);
  const native = await caller.ask('initiate', { roomId, callType: 'video' });
  handed(alice.userId, native);
  const { callId } = native;
  handed(bob.userId, await callee.next('incoming-call'));
  handed(bob.userId, await callee.ask('answer', { callId }));
  caller.send('webrtc-offer', { callId, offer: offer('native') });
  caller.send('ice-candidate', { callId, candidate: candidate('native') });
  await callee.next('ice-candidate');
  callee.send('webrtc-answer', { callId, answer: answer('native') });
  await caller.next('webrtc-answer');
  const resume = { token: registered['resumeToken'], seq: 0 };
  const resumed = await connectNative(t, url);
  resumed.send('register-user', { ...shows(bob), resume });
  await resumed.next('webrtc-offer');
  await caller.ask('end', { callId });
  const callIds = [callId];

  // Socket.IO, WebSocket and polling, with the token in the handshake and in the register event.
  for (const transport of ['websocket', 'polling']) {
    const options = { transports: [transport], auth: { token: bobLaptop.accessToken } };
    const laptop = await registerIo(t, url, { userId: bob.userId }, options);
    const dialled = await dial(url, alice, roomId);
    handed(bob.userId, await laptop.next('incoming-call'));
    const answered = await laptop.ask('answer', { callId: dialled });
    t.match(answered, { ok: true });
    handed(bob.userId, answered);
    laptop.send('webrtc-offer', { callId: dialled, offer: offer(transport), targetUserId: 'all' });
    laptop.send('ice-candidate', { callId: dialled, candidate: candidate(transport), targetUserId: 'all' });
    // The call API's relay routes in the other direction.
    const path = `POST /api/calls/${dialled}`;
    for (const [way, body] of [
      ['offer', { offer: offer('rest') }],
      ['answer-sdp', { answer: answer('rest') }],
      ['ice-candidate', { candidate: candidate('rest') }],
    ] as const)
      t.equal((await ask(url, `${path}/${way}`, { body: { ...shows(alice), ...body } })).status, 200, way);
    await laptop.next('ice-candidate');
    const stats = [{ type: 'candidate-pair', roundTripTime: 0.1, [`${CANARY}stat`]: `${CANARY}stat-value` }];
    await ask(url, `${path}/stats`, { body: stats, token: alice.accessToken });
    await ask(url, `${path}/end`, { body: shows(alice) });
    await laptop.next('call-ended');
    laptop.socket.close();
    callIds.push(dialled);
  }

  // Everything that is refused, with something secret in it.
  const errors = async (what: string, target: string, options: Parameters<typeof ask>[2]): Promise<void> => {
    const { status, text } = await ask(url, target, options);
    t.ok(status >= 400, `${what}: ${status}`);
    record(`error body of ${what}`, text);
  };
  const garbled = { type: 'offer', sdp: `no sdp ${CANARY}garbled` };
  const first = `/api/calls/${String(callIds[0])}`;
  await errors('a false token', `POST ${first}/answer`, {
    body: { userId: bob.userId, accessToken: FALSE_TOKEN },
  });
  await errors('a false bearer', `GET ${first}/status`, { token: FALSE_TOKEN });
  await errors('a token in the query', `GET ${first}/status?access_token=${FALSE_TOKEN}`, {});
  await errors("another's token", `POST ${first}/end`, {
    body: { userId: alice.userId, accessToken: bob.accessToken },
  });
  await errors('an SDP that is none', `POST ${first}/offer`, { body: { ...shows(alice), offer: garbled } });
  await errors('a call that is over', `POST ${first}/offer`, {
    body: { ...shows(alice), offer: offer('over') },
  });
  await errors('JSON that is none', `POST ${first}/offer`, { body: `{"offer":"${CANARY}json` });
  await errors('a stranger', `GET ${first}/timeline`, { token: carol.accessToken });
  await errors('an unknown path', `GET /api/nothing?x=${FALSE_TOKEN}`, { token: FALSE_TOKEN });
  const bad = await connectNative(t, url, { protocols: ['portico', `access_token.${FALSE_TOKEN}`] });
  bad.send('register-user', { userId: bob.userId });
  await until(() => bad.closed !== undefined);
  record('a refused socket', [bad.frames, bad.closed]);
  const stranger = await registerNative(t, url, shows(carol));
  for (const [type, members] of [
    ['webrtc-offer', { callId: callIds[0], offer: offer('stranger') }],
    ['webrtc-offer', { callId: callIds[0], offer: garbled }],
    ['ice-candidate', { callId: callIds[0], candidate: 7, [`${CANARY}member`]: `${CANARY}value` }],
    ['register-user', { userId: alice.userId, accessToken: FALSE_TOKEN }],
  ] as const)
    stranger.send(type, members);
  await until(() => stranger.closed !== undefined);
  t.equal(stranger.of('error').length, 4);
  const broken = await connectNative(t, url);
  broken.socket.send(`{"type":"${CANARY}type","accessToken":"${CANARY}broken`);
  await until(() => broken.closed !== undefined);
  record('errors of a stranger', [stranger.of('error'), stranger.closed, broken.frames, broken.closed]);
  const ioBad = await connectIo(t, url, { transports: ['websocket'], auth: { token: FALSE_TOKEN } });
  ioBad.send('register-user', { userId: bob.userId, accessToken: FALSE_TOKEN });
  record('an error of Socket.IO', await ioBad.next('error'));
  ioBad.socket.close();
  const upgrade = 'Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
  for (const head of [
    `GET /nothing?token=${CANARY}upgrade HTTP/1.1\r\n${upgrade}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==`,
    `GET /?access_token=${CANARY}upgrade HTTP/1.1\r\n${upgrade}\r\nSec-WebSocket-Protocol: access_token.${FALSE_TOKEN}`,
    `GET /socket.io/?EIO=9&transport=${CANARY}&token=${FALSE_TOKEN} HTTP/1.1\r\nHost: h`,
  ])
    record(
      'a refused upgrade',
      (await sendRaw(port, `${head}\r\n\r\n`, { answers: 1, timeoutMs: 1_000 })).text,
    );

  // What the gateway shows of it all.
  for (const [name, session] of Object.entries({ alice, bob })) {
    const { userId, accessToken: token } = session;
    for (const id of callIds)
      for (const part of ['timeline', 'status'])
        record(
          `${part} for ${name}`,
          (await ask(url, `GET /api/calls/${String(id)}/${part}`, { token })).text,
        );
    record(`history of ${name}`, (await ask(url, 'GET /api/calls', { token })).text);
    record(`missed of ${name}`, (await ask(url, 'GET /api/calls/missed', { token })).text);
    for (const path of ['/api/ice', '/api/turn-credentials']) {
      const { text: body } = await ask(url, `GET ${path}`, { token });
      shown.push({ userId, what: path, text: body });
    }
    const active = await ask(url, `GET /api/calls/active?userId=${encodeURIComponent(userId)}`, { token });
    handed(userId, active.body);
  }
  for (const path of ['/metrics', '/health', '/ready'])
    record(path, (await ask(observeUrl, `GET ${path}`)).text);
  for (const path of ['/health', '/ready', '/api/docs', '/api/docs/json', '/.well-known/matrix/client'])
    record(path, (await ask(url, `GET ${path}`)).text);
  await until(() => posts.length >= 3 * callIds.length);
  posts.forEach((post) => record('a webhook post', post));
  record('the log', logged);
  for (const name of readdirSync(folder))
    record(`the file ${name}`, readFileSync(join(folder, name), 'latin1'));

  for (const userId of [alice.userId, bob.userId]) {
    const own = credentials.get(userId) ?? new Set();
    t.ok(own.size > 0, `${userId} was handed credentials`);
    [...own].forEach((value, index) => secrets.set(`credential ${index} of ${userId}`, value));
  }
  t.ok(
    logged.some((line) => line['level'] === 20 || line['msg'] === 'request'),
    `${logged.length} log lines`,
  );
  t.ok(
    records.some(({ what }) => what === 'the file calls.db-wal'),
    'the write-ahead log is there',
  );
  t.ok(
    records.some(
      ({ what, text: found }) => what.startsWith('the file') && found.includes(String(callIds[0])),
    ),
    'and has the calls',
  );
  for (const { what, text: found } of records) {
    const leaked = [...secrets].filter(([, value]) => found.includes(value)).map(([name]) => name);
    const canary = found.indexOf(CANARY);
    if (canary !== -1) leaked.push(found.slice(Math.max(canary - 60, 0), canary + 60));
    t.strictSame(leaked, [], what);
  }
  for (const { userId, what, text: body } of shown) {
    const others = [...credentials]
      .filter(([other]) => other !== userId)
      .flatMap(([, values]) => [...values]);
    t.notOk(
      others.some((value) => body.includes(value)) || body.includes(CANARY),
      `${what} shows only what is ${userId}'s own`,
    );
  }
  const [ofAlice, ofBob] = [alice, bob].map(({ userId }) => credentials.get(userId) ?? new Set<string>());
  t.notOk(
    [...(ofAlice ?? [])].some((value) => ofBob?.has(value)),
    'each has credentials of its own',
  );
});
