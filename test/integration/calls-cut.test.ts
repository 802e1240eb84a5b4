// A phone that loses its network in a call for ten seconds of real time: the call goes on, the other side is not told
// that anybody left, and what was sent meanwhile arrives once, in order, however the phone comes back.

import t, { type Test } from 'tap';

import { ask, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { askFrom, syncFrom } from '../harness/http-from.ts';
import { connectNative, registerNative, type Frame, type NativeClient } from '../harness/native-client.ts';
import { connectIo, type IoClient } from '../harness/socket-io-client.ts';
import { startStallingProxy } from '../harness/stalling-proxy.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);
t.jobs = 3;

const CUT_MS = 10_000;
const AWAY = { transports: ['websocket'], reconnectionDelay: CUT_MS, reconnectionDelayMax: CUT_MS };
const STEADY = { ...AWAY, randomizationFactor: 0 };
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const OFFER = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=bob\r\n' };
const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: '0', sdpMLineIndex: 0 });

interface Client {
  next(type: string, limitMs?: number): Promise<Frame>;
  of(type: string): readonly Frame[];
  send(type: string, members?: Frame): void;
}
interface Call {
  readonly url: string;
  readonly callId: string;
  readonly caller: NativeClient;
}

async function begin(t: Test): Promise<Pick<Call, 'url' | 'caller'> & { readonly port: number }> {
  const { url, port } = await startGateway(t, { synapse: { url: synapse.url } });
  const caps = ['peer-reconnecting'];
  return { url, port, caller: await registerNative(t, url, { ...shows(alice), caps }) };
}

/** Offer, answer, and a candidate each way: nothing is left to be kept. */
async function negotiate(t: Test, { callId, caller }: Call, callee: Client): Promise<void> {
  caller.send('webrtc-offer', { callId, offer: OFFER });
  t.match(await callee.next('webrtc-offer'), { callId });
  callee.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: alice.userId });
  await caller.next('webrtc-answer');
  caller.send('ice-candidate', { callId, candidate: candidate(0) });
  await callee.next('ice-candidate');
}

/** What the caller does while the other is away. */
async function meanwhile(t: Test, { callId, caller, url }: Call): Promise<void> {
  t.match(await caller.next('peer-reconnecting'), { callId, userId: bob.userId });
  for (const n of [1, 2, 3]) caller.send('ice-candidate', { callId, candidate: candidate(n) });
  await caller.ask('toggle-audio', { callId, enabled: false });
  await caller.ask('toggle-video', { callId, enabled: false });
  const status = await ask(url, `GET /api/calls/${callId}/status`, { token: alice.accessToken });
  t.match(status.body, { session: { status: 'active' } });
}

/** Both ways, and no trace of the cut in the call. */
async function goesOn(t: Test, { callId, caller, url }: Call, callee: Client): Promise<void> {
  t.match(await caller.next('peer-reconnected'), { callId, userId: bob.userId });
  caller.send('ice-candidate', { callId, candidate: candidate(4) });
  await until(() => callee.of('ice-candidate').some((frame) => isDeepCandidate(frame, 4)));
  callee.send('ice-candidate', { callId, candidate: candidate(5), targetUserId: alice.userId });
  await until(() => caller.of('ice-candidate').some((frame) => isDeepCandidate(frame, 5)));
  t.strictSame([...caller.of('user-left'), ...caller.of('call-ended'), ...callee.of('call-ended')], []);
  t.equal(caller.of('peer-reconnecting').length, 1);
  t.equal(caller.of('peer-reconnected').length, 1);
  t.equal((await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) })).status, 200);
  for (const client of [callee, caller]) {
    t.match(await client.next('call-ended'), { callId, reason: 'hangup' });
    t.equal(client.of('call-ended').length, 1);
  }
}

function isDeepCandidate(frame: Frame, n: number): boolean {
  return (frame['candidate'] as Frame | null)?.['candidate'] === `candidate:${n}`;
}

/** Exactly what meanwhile() sent, once and in order. */
function gotAll(t: Test, frames: readonly Frame[]): void {
  const told = frames.filter(({ type }) =>
    ['webrtc-offer', 'ice-candidate', 'audio-toggled', 'video-toggled'].includes(String(type)),
  );
  const told3 = told.filter(({ type }) => type === 'ice-candidate');
  t.strictSame(
    told3.map((frame) => frame['candidate']),
    [1, 2, 3].map(candidate),
    'the candidates once and in order',
  );
  t.strictSame(
    told.filter(({ type }) => type !== 'ice-candidate').map(({ type, enabled }) => [type, enabled]),
    [
      ['audio-toggled', false],
      ['video-toggled', false],
    ],
    'the toggles too, and no offer again',
  );
}

const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

