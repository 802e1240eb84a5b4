// Threat case F10 and invariants I5, I6, I7 with sockets: the gateway's process is killed again and again in the middle of
// calls of native and Socket.IO clients, which come back by themselves. What was acknowledged is there, rings end at
// their deadline, nobody is rung twice, and calls that were active go on.
//
// PORTICO_KILLS says how often it is killed.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import t, { type Test } from 'tap';

import { registerUser, type Session } from '../../src/cli/demo/accounts.ts';
import { ask, makeRoom } from '../harness/call-api.ts';
import { startDevice, type CallDevice, type LineKind } from '../harness/call-device.ts';
import { freePort, spawnGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { startTestSynapse } from '../harness/synapse.ts';
import { until } from '../harness/until.ts';

const KILLS = Number(process.env['PORTICO_KILLS'] ?? 20);
const RING_MS = 4_000;
const LATE_MS = 1_000;
const LONGEST_ROUND_MS = 600;

t.setTimeout(120_000 + KILLS * 10_000);
const synapse = await startTestSynapse(t);

const OFFER = { type: 'offer', sdp: 'v=0\r\no=caller\r\n' };
const ANSWER = { type: 'answer', sdp: 'v=0\r\no=callee\r\n' };

interface Pair {
  readonly caller: CallDevice;
  readonly callee: CallDevice;
  readonly roomId: string;
}

interface Acknowledged {
  readonly status: string;
  readonly viewer: Session;
}

/** What was acknowledged of each call at last. */
type Notes = Map<string, Acknowledged>;

const RANKS: Readonly<Record<string, number>> = { ringing: 1, active: 2, ended: 3, rejected: 3, missed: 3 };
/** Whoever answers does not know of what was done but not acknowledged, nor of a ring that ended while all was down. */
const EXPECTED_REFUSALS: ReadonlySet<string> = new Set(['answer CALL_NOT_RINGING', 'answer CALL_ENDED']);
const rank = (status: string): number => RANKS[status] ?? 0;

function note(notes: Notes, callId: string, status: unknown, viewer: Session): void {
  if (rank(String(status)) >= rank(notes.get(callId)?.status ?? ''))
    notes.set(callId, { status: String(status), viewer });
}

async function person(user: string): Promise<Session> {
  const { url: synapseUrl, registrationSharedSecret } = synapse;
  const account = { user, password: `${user}-test-password`, userId: `@${user}:localhost` };
  await registerUser({ synapseUrl, registrationSharedSecret }, account);
  return synapse.login(account);
}

async function startPair(t: Test, url: string, name: string, kinds: readonly LineKind[]): Promise<Pair> {
  const [caller, callee] = [await person(`${name}-caller`), await person(`${name}-callee`)];
  const roomId = await makeRoom(synapse, caller, callee);
  const [of = 'native', to = of] = kinds;
  return { caller: startDevice(t, url, of, caller), callee: startDevice(t, url, to, callee), roomId };
}

class Traffic {
  readonly notes: Notes = new Map();
  readonly refusals = new Map<string, number>();
  /** Steady calls: what each side sent last, and what the other has got of it. */
  isOver = false;
  offers = 0;

  /** Calls, answers, negotiates, rejects, ends, and leaves calls as they are. */
  async converse({ caller, callee, roomId }: Pair): Promise<void> {
    while (!this.isOver) {
      const callId = await this.#begin(caller, roomId);
      if (callId === undefined) continue;
      const dice = Math.random();
      if (dice < 0.5) await this.#wait(() => callee.wasInvitedTo(callId));
      const choice = Math.random();
      if (choice < 0.55) await this.#talk(callId, caller, callee);
      else if (choice < 0.7) await this.#ask(callee, 'reject', callId);
      else if (choice < 0.9) await this.#ask(caller, 'end', callId);
    }
  }

  /** Lets every call ring out. */
  async ring({ caller, callee, roomId }: Pair): Promise<void> {
    while (!this.isOver) {
      const callId = await this.#begin(caller, roomId);
      if (callId === undefined) continue;
      await this.#wait(() => callee.of('call-ended', callId).length > 0, RING_MS + 3_000);
    }
  }

  async #begin(caller: CallDevice, roomId: string): Promise<string | undefined> {
    try {
      await caller.ready();
      const answer = await caller.ask('initiate', { roomId, callType: 'voice' });
      if (answer['ok'] === true) {
        const callId = String(answer['callId']);
        note(this.notes, callId, answer['status'], caller.session);
        return callId;
      }
      this.#refused('initiate', answer['code']);
    } catch {
      // The connection broke.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  }

  async #talk(callId: string, caller: CallDevice, callee: CallDevice): Promise<void> {
    if (!(await this.#ask(callee, 'answer', callId))) return;
    caller.send('webrtc-offer', { callId, offer: OFFER, targetUserId: 'all' });
    caller.send('ice-candidate', { callId, candidate: { candidate: 'caller' }, targetUserId: 'all' });
    await this.#wait(() => callee.of('ice-candidate', callId).length > 0);
    callee.send('webrtc-answer', { callId, answer: ANSWER, targetUserId: caller.session.userId });
    await this.#wait(() => caller.of('webrtc-answer', callId).length > 0);
    if (caller.of('webrtc-answer', callId).length > 0) this.offers += 1;
    if (Math.random() < 0.8) await this.#ask(Math.random() < 0.5 ? caller : callee, 'end', callId);
  }

  async #ask(device: CallDevice, what: string, callId: string): Promise<boolean> {
    try {
      await device.ready();
      const answer = await device.ask(what, { callId });
      if (answer['ok'] === true) note(this.notes, callId, answer['status'], device.session);
      else this.#refused(what, answer['code']);
      return answer['ok'] === true;
    } catch {
      return false;
    }
  }

  async #wait(condition: () => boolean, limitMs = 300): Promise<void> {
    await until(() => this.isOver || condition(), limitMs).catch(() => undefined);
  }

  #refused(what: string, code: unknown): void {
    const key = `${what} ${String(code)}`;
    this.refusals.set(key, (this.refusals.get(key) ?? 0) + 1);
  }
}

