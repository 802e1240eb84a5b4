// Threat case F10 and invariants I5, I7 for calls: the gateway's process is killed and started again on its store, with
// the real Synapse. Rings end at their stored deadline, and what was acknowledged is there.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import t, { type Test } from 'tap';

import { registerUser, type Session } from '../../src/cli/demo/accounts.ts';
import { ask, dial, gatherCast, makeRoom, shows, type ApiAnswer } from '../harness/call-api.ts';
import { spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

t.setTimeout(300_000);

const KILLS = 10;
const PAIRS = 4;
const RING_MS = 6_000;
const synapse = await startTestSynapse(t);
const { alice, bob, roomId } = await gatherCast(synapse);

function storeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-restart-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(t: Test, folder: string, environment: NodeJS.ProcessEnv = {}): Promise<GatewayProcess> {
  return spawnGateway(t, {
    PORTICO_SYNAPSE_URL: synapse.url,
    PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
    // These tests look at a call as often as they can.
    PORTICO_LIMITS_API_RATE: '1000000',
    ...environment,
  });
}

async function kill({ child }: GatewayProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Collects the types of what the gateway tells an application about each call. */
async function listenForNotices(
  t: Test,
): Promise<{ url: string; typesOf(callId: string): readonly string[] }> {
  const notices: Record<string, unknown>[] = [];
  const note = async (request: IncomingMessage): Promise<void> => {
    notices.push(JSON.parse(await text(request)) as Record<string, unknown>);
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    typesOf: (callId) =>
      notices
        .filter((notice) => JSON.stringify(notice).includes(callId))
        .map((notice) => String(notice['type'])),
  };
}

function statusOf({ body }: ApiAnswer): string {
  return String((body['session'] as Record<string, unknown> | undefined)?.['status']);
}

await t.test(
  'T25 killed while it rings: it rings on, once, and is missed at its first deadline',
  async (t) => {
    const folder = storeFolder(t);
    const notices = await listenForNotices(t);
    const environment = {
      PORTICO_CALLS_RING_TIMEOUT: `${RING_MS}ms`,
      PORTICO_CALLS_WEBHOOK_URL: notices.url,
      PORTICO_CALLS_WEBHOOK_SECRET: 'a secret of this test',
    };
    const first = await open(t, folder, environment);
    const done = await dial(first.url, alice, roomId);
    await ask(first.url, `POST /api/calls/${done}/answer`, { body: shows(bob) });
    await ask(first.url, `POST /api/calls/${done}/end`, { body: shows(alice) });
    const callId = await dial(first.url, alice, roomId);
    const look = (url: string, id: string, what = 'status') =>
      ask(url, `GET /api/calls/${id}/${what}`, { token: bob.accessToken });
    const doneBefore = await look(first.url, done);
    const createdAtMs = Date.parse(
      String(
        (((await look(first.url, callId)).body['session'] ?? {}) as Record<string, unknown>)['created_at'],
      ),
    );
    await until(() => notices.typesOf(callId).length === 1);
    await kill(first);

    const { url, startMs } = await open(t, folder, environment);
    t.comment(`serving again after ${Math.round(startMs)} ms`);
    const active = await ask(url, `GET /api/calls/active?userId=${encodeURIComponent(bob.userId)}`, {
      token: bob.accessToken,
    });
    t.match(active.body, { calls: [{ call_id: callId, status: 'ringing' }] });
    t.ok(Date.now() < createdAtMs + RING_MS, 'looked at in time');
    await until(async () => statusOf(await look(url, callId)) !== 'ringing', RING_MS + 5_000);
    const ended = await look(url, callId);
    t.equal(statusOf(ended), 'missed');
    const endedAtMs = Date.parse(String((ended.body['session'] as Record<string, unknown>)['ended_at']));
    const rangMs = endedAtMs - createdAtMs;
    t.comment(`it rang ${rangMs} ms`);
    // Never early; how late it may be is up to how busy the machine is.
    t.ok(rangMs >= RING_MS && rangMs <= RING_MS + 3_000, `ended ${rangMs} ms after its beginning`);
    t.match((await ask(url, 'GET /api/calls/missed', { token: bob.accessToken })).body, {
      count: 1,
      calls: [{ call_id: callId, reason: 'no_answer' }],
    });
    const { body: timeline } = await look(url, callId, 'timeline');
    const types = (timeline['events'] as Record<string, unknown>[]).map(({ type }) => type);
    t.strictSame(types, ['initiated', 'user-offline', 'resumed', 'missed', 'ended']);
    t.match(timeline['verdict'], /^Nobody answered within 6 s\./);
    await until(() => notices.typesOf(callId).includes('end'));
    t.strictSame(notices.typesOf(callId).toSorted(), ['end', 'ring', 'ring-cancel'], 'told to ring once');
    t.strictSame((await look(url, done)).body, doneBefore.body, 'what had ended is as it was');
  },
);

await t.test('T25 down past the deadline: missed as soon as it serves', async (t) => {
  const folder = storeFolder(t);
  const environment = { PORTICO_CALLS_RING_TIMEOUT: '1s' };
  const first = await open(t, folder, environment);
  const callId = await dial(first.url, alice, roomId);
  const deadlineMs = Date.now() + 1_000;
  await kill(first);
  await until(() => Date.now() > deadlineMs);
  const { url } = await open(t, folder, environment);
  t.equal(statusOf(await ask(url, `GET /api/calls/${callId}/status`, { token: bob.accessToken })), 'missed');
});

/** How far a call has come, by the word that its clients see. */
function rank(status: string): number {
  switch (status) {
    case 'ringing':
      return 1;
    case 'active':
      return 2;
    case 'ended':
    case 'rejected':
    case 'missed':
      return 3;
    default:
      return 0;
  }
}

interface Pair {
  readonly caller: Session;
  readonly callee: Session;
  readonly roomId: string;
}

async function makePairs(): Promise<readonly Pair[]> {
  const { url: synapseUrl, registrationSharedSecret } = synapse;
  const person = async (user: string): Promise<Session> => {
    const account = { user, password: `${user}-test-password`, userId: `@${user}:localhost` };
    await registerUser({ synapseUrl, registrationSharedSecret }, account);
    return synapse.login(account);
  };
  const pairs: Pair[] = [];
  for (let n = 0; n < PAIRS; n += 1) {
    const [caller, callee] = [await person(`caller${n}`), await person(`callee${n}`)];
    pairs.push({ caller, callee, roomId: await makeRoom(synapse, caller, callee) });
  }
  return pairs;
}

/** Calls, answers, declines and ends until the gateway is gone; notes only what came back as done. */
async function converse(
  url: string,
  { caller, callee, roomId }: Pair,
  acknowledged: Map<string, string>,
): Promise<void> {
  const done = async (callId: string, what: string, who: Session): Promise<void> => {
    const { status, body } = await ask(url, `POST /api/calls/${callId}/${what}`, { body: shows(who) });
    if (status === 200) acknowledged.set(callId, String(body['status']));
  };
  try {
    for (;;) {
      const { status, body } = await ask(url, 'POST /api/calls/initiate', {
        body: { roomId, callType: 'voice', ...shows(caller) },
      });
      if (status === 429) return;
      const callId = String(body['callId']);
      if (status === 201) acknowledged.set(callId, String(body['status']));
      const dice = Math.random();
      if (dice < 0.7) await done(callId, 'answer', callee);
      if (dice > 0.8) await done(callId, 'reject', callee);
      if (dice > 0.2) await done(callId, 'end', dice < 0.5 ? caller : callee);
    }
  } catch {
    // The connection broke: the gateway was killed.
  }
}

await t.test(
  `I5 I7 killed at ${KILLS} moments, every acknowledged call is there and none goes back`,
  async (t) => {
    const folder = storeFolder(t);
    const pairs = await makePairs();
    const everSeen = new Map<string, { readonly status: string; readonly viewer: Session }>();
    let gateway = await open(t, folder);
    for (let round = 1; round <= KILLS; round += 1) {
      const notes = pairs.map(() => new Map<string, string>());
      const moment = 1 + Math.floor(Math.random() * 60);
      const talking = Promise.all(
        pairs.map((pair, index) => converse(gateway.url, pair, notes[index] ?? new Map<string, string>())),
      );
      let isOver = false;
      void talking.then(() => (isOver = true));
      const count = (): number => notes.reduce((sum, calls) => sum + calls.size, 0);
      await until(() => isOver || count() * 2 >= moment, 20_000);
      await kill(gateway);
      await talking;
      for (const [index, calls] of notes.entries()) {
        const viewer = pairs[index]?.callee ?? bob;
        for (const [callId, status] of calls)
          if (rank(status) >= rank(everSeen.get(callId)?.status ?? ''))
            everSeen.set(callId, { status, viewer });
      }
      gateway = await open(t, folder);
      const wrong: string[] = [];
      for (const [callId, { status, viewer }] of everSeen) {
        const now = statusOf(
          await ask(gateway.url, `GET /api/calls/${callId}/status`, { token: viewer.accessToken }),
        );
        if (rank(now) < rank(status)) wrong.push(`${callId}: ${status} was acknowledged, ${now} is there`);
        else everSeen.set(callId, { status: now, viewer });
      }
      t.strictSame(wrong, [], `round ${round}: ${count()} calls, ${everSeen.size} in all`);
    }
    t.ok(everSeen.size > KILLS, `${everSeen.size} calls were acknowledged`);
  },
);
