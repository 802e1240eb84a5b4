// The manual test of the original server's documentation, by every client that it names: read the call config, connect,
// register, initiate with curl, see the ring. Then a whole call for each pair of dialects.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

import t, { type Test } from 'tap';

import type { Session } from '../../src/cli/demo/accounts.ts';
import { dial, gatherCast, shows } from '../harness/call-api.ts';
import { startGateway, type ConfigDocument } from '../harness/gateway.ts';
import { curlPost } from '../harness/http-from.ts';
import { registerNative, type Frame } from '../harness/native-client.ts';
import { ensureSocketIoVenv } from '../harness/python.ts';
import { connect2, registerIo, type IoClientOptions } from '../harness/socket-io-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const STUN = { urls: ['stun:stun.example.org'] };
const WSCAT = resolve(import.meta.dirname, '../../node_modules/wscat/bin/wscat');
const PYTHON_CALLEE = resolve(import.meta.dirname, '../harness/socket_io_callee.py');
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

interface Client {
  next(type: string, limitMs?: number): Promise<Frame>;
  of(type: string): readonly Frame[];
  send(type: string, members?: Frame): void;
}
/** Connects and registers. */
type Open = (t: Test, url: string, who: Frame) => Promise<Client>;

const byIo =
  (options: IoClientOptions): Open =>
  (t, url, who) =>
    registerIo(t, url, who, options);
const byNative: Open = (t, url, who) => registerNative(t, url, who);

/** A program that prints what it hears, a line for each event. */
function byProgram(
  t: Test,
  [command = '', ...args]: readonly string[],
  read: (line: string) => Frame | undefined,
): Client {
  const frames: Frame[] = [];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  createInterface(child.stdout).on('line', (line) => {
    const frame = read(line);
    if (frame !== undefined) frames.push(frame);
  });
  const of = (type: string): readonly Frame[] => frames.filter((frame) => frame['type'] === type);
  return {
    of,
    async next(type) {
      await until(() => of(type).length > 0, 15_000);
      return of(type).at(-1) ?? {};
    },
    send() {
      throw new Error('it only listens');
    },
  };
}

const byWscat: Open = async (t, url, who) => {
  const register = JSON.stringify({ type: 'register-user', ...who });
  const webSocketUrl = url.replace(/^http/, 'ws');
  const client = byProgram(
    t,
    [process.execPath, WSCAT, '-c', webSocketUrl, '-x', register, '-w', '20'],
    (line) => {
      const start = line.indexOf('{');
      return start === -1 ? undefined : (JSON.parse(line.slice(start, line.lastIndexOf('}') + 1)) as Frame);
    },
  );
  await client.next('registered');
  return client;
};

const byPython =
  (transport: string): Open =>
  async (t, url, who) => {
    const { python } = await ensureSocketIoVenv(process.stderr);
    const client = byProgram(
      t,
      [python, '-I', PYTHON_CALLEE, url, transport, JSON.stringify(who)],
      (line) => {
        const { event, payload } = JSON.parse(line) as { event: string; payload: Frame };
        return { type: event, ...payload };
      },
    );
    await client.next('registered');
    return client;
  };

const open = (
  t: Test,
  document: ConfigDocument = {},
): Promise<{ readonly url: string; readonly observeUrl: string }> =>
  startGateway(t, {
    synapse: { url: synapse.url },
    ice: { stun: STUN.urls },
    ...document,
    calls: { initiates_per_minute: 100, ...(document['calls'] as object) },
  });

