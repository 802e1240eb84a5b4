// The connection of the client library, in Node, to the real gateway and the real Synapse: it registers, outlives cuts,
// silence and restarts, goes on where it was, and stays away where it is refused.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { Connection } from '../../client/connection/connection.ts';
import { browserEnvironment, type Environment } from '../../client/environment.ts';
import { readPastCalls } from '../../client/history.ts';
import type { ConnectionProblem, ConnectionState, ConnectOptions } from '../../client/portico.ts';
import type { ServerMessage } from '../../client/signaling.ts';
import type { Session } from '../../src/cli/demo/accounts.ts';
import { gatherCast, shows } from '../harness/call-api.ts';
import { spawnGateway } from '../harness/gateway-process.ts';
import { startGateway } from '../harness/gateway.ts';
import { registerNative, type NativeClient } from '../harness/native-client.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { startTcpRelay, type TcpRelay } from '../harness/tcp-relay.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);
t.jobs = 3;

const LONG_MS = 30_000;
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);
const OFFER = { type: 'offer', sdp: 'v=0\r\no=alice\r\n' };
const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: '0', sdpMLineIndex: 0 });

interface Client {
  readonly connection: Connection;
  readonly messages: readonly ServerMessage[];
  readonly statuses: readonly { state: ConnectionState; problem: ConnectionProblem | undefined }[];
  readonly sockets: { opened: number };
  readonly rejoins: { told: number };
  of(type: string): readonly ServerMessage[];
}

/** Begins to connect; in a call as far as the connection is concerned. */
function connectTo(t: Test, homeserver: string, shown: Omit<ConnectOptions, 'homeserver'>): Client {
  const real = browserEnvironment();
  const sockets = { opened: 0 };
  const rejoins = { told: 0 };
  const environment: Environment = {
    ...real,
    openSocket(url, events) {
      sockets.opened += 1;
      return real.openSocket(url, events);
    },
  };
  const statuses: { state: ConnectionState; problem: ConnectionProblem | undefined }[] = [];
  const messages: ServerMessage[] = [];
  const connection = new Connection({
    environment,
    options: { homeserver, ...shown },
    isInCall: () => true,
    onStatus: (state, problem) => statuses.push({ state, problem }),
  });
  connection.onMessage((message) => messages.push(message));
  connection.onRejoin(() => (rejoins.told += 1));
  t.teardown(() => connection.close());
  return {
    connection,
    messages,
    statuses,
    sockets,
    rejoins,
    of: (type) => messages.filter((message) => message.type === type),
  };
}

async function online(t: Test, homeserver: string, { accessToken }: Session): Promise<Client> {
  const client = connectTo(t, homeserver, { accessToken });
  await until(() => client.connection.state === 'online');
  return client;
}

/** Bob calls, and the client answers. */
async function talk(client: Client, caller: NativeClient): Promise<string> {
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'video' })) as { callId: string };
  await until(() => client.of('incoming-call').length > 0);
  await client.connection.request('answer', { callId });
  caller.send('webrtc-offer', { callId, offer: OFFER });
  await until(() => client.of('webrtc-offer').length === 1);
  return callId;
}

interface Talk {
  readonly relay: TcpRelay;
  readonly client: Client;
  readonly caller: NativeClient;
  readonly callId: string;
}

/** Only the client, Alice's, has the relay between itself and the gateway. */
async function talkThroughRelay(t: Test): Promise<Talk> {
  const { url, port } = await startGateway(t, { synapse: { url: synapse.url } });
  const relay = await startTcpRelay(t, port);
  const client = await online(t, relay.url, alice);
  const caller = await registerNative(t, url, shows(bob));
  return { relay, client, caller, callId: await talk(client, caller) };
}

void t.test('from the URL of the homeserver to a call and its history', { buffered: true }, async (t) => {
  const { url } = await startGateway(t, { synapse: { url: synapse.url } });
  const client = await online(t, url, alice);
  const { connection } = client;
  t.match(connection, { userId: alice.userId, deviceId: alice.deviceId, baseUrl: url, problem: undefined });
  const caller = await registerNative(t, url, { ...shows(bob), caps: ['call-ringing'] });
  const { callId } = (await caller.ask('initiate', { roomId, callType: 'voice' })) as { callId: string };
  await until(() => client.of('incoming-call').length === 1);
  t.match(client.of('incoming-call'), [{ callId, callerId: bob.userId, seq: 1 }]);
  t.match(await connection.request('call-ringing', { callId }), { ok: true });
  await caller.next('call-ringing');
  t.match(await connection.request('reject', { callId }), { status: 'rejected' });
  t.match(await caller.next('call-ended'), { reason: 'rejected' });
  await t.rejects(connection.request('answer', { callId }), { name: 'PorticoError', code: /^CALL_/ });

  const past = readPastCalls(await connection.api('GET', '/api/calls?'));
  t.match(past, [{ callId, roomId, callType: 'voice', endReason: 'rejected', initiatorId: bob.userId }]);
  t.same(new Set(past[0]?.participants), new Set([alice.userId, bob.userId]));
  t.strictSame(readPastCalls(await connection.api('GET', '/api/calls/missed')), []);
  await connection.api('POST', '/api/calls/missed/read');
  await t.rejects(connection.api('GET', '/api/calls/0/status'), { code: 'CALL_NOT_FOUND' });
});

