// The order in which an original client does things, unchanged and without a token on its sockets: the ring socket
// registers with a user id, the call is begun and answered by REST, and a second socket that never registers carries the
// negotiation, its offer before its join-call.

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { askFrom, syncFrom } from '../harness/http-from.ts';
import type { Frame } from '../harness/native-client.ts';
import { connect2, connectIo, type IoClient, type IoClientOptions } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);

const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, roomId } = await gatherCast(synapse);
const OFFER = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=bob\r\n' };
const candidate = (name: string, n: number) => ({
  candidate: `candidate:${n} 1 udp 1 ${name} ${n} typ host`,
  sdpMid: '0',
  sdpMLineIndex: 0,
});

/** A person's app at one address: its HTTP, its sync, its ring socket, and the sockets of its call screens. */
class App {
  readonly session: Session;
  readonly address: string;
  readonly #t: Test;
  readonly #url: string;
  readonly #options: IoClientOptions;

  constructor(
    t: Test,
    url: string,
    session: Session,
    { address, ...options }: IoClientOptions & { readonly address: string },
  ) {
    this.#t = t;
    this.#url = url;
    this.session = session;
    this.address = address;
    this.#options = { ...options, localAddress: address };
  }

  sync(): Promise<void> {
    return syncFrom(this.address, this.#url, this.session.accessToken);
  }

  async post(path: string, body: object = shows(this.session)): Promise<Frame> {
    const { status, body: answer } = await askFrom(this.address, this.#url, `POST /api/calls/${path}`, {
      body,
    });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  async dial(): Promise<string> {
    return String(
      (await this.post('initiate', { roomId, callType: 'video', ...shows(this.session) }))['callId'],
    );
  }

  /** As it does at its start: no token, no acknowledgement. */
  async ring(): Promise<IoClient> {
    const client = await this.callScreen();
    client.send('register-user', { userId: this.session.userId });
    return client;
  }

  callScreen(): Promise<IoClient> {
    return connectIo(this.#t, this.#url, this.#options);
  }
}

const open = async (t: Test): Promise<string> =>
  (
    await startGateway(t, {
      synapse: { url: synapse.url },
      calls: { initiates_per_minute: 100 },
    })
  ).url;

/** Registering is silent: but what is answered came after it. Old clients cannot send `ping`. */
const settle = (client: IoClient): Promise<Frame> => client.ask('silence-call', { callId: '0'.repeat(32) });

/** The whole journey; the screens are opened as the original opens them. */
async function wholeCall(
  t: Test,
  url: string,
  [caller, callee, ...otherPhones]: readonly [App, App, ...App[]],
): Promise<void> {
  const everybody = [caller, callee, ...otherPhones];
  for (const app of everybody) await app.sync();
  const rings: IoClient[] = [];
  for (const app of everybody) rings.push(await app.ring());
  for (const ring of rings) await settle(ring);
  const [callerRing, calleeRing, ...otherRings] = rings;
  if (callerRing === undefined || calleeRing === undefined) throw new Error('two ring');

  const callId = await caller.dial();
  const callerScreen = await caller.callScreen();
  callerScreen.send('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  for (const n of [1, 2]) {
    const body = { callId, candidate: candidate('alice', n), targetUserId: 'all' };
    callerScreen.send('ice-candidate', body);
  }
  callerScreen.send('join-call', { callId, userId: caller.session.userId });
  for (const ring of [calleeRing, ...otherRings]) t.match(await ring.next('incoming-call'), { callId });
  callerScreen.send('ice-candidate', { callId, candidate: candidate('alice', 3), targetUserId: 'all' });
  await settle(callerScreen);

  t.match(await callee.post(`${callId}/answer`), { callId, status: 'active', roomId });
  const calleeScreen = await callee.callScreen();
  calleeScreen.send('join-call', { callId, userId: callee.session.userId });
  t.match(await callerRing.next('call-answered'), { callId, answeredBy: callee.session.userId });
  await until(() => calleeScreen.of('ice-candidate').length === 3);
  t.strictSame(calleeScreen.types(), [
    'connect',
    'webrtc-offer',
    'ice-candidate',
    'ice-candidate',
    'ice-candidate',
  ]);
  t.strictSame(calleeScreen.of('webrtc-offer'), [
    {
      type: 'webrtc-offer',
      callId,
      fromUserId: caller.session.userId,
      targetUserId: callee.session.userId,
      offer: OFFER,
    },
  ]);
  t.strictSame(
    calleeScreen.of('ice-candidate').map((frame) => frame['candidate']),
    [1, 2, 3].map((n) => candidate('alice', n)),
  );
  for (const ring of otherRings)
    t.match(await ring.next('call-ended'), { callId, reason: 'answered_elsewhere' });

  calleeScreen.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: caller.session.userId });
  for (const n of [1, 2]) {
    const targetUserId = caller.session.userId;
    calleeScreen.send('ice-candidate', { callId, candidate: candidate('bob', n), targetUserId });
  }
  t.match(await callerScreen.next('webrtc-answer'), { callId, answer: ANSWER, fromUserId: bob.userId });
  await until(() => callerScreen.of('ice-candidate').length === 2);
  t.strictSame(
    callerScreen.of('ice-candidate').map((frame) => frame['candidate']),
    [1, 2].map((n) => candidate('bob', n)),
  );
  t.strictSame(
    callerScreen.types().filter((type) => !['connect', 'ice-candidate', 'user-joined'].includes(type)),
    ['webrtc-answer'],
  );