/** A call that is to live as long as the test. */
class Steady {
  readonly pair: Pair;
  callId = '';
  #sent = 0;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  async begin(): Promise<void> {
    const { caller, callee, roomId } = this.pair;
    await Promise.all([caller.ready(), callee.ready()]);
    const { callId } = await caller.ask('initiate', { roomId, callType: 'video' });
    this.callId = String(callId);
    await until(() => callee.wasInvitedTo(this.callId));
    await callee.ask('answer', { callId });
    for (const device of [caller, callee]) device.calls.add(this.callId);
  }

  /** A new description and a candidate from each side arrive on the other. */
  async exchange(): Promise<void> {
    const { caller, callee } = this.pair;
    const { callId } = this;
    this.#sent += 1;
    const candidate = { candidate: `candidate:${this.#sent}` };
    await Promise.all([caller.ready(), callee.ready()]);
    caller.send('webrtc-offer', { callId, offer: OFFER });
    caller.send('ice-candidate', { callId, candidate });
    await until(() => this.#got(callee, candidate.candidate) === 1);
    callee.send('webrtc-answer', { callId, answer: ANSWER });
    callee.send('ice-candidate', { callId, candidate });
    await until(() => this.#got(caller, candidate.candidate) === 1);
  }

  problems(): readonly string[] {
    const { caller, callee } = this.pair;
    return [caller, callee].flatMap((device) => [
      ...device.of('call-ended').map(() => `${device.session.userId}: call-ended`),
      ...device.of('user-left').map(() => `${device.session.userId}: user-left`),
      ...Array.from({ length: this.#sent }, (_, index) => this.#got(device, `candidate:${index + 1}`))
        .filter((times) => times > 1)
        .map((times) => `${device.session.userId}: a candidate came ${times} times`),
    ]);
  }

  #got(device: CallDevice, text: string): number {
    return device
      .of('ice-candidate', this.callId)
      .filter((frame) => (frame['candidate'] as { candidate?: unknown } | null)?.candidate === text).length;
  }
}

interface Downtime {
  readonly fromMs: number;
  readonly toMs: number;
}

await t.test(`killed ${KILLS} times in the traffic of native and Socket.IO clients`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-kills-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const databasePath = join(folder, 'calls.db');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const open = (): Promise<GatewayProcess> =>
    spawnGateway(t, {
      PORTICO_LISTEN: `127.0.0.1:${port}`,
      PORTICO_SYNAPSE_URL: synapse.url,
      PORTICO_STORE_URL: `sqlite:${databasePath}`,
      PORTICO_CALLS_RING_TIMEOUT: `${RING_MS}ms`,
      PORTICO_CALLS_INITIATES_PER_MINUTE: '10000',
      PORTICO_LIMITS_API_RATE: '1000000',
    });
  let gateway = await open();
  const talking = [
    await startPair(t, url, 'native1', ['native']),
    await startPair(t, url, 'native2', ['native']),
    await startPair(t, url, 'io1', ['socket.io']),
    await startPair(t, url, 'mixed', ['native', 'socket.io']),
  ];
  const ringing = [
    await startPair(t, url, 'ring1', ['native']),
    await startPair(t, url, 'ring2', ['native', 'socket.io']),
  ];
  const steady = [
    new Steady(await startPair(t, url, 'steady1', ['native'])),
    new Steady(await startPair(t, url, 'steady2', ['socket.io'])),
  ];
  await Promise.all(steady.map((call) => call.begin()));
  const traffic = new Traffic();
  const loops = [
    ...talking.map((pair) => traffic.converse(pair)),
    ...ringing.map((pair) => traffic.ring(pair)),
  ];

  const verified = new Map<string, string>();
  const wrong: string[] = [];
  /** Every call that changed since it was looked at last, or can still change. */
  const verify = async (): Promise<void> => {
    for (const [callId, { status, viewer }] of traffic.notes) {
      const seen = verified.get(callId) ?? '';
      if (rank(seen) === 3) continue;
      const { body } = await ask(url, `GET /api/calls/${callId}/status`, { token: viewer.accessToken });
      const now = String((body['session'] as Record<string, unknown> | undefined)?.['status']);
      if (rank(now) < rank(status)) wrong.push(`${callId}: ${status} was acknowledged, ${now} is there`);
      if (rank(now) < rank(seen)) wrong.push(`${callId}: was ${seen}, is ${now}`);
      verified.set(callId, now);
    }
  };

  const downtimes: Downtime[] = [];
  const startsMs: number[] = [];
  for (let round = 1; round <= KILLS; round += 1) {
    const checks: Promise<unknown>[] = [];
    if (round % 2 === 0) checks.push(...steady.map((call) => call.exchange()));
    const pause = new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_ROUND_MS));
    await Promise.all([pause, ...checks]);
    const fromMs = Date.now();
    const exit = once(gateway.child, 'exit');
    gateway.child.kill('SIGKILL');
    await exit;
    gateway = await open();
    downtimes.push({ fromMs, toMs: Date.now() });
    startsMs.push(gateway.startMs);
    if (round % 5 === 0) await verify();
  }
  await Promise.all(steady.map((call) => call.exchange()));
  traffic.isOver = true;
  await Promise.all(loops);
  await verify();

  const devices = [...talking, ...ringing, ...steady.map(({ pair }) => pair)].flatMap((pair) => [
    pair.caller,
    pair.callee,
  ]);
  t.strictSame(wrong, [], `none of ${traffic.notes.size} acknowledged calls is lost or went back`);
  t.strictSame(
    devices.flatMap(({ problems }) => problems),
    [],
    'nobody was rung twice',
  );
  t.strictSame(
    steady.flatMap((call) => call.problems()),
    [],
    'the active calls were neither ended nor left',
  );
  for (const { callId, pair } of steady) {
    const { accessToken: token } = pair.caller.session;
    const { body } = await ask(url, `GET /api/calls/${callId}/status`, { token });
    t.match(body, { session: { status: 'active' } }, 'an active call survived every kill');
  }
  const failures = gateway.logged.filter((line) => Number(line['level']) >= 50);
  t.strictSame(failures, []);

  const exit = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  await exit;
  const database = new DatabaseSync(databasePath, { readOnly: true });
  t.match(database.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' });
  const rungOut = database
    .prepare(
      `SELECT created_at_ms, ring_deadline_at_ms, ended_at_ms FROM call_sessions WHERE end_reason = 'no_answer'`,
    )
    .all()
    .map((row) => ({
      rangMs: Number(row['ended_at_ms']) - Number(row['created_at_ms']),
      deadlineMs: Number(row['ring_deadline_at_ms']),
      createdMs: Number(row['created_at_ms']),
      endedMs: Number(row['ended_at_ms']),
    }));
  const reasons = database
    .prepare('SELECT end_reason, count(*) AS n FROM call_sessions GROUP BY 1 ORDER BY 1')
    .all();
  database.close();
  t.ok(rungOut.length > 0, `${rungOut.length} calls rang out`);
  const astray = rungOut.filter(({ rangMs, deadlineMs, createdMs, endedMs }) => {
    // It may be killed in the moment that it has for the end of a ring.
    const down = downtimes.find(({ fromMs, toMs }) => fromMs <= deadlineMs + LATE_MS && deadlineMs <= toMs);
    const latestMs = Math.max(deadlineMs, down?.toMs ?? 0) + LATE_MS;
    return deadlineMs !== createdMs + RING_MS || rangMs < RING_MS || endedMs > latestMs;
  });
  t.strictSame(astray, [], 'each at its first deadline');
  const unexpected = [...traffic.refusals].filter(([key]) => !EXPECTED_REFUSALS.has(key));
  t.strictSame(unexpected, [], 'refused was only what others had decided meanwhile');
  t.ok(traffic.offers > KILLS / 2, `${traffic.offers} calls were negotiated`);

  const sorted = startsMs.toSorted((a, b) => a - b);
  const late = rungOut.map(({ rangMs }) => rangMs - RING_MS);
  t.comment(
    `starts: median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, longest ${Math.round(sorted.at(-1) ?? 0)} ms`,
  );
  t.comment(`rings ended ${Math.min(...late)} to ${Math.max(...late)} ms after their deadline`);
  t.comment(`sockets: ${devices.reduce((sum, { sockets }) => sum + sockets, 0)}`);
  t.comment(`ends: ${JSON.stringify(reasons)}, refusals: ${JSON.stringify([...traffic.refusals])}`);
});
