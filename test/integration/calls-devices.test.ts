// One callee with several devices, over both dialects: all ring, one answers, and the others are told, as fast as it
// was answered. And what a caller is told who cannot get through: busy, both at once, and again.

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, makeRoom, shows } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { syncFrom } from '../harness/http-from.ts';
import { registerNative, type Frame } from '../harness/native-client.ts';
import { connect2, registerIo } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(90_000);

const CALLS = 20;
/** Of the answer: within so many the other device hears of it. Both pass through the same process. */
const MAX_ROUND_TRIPS = 5;
const synapse = await startTestSynapse(t);
const { alice, bob, bobLaptop, carol, roomId } = await gatherCast(synapse);
const bobTablet = await synapse.login(synapse.bob);

interface Client {
  next(type: string, limitMs?: number): Promise<Frame>;
  of(type: string): readonly Frame[];
  ask(type: string, members?: Frame): Promise<Frame>;
}

const open = async (t: Test): Promise<string> =>
  (
    await startGateway(t, {
      synapse: { url: synapse.url },
      calls: { initiates_per_minute: 1_000, ringing_per_user: 100 },
    })
  ).url;
const post = (url: string, callId: unknown, what: string, who: Session) =>
  ask(url, `POST /api/calls/${String(callId)}/${what}`, { body: shows(who) });
const of = (client: Client, type: string, callId: unknown): readonly Frame[] =>
  client.of(type).filter((frame) => frame['callId'] === callId);

function summary(name: string, timesMs: readonly number[]): { medianMs: number; text: string } {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const medianMs = sorted[sorted.length >> 1] ?? Infinity;
  const text = `${name}: median ${medianMs.toFixed(1)} ms, max ${(sorted.at(-1) ?? 0).toFixed(1)} ms of ${sorted.length}`;
  return { medianMs, text };
}

/** Calls again and again; one device answers by REST, and it is measured when the other hears of it. */
async function answeredElsewhere(
  t: Test,
  { url, answering, other }: { url: string; answering: Client; other: Client & HearsEnd },
): Promise<void> {
  const roundTripsMs: number[] = [];
  const afterRequestMs: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const callId = await dial(url, alice, roomId);
    for (const device of [answering, other]) t.match(await device.next('incoming-call'), { callId });
    const heard = other.endHeard(callId);
    const askedMs = performance.now();
    const answer = await post(url, callId, 'answer', bob);
    const answeredMs = performance.now();
    t.equal(answer.status, 200);
    const heardMs = await heard;
    t.match(of(other, 'call-ended', callId), [{ reason: 'answered_elsewhere', endedBy: bob.userId }]);
    t.strictSame(of(answering, 'call-ended', callId), [], 'the one that answered goes on');
    t.ok(heardMs > askedMs, 'not before it was answered');
    afterRequestMs.push(heardMs - askedMs);
    roundTripsMs.push(answeredMs - askedMs);
    await post(url, callId, 'end', alice);
    await until(() => of(answering, 'call-ended', callId).length === 1);
    t.equal(of(other, 'call-ended', callId).length, 1, 'its end is not told again to who does not ring');
  }
  const roundTrip = summary('the answer request itself', roundTripsMs);
  const heard = summary('from the answer request to answered_elsewhere', afterRequestMs);
  t.ok(heard.medianMs <= MAX_ROUND_TRIPS * roundTrip.medianMs, `${heard.text}; ${roundTrip.text}`);
}

interface HearsEnd {
  /** When it heard of the end of this call. */
  endHeard(callId: string): Promise<number>;
}

interface Emits {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

function hearsEnd<T extends Client & { socket: Emits }>(client: T): T & HearsEnd {
  const waiting = new Map<string, (atMs: number) => void>();
  const heard = (callId: unknown): void => waiting.get(String(callId))?.(performance.now());
  client.socket.on('call-ended', (payload) => heard((payload as Frame)['callId']));
  client.socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame['type'] === 'call-ended') heard(frame['callId']);
  });
  return Object.assign(client, {
    endHeard: (callId: string) => new Promise<number>((resolve) => waiting.set(callId, resolve)),
  });
}

await t.test('two phones with tokens: the native one is told that Socket.IO answered', async (t) => {
  const url = await open(t);
  const answering = await registerIo(t, url, shows(bob));
  const other = hearsEnd(await registerNative(t, url, shows(bobLaptop)));
  await answeredElsewhere(t, { url, answering, other });
});

await t.test('two phones with tokens: the polling one is told that native answered', async (t) => {
  const url = await open(t);
  const answering = await registerNative(t, url, shows(bob));
  const other = hearsEnd(await registerIo(t, url, shows(bobLaptop), { transports: ['polling'] }));
  await answeredElsewhere(t, { url, answering, other });
});

await t.test('two phones that are vouched for at two addresses', async (t) => {
  const url = await open(t);
  await syncFrom('127.0.0.1', url, bob.accessToken);
  await syncFrom('127.0.0.2', url, bobLaptop.accessToken);
  const { userId } = bob;
  const answering = await registerIo(t, url, { userId }, { localAddress: '127.0.0.1' });
  const other = hearsEnd(await registerIo(t, url, { userId }, { localAddress: '127.0.0.2' }));
  await answeredElsewhere(t, { url, answering, other });
});