void t.test(
  'a cut: the session is resumed, and nothing is lost or told twice',
  { buffered: true },
  async (t) => {
    const { relay, client, caller, callId } = await talkThroughRelay(t);
    relay.cut();
    await until(() => client.connection.state === 'reconnecting');
    const muted = client.connection.request('toggle-audio', { callId, enabled: false });
    for (const n of [1, 2, 3]) caller.send('ice-candidate', { callId, candidate: candidate(n) });
    await caller.ask('toggle-video', { callId, enabled: false });
    relay.mend();
    await until(() => client.connection.state === 'online', LONG_MS);
    await muted;
    await until(() => client.of('video-toggled').length === 1);
    t.strictSame(
      client.of('ice-candidate').map((message) => message['candidate']),
      [1, 2, 3].map(candidate),
    );
    t.match(await caller.next('audio-toggled'), { callId, enabled: false });
    t.equal(client.rejoins.told, 0);
    t.strictSame(caller.of('user-left'), []);
    const seqs = client.messages.map(({ seq }) => Number(seq));
    t.strictSame(
      seqs,
      seqs.map((_, index) => index + 1),
      'each once, in order',
    );
    t.match(await client.connection.request('end', { callId }), { status: 'ended' });
  },
);

void t.test(
  'silence: a network that swallows everything is noticed by itself',
  { buffered: true },
  async (t) => {
    const { relay, client, caller, callId } = await talkThroughRelay(t);
    relay.stall();
    const startedMs = performance.now();
    const muted = client.connection.request('toggle-audio', { callId, enabled: false });
    caller.send('ice-candidate', { callId, candidate: candidate(1) });
    await until(() => client.connection.state === 'reconnecting', LONG_MS);
    t.comment(`noticed after ${Math.round(performance.now() - startedMs)} ms`);
    relay.mend();
    await until(() => client.connection.state === 'online', LONG_MS);
    await muted;
    t.match(await caller.next('audio-toggled'), { callId, enabled: false });
    await until(() => client.of('ice-candidate').length === 1);
    t.equal(client.rejoins.told, 0);
  },
);

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  void t.test(
    `the gateway is restarted by ${signal}: the call is joined again`,
    { buffered: true },
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'portico-client-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      const environment = {
        PORTICO_SYNAPSE_URL: synapse.url,
        PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
      };
      const { url, port, child } = await spawnGateway(t, environment);
      const client = await online(t, url, alice);
      const caller = await registerNative(t, url, shows(bob));
      const callId = await talk(client, caller);
      const exit = once(child, 'exit');
      child.kill(signal);
      await until(() => client.connection.state === 'reconnecting');
      const stale = client.connection.request('ice-candidate', { callId, candidate: candidate(1) });
      const failed = t.rejects(stale, { code: 'OFFLINE' }, 'it belongs to the session that is gone');
      const muted = client.connection.request('toggle-audio', { callId, enabled: false });
      await exit;
      await spawnGateway(t, { ...environment, PORTICO_LISTEN: `127.0.0.1:${port}` });
      await until(() => client.connection.state === 'online', LONG_MS);
      await failed;
      await muted;
      t.equal(client.rejoins.told, 1);
      const problems = client.statuses.map(({ problem }) => problem?.code);
      t.ok(problems.includes(signal === 'SIGTERM' ? 'SERVER_RESTARTS' : 'SOCKET_LOST'), problems.join(' '));
      t.match(await client.connection.request('join-call', { callId }), { status: 'active' });
      t.equal(client.of('incoming-call').length, 1, 'it is not rung for its own call');
      t.strictSame(client.of('call-ended'), []);
      t.match(await client.connection.request('end', { callId }), { status: 'ended' });
    },
  );
}

void t.test('a refused token: refused for good, and silent', { buffered: true }, async (t) => {
  const { url, logged } = await startGateway(t, { synapse: { url: synapse.url } });
  const client = connectTo(t, url, { accessToken: 'syt_wrong' });
  await until(() => client.connection.state === 'refused');
  t.match(client.connection.problem, { code: 'IDENTITY_UNKNOWN_TOKEN', closeCode: 4003 });
  const asking = connectTo(t, url, { getToken: () => 'syt_wrong too' });
  await until(() => asking.connection.state === 'refused');
  t.equal(asking.sockets.opened, 2, 'a fresh token is asked for once');
  t.equal(client.sockets.opened, 1, 'meanwhile the other has not tried again');
  t.ok(logged.length > 0);
});

void t.test(
  'a token is revoked: the fresh one is shown before anything breaks',
  { buffered: true },
  async (t) => {
    const { url } = await startGateway(t, { synapse: { url: synapse.url } });
    const first = await synapse.login(synapse.alice);
    let token = first.accessToken;
    const client = connectTo(t, url, { getToken: () => token });
    await until(() => client.connection.deviceId === first.deviceId);
    await fetch(`${synapse.url}/_matrix/client/v3/logout`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${first.accessToken}` },
    });
    token = alice.accessToken;
    await until(() => client.connection.deviceId === alice.deviceId, 90_000);
    t.equal(client.connection.state, 'online');
    t.equal(client.sockets.opened, 1, 'over the same socket');
  },
);