async function websocketUrlOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/call-config.json`);
  const { websocketUrl } = (await answer.json()) as { websocketUrl: string };
  return websocketUrl;
}

async function curlInitiate(url: string, from: Session): Promise<unknown> {
  const { status, body } = await curlPost(`${url}/api/calls/initiate`, {
    roomId,
    callType: 'video',
    ...shows(from),
  });
  if (status !== 201) throw new Error(`initiate: ${status}`);
  return body['callId'];
}

const CLIENTS: readonly (readonly [name: string, open: Open, dialect: 'native' | 'socketio'])[] = [
  ['socket.io-client 4', byIo({}), 'socketio'],
  ['socket.io-client 4, websocket only', byIo({ transports: ['websocket'] }), 'socketio'],
  ['socket.io-client 4, polling only', byIo({ transports: ['polling'] }), 'socketio'],
  ['socket.io-client 2', byIo({ connect: connect2 }), 'socketio'],
  ['socket.io-client 2, websocket only', byIo({ connect: connect2, transports: ['websocket'] }), 'socketio'],
  ['socket.io-client 2, polling only', byIo({ connect: connect2, transports: ['polling'] }), 'socketio'],
  ['ws', byNative, 'native'],
  ['wscat', byWscat, 'native'],
  ['python-socketio, websocket', byPython('websocket'), 'socketio'],
  ['python-socketio, polling', byPython('polling'), 'socketio'],
];

for (const [name, openClient, dialect] of CLIENTS) {
  await t.test(`the manual test of the documentation, by ${name}`, async (t) => {
    const { url } = await open(t);
    const websocketUrl = await websocketUrlOf(url);
    t.equal(websocketUrl, url);
    const callee = await openClient(t, websocketUrl, shows(bob));
    const callId = await curlInitiate(url, alice);
    const { type, seq, ...incoming } = await callee.next('incoming-call');
    t.equal(seq, dialect === 'native' ? 1 : undefined);
    t.equal(type, 'incoming-call');
    const { expiresAt, ...others } = incoming;
    t.strictSame(others, {
      eventType: 'incoming_call',
      callId,
      callType: 'video',
      roomId,
      initiatorId: alice.userId,
      callerName: 'alice',
      callerId: alice.userId,
      iceServers: [STUN],
      baseUrl: url,
    });
    const leftMs = Number(expiresAt) - Date.now();
    t.ok(leftMs > 50_000 && leftMs <= 60_000, `${leftMs} ms`);
    const { body } = await curlPost(`${url}/api/calls/${String(callId)}/end`, shows(alice));
    t.strictSame(body, { callId, status: 'ended' });
    t.match(await callee.next('call-ended'), { callId, endedBy: alice.userId, reason: 'cancelled' });
    t.equal(callee.of('incoming-call').length, 1);
    t.equal(callee.of('call-ended').length, 1);
  });
}

const PAIRS: readonly (readonly [string, Open, Open])[] = [
  ['Socket.IO calls native', byIo({}), byNative],
  ['native calls Socket.IO', byNative, byIo({})],
  ['Socket.IO calls Socket.IO', byIo({ transports: ['websocket'] }), byIo({ transports: ['polling'] })],
  ['old Socket.IO calls new', byIo({ connect: connect2 }), byIo({})],
];

for (const [name, openCaller, openCallee] of PAIRS) {
  await t.test(`${name}: answer, reject, cancel and end by curl`, async (t) => {
    const { url } = await open(t);
    const caller = await openCaller(t, url, shows(alice));
    const callee = await openCallee(t, url, shows(bob));
    const post = async (callId: unknown, what: string, who: Session): Promise<Frame> =>
      (await curlPost(`${url}/api/calls/${String(callId)}/${what}`, shows(who))).body;

    const answered = await curlInitiate(url, alice);
    t.match(await callee.next('incoming-call'), { callId: answered });
    t.strictSame(await post(answered, 'answer', bob), {
      callId: answered,
      status: 'active',
      roomId,
      callType: 'video',
      iceServers: [STUN],
    });
    t.match(await caller.next('call-answered'), {
      callId: answered,
      answeredBy: bob.userId,
      roomId,
      callType: 'video',
    });
    t.strictSame(await post(answered, 'end', bob), { callId: answered, status: 'ended' });
    for (const client of [caller, callee])
      t.match(await client.next('call-ended'), {
        callId: answered,
        endedBy: bob.userId,
        reason: 'hangup',
      });

    const rejected = await curlInitiate(url, alice);
    t.match(await callee.next('incoming-call'), { callId: rejected });
    t.strictSame(await post(rejected, 'reject', bob), { callId: rejected, status: 'rejected' });
    t.match(await caller.next('call-rejected'), { callId: rejected, rejectedBy: bob.userId });
    t.match(await caller.next('call-ended'), { callId: rejected, reason: 'rejected' });

    const cancelled = await curlInitiate(url, alice);
    t.match(await callee.next('incoming-call'), { callId: cancelled });
    t.strictSame(await post(cancelled, 'end', alice), { callId: cancelled, status: 'ended' });
    t.match(await callee.next('call-ended'), {
      callId: cancelled,
      endedBy: alice.userId,
      reason: 'cancelled',
    });

    t.equal(callee.of('incoming-call').length, 3);
    for (const callId of [answered, rejected, cancelled]) {
      const ends = (client: Client): number =>
        client.of('call-ended').filter((frame) => frame['callId'] === callId).length;
      t.ok(ends(caller) <= 1 && ends(callee) <= 1, 'never twice');
    }
  });

  await t.test(`${name}: nobody answers, in real time`, async (t) => {
    const { url } = await open(t, { calls: { ring_timeout: '1s' } });
    const caller = await openCaller(t, url, shows(alice));
    const callee = await openCallee(t, url, shows(bob));
    const callId = await dial(url, alice, roomId);
    const startedMs = performance.now();
    await callee.next('incoming-call');
    for (const client of [caller, callee])
      t.match(await client.next('call-ended'), { callId, endedBy: 'system', reason: 'no_answer' });
    t.comment(`ended ${Math.round(performance.now() - startedMs)} ms after the call began, of 1000`);
    t.equal(callee.of('call-ended').length, 1);
  });
}