  // Its hang-up names no token.
  t.match(await caller.post(`${callId}/end`, { userId: caller.session.userId }), { status: 'ended' });
  for (const screen of [callerScreen, calleeScreen])
    t.match(await screen.next('call-ended'), { callId, endedBy: caller.session.userId, reason: 'hangup' });
  for (const client of [...rings, callerScreen, calleeScreen]) {
    await settle(client);
    t.ok(client.of('call-ended').length <= 1, 'once to each socket');
    t.strictSame(client.of('error'), []);
  }
  for (const ring of [calleeRing, ...otherRings]) {
    t.equal(ring.of('incoming-call').length, 1, 'once to each device');
    t.notOk(ring.types().includes('webrtc-offer'), 'negotiation goes to the call screen alone');
    t.notOk(ring.types().includes('ice-candidate'));
  }
  t.notOk(calleeScreen.types().includes('incoming-call'));
  const status = await askFrom(callee.address, url, `GET /api/calls/${callId}/status`);
  t.match(status.body, { session: { status: 'ended' } });
}

const OPTIONS: readonly (readonly [string, IoClientOptions])[] = [
  ['client 4', {}],
  ['client 4, websocket only', { transports: ['websocket'] }],
  ['client 4, polling only', { transports: ['polling'] }],
  ['client 2', { connect: connect2 }],
];

for (const [name, options] of OPTIONS) {
  await t.test(`an unchanged call between two addresses, ${name}`, async (t) => {
    const url = await open(t);
    await wholeCall(t, url, [
      new App(t, url, alice, { ...options, address: '127.0.0.1' }),
      new App(t, url, bob, { ...options, address: '127.0.0.2' }),
    ]);
  });
}

await t.test('an unchanged call of two people behind one address', async (t) => {
  const url = await open(t);
  await wholeCall(t, url, [
    new App(t, url, alice, { address: '127.0.0.1' }),
    new App(t, url, bob, { address: '127.0.0.1' }),
  ]);
});

await t.test('an unchanged call to somebody with two phones at two addresses', async (t) => {
  const url = await open(t);
  await wholeCall(t, url, [
    new App(t, url, alice, { address: '127.0.0.1' }),
    new App(t, url, bob, { address: '127.0.0.2' }),
    new App(t, url, bobLaptop, { address: '127.0.0.3' }),
  ]);
});

await t.test('a ring socket that came before the first sync is registered by it', async (t) => {
  const url = await open(t);
  const caller = new App(t, url, alice, { address: '127.0.0.1' });
  const callee = new App(t, url, bob, { address: '127.0.0.2' });
  const ring = await callee.ring();
  t.match(await ring.next('error'), { code: 'IDENTITY_REQUIRED' });
  const before = await caller.dial();
  await caller.post(`${before}/end`);
  // JUDGE_AGAIN_MS of registration.ts: a claim is not judged more often.
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await callee.sync();
  const callId = await caller.dial();
  t.match(await ring.next('incoming-call'), { callId });
  t.equal(ring.of('error').length, 1, 'silently');
  t.equal(ring.of('incoming-call').length, 1);
  await caller.post(`${callId}/end`);
  t.match(await ring.next('call-ended'), { callId, reason: 'cancelled' });
});

await t.test('an app that was started to take a call joins it before its first sync', async (t) => {
  const url = await open(t);
  const caller = new App(t, url, alice, { address: '127.0.0.1' });
  const callee = new App(t, url, bob, { address: '127.0.0.2' });
  await caller.sync();
  const callId = await caller.dial();
  const callerScreen = await caller.callScreen();
  callerScreen.send('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
  callerScreen.send('join-call', { callId, userId: alice.userId });
  t.match(await callee.post(`${callId}/answer`), { status: 'active' }, 'its REST shows a token');
  const calleeScreen = await callee.callScreen();
  calleeScreen.send('join-call', { callId, userId: bob.userId });
  t.match(await calleeScreen.next('error'), { code: 'IDENTITY_REQUIRED' });
  await callee.sync();
  t.match(await calleeScreen.next('webrtc-offer'), { callId, offer: OFFER });
  calleeScreen.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: alice.userId });
  t.match(await callerScreen.next('webrtc-answer'), { callId, answer: ANSWER });
  t.strictSame(calleeScreen.types(), ['connect', 'error', 'webrtc-offer']);
  await caller.post(`${callId}/end`);
});

await t.test('a first sync within the second after the registration suffices', async (t) => {
  const url = await open(t);
  const caller = new App(t, url, alice, { address: '127.0.0.1' });
  const callee = new App(t, url, bob, { address: '127.0.0.2' });
  const ring = await callee.ring();
  await ring.next('error');
  // A held sync comes again only when something happens, or after half a minute.
  await callee.sync();
  const callId = await caller.dial();
  t.match(await ring.next('incoming-call'), { callId });
  await caller.post(`${callId}/end`);
});
