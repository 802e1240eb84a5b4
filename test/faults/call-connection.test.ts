// Threat cases of connections in a call: cut, stalled without a word, or ended by a stop of the gateway. The call stays,
// and of what was negotiated nothing is lost or doubled (T20, T25, section 5 of the contract).

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { ask, gatherCast } from '../harness/call-api.ts';
import { startDevice, type CallDevice } from '../harness/call-device.ts';
import { freePort, spawnGateway } from '../harness/gateway-process.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { startTcpRelay } from '../harness/tcp-relay.ts';
import { until } from '../harness/until.ts';

t.setTimeout(120_000);

const BROKEN_MS = 10_000;
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const candidate = (n: number) => ({ candidate: `candidate:${n} 1 udp 1 192.0.2.1 9 typ host` });

function storeUrl(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-connection-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'calls.db')}`;
}

async function talk(caller: CallDevice, callee: CallDevice): Promise<string> {
  await Promise.all([caller.ready(), callee.ready()]);
  const initiated = await caller.ask('initiate', { roomId, callType: 'video' });
  const callId = String(initiated['callId']);
  await until(() => callee.wasInvitedTo(callId));
  const answer = await callee.ask('answer', { callId });
  if (answer['ok'] !== true) throw new Error(JSON.stringify(answer));
  for (const device of [caller, callee]) device.calls.add(callId);
  caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await until(() => callee.of('webrtc-offer').length === 1);
  callee.send('webrtc-answer', { callId, answer: { type: 'answer', sdp: 'v=0\r\n' } });
  await until(() => caller.of('webrtc-answer').length === 1);
  return callId;
}

/** Sends numbered candidates, each until it is acknowledged, whatever happens to the connection. */
class Sender {
  readonly sent: string[] = [];
  readonly #device: CallDevice;
  readonly #callId: string;
  #isOver = false;
  readonly #loop: Promise<void>;

  constructor(device: CallDevice, callId: string) {
    this.#device = device;
    this.#callId = callId;
    this.#loop = this.#run();
  }

  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#loop;
    return this.sent;
  }

  async #run(): Promise<void> {
    // Every 200 ms: what the other side misses is less than what is kept of one sender.
    for (let n = 1; !this.#isOver; n += 1) {
      const body = candidate(n);
      for (;;) {
        try {
          await this.#device.ready(60_000);
          const answer = await this.#device.ask('ice-candidate', { callId: this.#callId, candidate: body });
          if (answer['ok'] !== true) throw new TypeError(JSON.stringify(answer));
          break;
        } catch (error) {
          if (error instanceof TypeError) throw error;
        }
      }
      this.sent.push(body.candidate);
      await pause(200);
    }
  }
}

function received(device: CallDevice): readonly string[] {
  return device
    .of('ice-candidate')
    .map((frame) => String((frame['candidate'] as Record<string, unknown>)['candidate']));
}

for (const kind of ['cut', 'stall'] as const) {
  await t.test(
    `a connection ${kind === 'cut' ? 'cut' : 'stalled silently'} for 10 s in a call`,
    async (t) => {
      const gateway = await spawnGateway(t, {
        PORTICO_SYNAPSE_URL: synapse.url,
        PORTICO_STORE_URL: storeUrl(t),
      });
      const relay = await startTcpRelay(t, gateway.port);
      const caller = startDevice(t, gateway.url, 'native', alice, {
        register: { caps: ['peer-reconnecting'] },
      });
      const callee = startDevice(t, relay.url, 'native', bob);
      const callId = await talk(caller, callee);
      const [fromCaller, fromCallee] = [new Sender(caller, callId), new Sender(callee, callId)];
      await until(() => received(caller).length >= 3 && received(callee).length >= 3);

      // Between two candidates of the callee: what was acknowledged on its way would have to be sent again otherwise.
      const before = fromCallee.sent.length;
      await until(() => fromCallee.sent.length > before);
      relay[kind]();
      const heardBefore = received(callee).length;
      await pause(BROKEN_MS);
      t.equal(received(callee).length, heardBefore, 'nothing came through meanwhile');
      const { sockets } = callee;
      relay.mend();
      // A client whose network stalls finds out by itself, from pongs that do not come.
      if (kind === 'stall') callee.breakOff();
      await until(() => callee.isReady && callee.sockets > sockets);
      await pause(1_000);

      const [sentByCaller, sentByCallee] = [await fromCaller.stop(), await fromCallee.stop()];
      await until(() => received(callee).length >= sentByCaller.length);
      await until(() => received(caller).length >= sentByCallee.length);
      t.strictSame(received(callee), sentByCaller, `${sentByCaller.length} to the one who was cut off`);
      t.strictSame(received(caller), sentByCallee, `${sentByCallee.length} from it`);
      t.strictSame([...caller.of('call-ended'), ...callee.of('call-ended'), ...caller.of('user-left')], []);
      if (kind === 'cut') {
        t.equal(caller.of('peer-reconnecting').length, 1, 'the peer was told of it');
        t.equal(caller.of('peer-reconnected').length, 1);
      }
      t.strictSame(callee.of('error'), [], 'it was resumed');
      const { body } = await ask(gateway.url, `GET /api/calls/${callId}/status`, {
        token: alice.accessToken,
      });
      t.match(body, { session: { status: 'active' } });
      t.strictSame([...caller.problems, ...callee.problems], []);
    },
  );
}

await t.test('the gateway is stopped in calls and started again: they go on', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    PORTICO_LISTEN: `127.0.0.1:${port}`,
    PORTICO_SYNAPSE_URL: synapse.url,
    PORTICO_STORE_URL: storeUrl(t),
  };
  const first = await spawnGateway(t, environment);
  const caller = startDevice(t, url, 'native', alice);
  const callee = startDevice(t, url, 'socket.io', bob);
  const callId = await talk(caller, callee);
  const { code, tookMs } = await stop(first.child);
  t.equal(code, 0);
  t.ok(tookMs < 5_000, `it stopped within ${Math.round(tookMs)} ms`);
  t.equal(caller.closeCodes[0], 1012, 'told to come back');
  const second = await spawnGateway(t, environment);
  const { length: heardBefore } = received(callee);
  await Promise.all([caller.ready(), callee.ready()]);
  caller.send('webrtc-offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
  caller.send('ice-candidate', { callId, candidate: candidate(1) });
  await until(() => received(callee).length === heardBefore + 1);
  callee.send('ice-candidate', { callId, candidate: candidate(2) });
  await until(() => callee.of('webrtc-offer').length === 2);
  callee.send('webrtc-answer', { callId, answer: { type: 'answer', sdp: 'v=0\r\n' } });
  await until(() => received(caller).length === 1);
  t.strictSame([...caller.of('call-ended'), ...callee.of('call-ended')], []);
  t.strictSame([...caller.of('user-left'), ...callee.of('user-left')], []);
  t.strictSame([...caller.problems, ...callee.problems], []);
  const status = `GET /api/calls/${callId}/status`;
  t.match((await ask(url, status, { token: bob.accessToken })).body, {
    session: { status: 'active' },
    participants: [{ status: 'joined' }, { status: 'joined' }],
  });
  t.strictSame(
    second.logged.filter((line) => Number(line['level']) >= 50),
    [],
  );
});

async function stop(
  child: Awaited<ReturnType<typeof spawnGateway>>['child'],
): Promise<{ code: unknown; tookMs: number }> {
  const startedMs = performance.now();
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exit) as unknown[];
  return { code, tookMs: performance.now() - startedMs };
}