const threeDevices = async (t: Test, url: string): Promise<readonly Client[]> => [
  await registerIo(t, url, shows(bob), { transports: ['polling'] }),
  await registerIo(t, url, shows(bobLaptop), { connect: connect2 }),
  await registerNative(t, url, shows(bobTablet)),
];

await t.test('a cancel reaches every device that rings', async (t) => {
  const url = await open(t);
  const devices = await threeDevices(t, url);
  const callId = await dial(url, alice, roomId);
  for (const device of devices) await device.next('incoming-call');
  const startedMs = performance.now();
  await post(url, callId, 'end', alice);
  for (const device of devices)
    t.match(await device.next('call-ended'), { callId, reason: 'cancelled', endedBy: alice.userId });
  const tookMs = performance.now() - startedMs;
  t.comment(`all three, one of them polling, after ${Math.round(tookMs)} ms`);
  t.ok(tookMs < 1_000, 'T14: within 1 s');
});

await t.test('a decline on one device silences the others, whichever it is', async (t) => {
  const url = await open(t);
  const devices = await threeDevices(t, url);
  const caller = await registerIo(t, url, shows(alice));
  for (const declining of devices) {
    const callId = await dial(url, alice, roomId);
    for (const device of devices) t.match(await device.next('incoming-call'), { callId });
    t.match(await declining.ask('reject', { callId }), { ok: true, status: 'rejected' });
    for (const device of devices.filter((one) => one !== declining))
      t.match(await device.next('call-ended'), { callId, reason: 'declined_elsewhere' });
    t.match(await caller.next('call-rejected'), { callId, rejectedBy: bob.userId });
    t.match(await caller.next('call-ended'), { callId, reason: 'rejected' });
    for (const client of [caller, ...devices]) t.ok(of(client, 'call-ended', callId).length <= 1);
  }
});

await t.test('somebody who is in a call is busy, and is not rung', async (t) => {
  const url = await open(t);
  const other = await makeRoom(synapse, carol, bob);
  const callee = await registerNative(t, url, shows(bob));
  const caller = await registerIo(t, url, shows(alice));
  const first = await dial(url, carol, other);
  await callee.next('incoming-call');
  t.match(await callee.ask('answer', { callId: first }), { status: 'active' });
  const second = await dial(url, alice, roomId);
  t.match(await caller.next('call-rejected'), { callId: second, rejectedBy: bob.userId, reason: 'busy' });
  t.match(await caller.next('call-ended'), { callId: second, reason: 'busy' });
  await callee.ask('ping');
  t.strictSame(of(callee, 'incoming-call', second), []);
  t.strictSame(callee.of('call-ended'), [], 'and the call goes on');
  const missed = await ask(url, 'GET /api/calls/missed', { token: bob.accessToken });
  t.match(missed.body, { count: 1, calls: [{ call_id: second, reason: 'busy' }] });
});

await t.test('both call each other at once: one call rings, over both dialects', async (t) => {
  const url = await open(t);
  const ofAlice = await registerIo(t, url, shows(alice));
  const ofBob = await registerNative(t, url, shows(bob));
  for (let n = 0; n < 5; n += 1) {
    const clients = n % 2 === 0 ? [ofAlice, ofBob] : [ofBob, ofAlice];
    const asked = clients.map((client) => client.ask('initiate', { roomId, callType: 'video' }));
    const answers = n % 2 === 0 ? await Promise.all(asked) : (await Promise.all(asked)).toReversed();
    const winner = answers.find((answer) => answer['ok'] === true);
    const loser = answers.find((answer) => answer['ok'] !== true);
    const callId = winner?.['callId'];
    t.match(loser, { code: 'CALL_GLARE', error: 'Already ringing' });
    const [caller, callee, calleeSession] =
      winner === answers[0] ? [ofAlice, ofBob, bob] : [ofBob, ofAlice, alice];
    t.match(await callee.next('incoming-call'), { callId });
    t.equal(of(callee, 'call-ended', callId).length, 0, 'its ring stays');
    t.equal(loser?.['callId'], callId, 'the loser is told which');
    t.equal((await post(url, callId, 'answer', calleeSession)).status, 200);
    await caller.next('call-answered');
    await post(url, callId, 'end', alice);
    for (const client of [caller, callee]) await until(() => of(client, 'call-ended', callId).length === 1);
  }
});

await t.test('a new call by the same device replaces the one that it was in', async (t) => {
  const url = await open(t);
  const callee = await registerIo(t, url, shows(bob));
  const caller = await registerNative(t, url, shows(alice));
  const { callId: first } = await caller.ask('initiate', { roomId, callType: 'voice' });
  await callee.next('incoming-call');
  await callee.ask('answer', { callId: first });
  const { callId: second } = await caller.ask('initiate', { roomId, callType: 'voice' });
  t.match(await callee.next('call-ended'), { callId: first, reason: 'replaced' });
  t.match(await callee.next('incoming-call'), { callId: second });
  t.match(await callee.ask('answer', { callId: second }), { status: 'active' });
  t.match(await caller.next('call-answered'), { callId: first });
  t.match(await caller.next('call-answered'), { callId: second });
  t.equal(of(callee, 'call-ended', first).length, 1);
  t.equal(of(callee, 'call-ended', second).length, 0);
});