void t.test('a native client that resumes', { buffered: true }, async (t) => {
  const { url, caller } = await begin(t);
  const callee = await registerNative(t, url, shows(bob));
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  const call = { url, caller, callId };
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  await negotiate(t, call, callee);
  const seq = Math.max(...callee.frames.map((frame) => Number(frame['seq'] ?? 0)));
  const { resumeToken: token } = callee.of('registered')[0] ?? {};
  callee.socket.terminate();
  await meanwhile(t, call);
  await pauseMs(CUT_MS);
  const back = await connectNative(t, url);
  back.send('register-user', { ...shows(bob), resume: { token, seq } });
  await back.next('registered');
  await until(() => back.of('video-toggled').length > 0);
  gotAll(t, back.frames);
  const numbers = back.frames.map((frame) => frame['seq']).filter((number) => number !== undefined);
  t.strictSame(
    numbers,
    numbers.map((_, index) => seq + 1 + index),
    'numbered without a gap',
  );
  t.strictSame(back.of('incoming-call'), []);
  await goesOn(t, call, back);
});

void t.test('an original Socket.IO client: registers and joins anew', { buffered: true }, async (t) => {
  const { url, caller } = await begin(t);
  await syncFrom('127.0.0.2', url, bob.accessToken);
  const options = { ...STEADY, localAddress: '127.0.0.2' };
  const { userId } = bob;
  const ring = await connectIo(t, url, options);
  ring.send('register-user', { userId });
  ring.socket.on('connect', () => ring.send('register-user', { userId }));
  await ring.ask('ping');
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  const call = { url, caller, callId };
  await ring.next('incoming-call');
  await askFrom('127.0.0.2', url, `POST /api/calls/${callId}/answer`, { body: shows(bob) });
  const screen = await connectIo(t, url, options);
  screen.send('join-call', { callId, userId });
  screen.socket.on('connect', () => screen.send('join-call', { callId, userId }));
  await negotiate(t, call, screen);
  const before = screen.frames.length;
  await cutForAWhile(t, call, [ring, screen], () => {
    // Its library keeps this, and sends it when it is back, before the join-call.
    screen.send('ice-candidate', { callId, candidate: candidate(9), targetUserId: alice.userId });
  });
  await until(() => screen.of('video-toggled').length > 0);
  t.equal(screen.socket.recovered, false);
  gotAll(t, screen.frames.slice(before));
  await until(() => caller.of('ice-candidate').some((frame) => isDeepCandidate(frame, 9)));
  t.equal(caller.of('ice-candidate').length, 1, 'what it said while it was away arrived once');
  await goesOn(t, call, screen);
  t.equal(ring.of('incoming-call').length, 1, 'it is not rung for its own call again');
  t.strictSame([...ring.of('error'), ...screen.of('error')], []);
});

void t.test('a Socket.IO client with the capability recovery', { buffered: true }, async (t) => {
  const { url, caller } = await begin(t);
  const callee = await connectIo(t, url, STEADY);
  t.match(await callee.ask('register-user', { ...shows(bob), caps: ['recovery'] }), { ok: true });
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  const call = { url, caller, callId };
  await callee.next('incoming-call');
  t.match(await callee.ask('answer', { callId }), { ok: true });
  await negotiate(t, call, callee);
  const before = callee.frames.length;
  const id = callee.socket.id;
  await cutForAWhile(t, call, [callee]);
  await until(() => callee.of('video-toggled').length > 0);
  t.equal(callee.socket.recovered, true, 'it need not register again');
  t.equal(callee.socket.id, id);
  gotAll(t, callee.frames.slice(before));
  await goesOn(t, call, callee);
  t.equal(callee.of('incoming-call').length, 1);
  t.strictSame(callee.of('error'), []);

  // And it is still there for the next call.
  const next = await caller.ask('initiate', { roomId, callType: 'voice' });
  t.match(await callee.next('incoming-call'), { callId: next['callId'] });
});

void t.test('rung while it was away: a recovered client learns of it', { buffered: true }, async (t) => {
  const { url, caller } = await begin(t);
  const short = { ...STEADY, reconnectionDelay: 1_000, reconnectionDelayMax: 1_000 };
  const callee = await connectIo(t, url, short);
  t.match(await callee.ask('register-user', { ...shows(bob), caps: ['recovery'] }), { ok: true });
  const { callId: first } = await caller.ask('initiate', { roomId, callType: 'video' });
  await callee.next('incoming-call');
  callee.cut();
  await until(() => callee.of('disconnect').length === 1);
  await caller.ask('end', { callId: first });
  const { callId: second } = await caller.ask('initiate', { roomId, callType: 'video' });
  t.match(await callee.next('call-ended'), { callId: first, reason: 'cancelled' });
  t.match(await callee.next('incoming-call'), { callId: second });
  t.equal(callee.socket.recovered, true);
  t.equal(callee.of('incoming-call').length, 2);
});

/** What the caller does before anybody knows that the other is away: all of it is written to a dead connection. */
async function unnoticed({ callId, caller }: Call): Promise<void> {
  for (const n of [1, 2, 3]) caller.send('ice-candidate', { callId, candidate: candidate(n) });
  await caller.ask('toggle-audio', { callId, enabled: false });
  await caller.ask('toggle-video', { callId, enabled: false });
}

void t.test(
  'half-open, native: what went into the dead connection comes again',
  { buffered: true },
  async (t) => {
    const { url, port, caller } = await begin(t);
    const proxy = await startStallingProxy(t, port);
    const callee = await registerNative(t, proxy.url, shows(bob));
    const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
    const call = { url, caller, callId };
    await callee.next('incoming-call');
    await callee.ask('answer', { callId });
    await negotiate(t, call, callee);
    const seq = Math.max(...callee.frames.map((frame) => Number(frame['seq'] ?? 0)));
    const { resumeToken: token } = callee.of('registered')[0] ?? {};
    proxy.stall();
    await until(() => callee.closed !== undefined);
    await unnoticed(call);
    const back = await connectNative(t, proxy.url);
    back.send('register-user', { ...shows(bob), resume: { token, seq } });
    await back.next('registered');
    await until(() => back.of('video-toggled').length > 0);
    gotAll(t, back.frames);
    t.strictSame([...caller.of('peer-reconnecting'), ...caller.of('user-left')], [], 'nobody noticed');
    await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
    t.match(await back.next('call-ended'), { callId, reason: 'hangup' });
  },
);

void t.test('half-open, Socket.IO with recovery: the same', { buffered: true }, async (t) => {
  const { url, port, caller } = await begin(t);
  const proxy = await startStallingProxy(t, port);
  const short = { ...STEADY, reconnectionDelay: 500, reconnectionDelayMax: 500 };
  const callee = await connectIo(t, proxy.url, short);
  const who = { ...shows(bob), caps: ['recovery'] };
  t.match(await callee.ask('register-user', who), { ok: true });
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  const call = { url, caller, callId };
  await callee.next('incoming-call');
  await callee.ask('answer', { callId });
  await negotiate(t, call, callee);
  // Twice: it can be recovered again.
  for (const times of [2, 3]) {
    const before = callee.frames.length;
    proxy.stall();
    await unnoticed(call);
    await until(() => callee.of('connect').length === times);
    await until(() => callee.frames.slice(before).some(({ type }) => type === 'video-toggled'));
    t.equal(callee.socket.recovered, true);
    gotAll(t, callee.frames.slice(before));
    await caller.ask('toggle-audio', { callId, enabled: true });
    await caller.ask('toggle-video', { callId, enabled: true });
    await until(
      () => callee.frames.at(-1)?.['enabled'] === true && callee.frames.at(-1)?.['type'] === 'video-toggled',
    );
  }
  t.strictSame(caller.of('user-left'), []);
  await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
  t.match(await callee.next('call-ended'), { callId, reason: 'hangup' });
  t.equal(callee.of('call-ended').length, 1);
  t.strictSame(callee.of('error'), []);
});

void t.test(
  'half-open, an original client: its offer comes again, the call goes on',
  { buffered: true },
  async (t) => {
    const { url, port, caller } = await begin(t);
    const proxy = await startStallingProxy(t, port);
    const short = { ...STEADY, reconnectionDelay: 500, reconnectionDelayMax: 500 };
    const callee = await connectIo(t, proxy.url, short);
    await callee.ask('register-user', shows(bob));
    const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
    await callee.next('incoming-call');
    await callee.ask('answer', { callId });
    await callee.ask('join-call', { callId });
    callee.socket.on('connect', () => {
      callee.send('register-user', shows(bob));
      callee.send('join-call', { callId });
    });
    proxy.stall();
    caller.send('webrtc-offer', { callId, offer: OFFER });
    caller.send('ice-candidate', { callId, candidate: candidate(1) });
    t.match(await callee.next('webrtc-offer'), { callId, offer: OFFER });
    t.match(await callee.next('ice-candidate'), { candidate: candidate(1) });
    callee.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: alice.userId });
    await caller.next('webrtc-answer');
    t.equal(callee.of('webrtc-offer').length, 1);
    t.strictSame([...caller.of('user-left'), ...callee.of('error')], []);
    await ask(url, `POST /api/calls/${callId}/end`, { body: shows(alice) });
    t.match(await callee.next('call-ended'), { callId, reason: 'hangup' });
  },
);

async function cutForAWhile(
  t: Test,
  call: Call,
  clients: readonly IoClient[],
  whileAway: () => void = () => undefined,
): Promise<void> {
  for (const client of clients) client.cut();
  for (const client of clients) await until(() => client.of('disconnect').length === 1);
  const startedMs = performance.now();
  whileAway();
  await meanwhile(t, call);
  for (const client of clients) await until(() => client.of('connect').length === 2, CUT_MS + 5_000);
  const awayMs = performance.now() - startedMs;
  t.ok(awayMs > CUT_MS * 0.9, `away for ${Math.round(awayMs)} ms`);
}
