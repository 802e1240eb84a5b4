// Any interleaving of sockets that come and go, calls and negotiation: what every client may rely on, whatever happens.

import { setImmediate } from 'node:timers/promises';

import * as fc from 'fast-check';
import t from 'tap';

import type { CallId } from '../../../src/matrix/ids.ts';
import { ROOM } from '../../contract/calls.ts';
import { RING_MS } from '../../harness/call-service.ts';
import {
  pass,
  settle,
  startHub,
  userId,
  type Frame,
  type NativeClient,
  type TestHub,
} from '../../harness/hub.ts';

const DEVICES = [
  ['alice', 'PHONE'],
  ['bob', 'PHONE'],
  ['bob', 'LAPTOP'],
  ['carol', 'PHONE'],
  ['carol', 'LAPTOP'],
] as const;
const NEGOTIATION = ['webrtc-offer', 'ice-candidate'];
const RUNS = 40;

type Move = { readonly device: number; readonly isSettled: boolean } & (
  | { readonly do: 'register' | 'resume' | 'cut' }
  | { readonly do: 'initiate'; readonly invitees: readonly ('alice' | 'bob' | 'carol')[] }
  | {
      readonly do:
        'answer' | 'reject' | 'end' | 'leave-call' | 'join-call' | 'offer' | 'candidate' | 'toggle';
      readonly call: number;
    }
  | { readonly do: 'wait'; readonly ms: number }
);

const by = { device: fc.nat(DEVICES.length - 1), isSettled: fc.boolean() };
const call = fc.constantFrom(0, 0, 0, 1, 2);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ ...by, do: fc.constant('register' as const) }) },
  { weight: 5, arbitrary: fc.record({ ...by, do: fc.constant('resume' as const) }) },
  { weight: 3, arbitrary: fc.record({ ...by, do: fc.constant('cut' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...by,
      do: fc.constant('initiate' as const),
      invitees: fc.uniqueArray(fc.constantFrom('alice' as const, 'bob' as const, 'carol' as const), {
        minLength: 1,
      }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ ...by, do: fc.constant('answer' as const), call }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...by,
      do: fc.constantFrom('reject' as const, 'end' as const, 'leave-call' as const, 'join-call' as const),
      call,
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      ...by,
      do: fc.constantFrom('offer' as const, 'candidate' as const, 'candidate' as const, 'toggle' as const),
      call,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...by,
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(300, 1_500, 5_000, 20_000, 35_000),
    }),
  },
);

/** The sockets of one session, one after another. */
interface Chain {
  readonly name: string;
  readonly deviceId: string;
  readonly sockets: NativeClient[];
}

class World {
  readonly test: TestHub;
  readonly chains: Chain[] = [];
  readonly #current: (Chain | undefined)[] = DEVICES.map(() => undefined);
  #sent = 0;

  constructor(test: TestHub) {
    this.test = test;
  }

  async do(step: Move): Promise<void> {
    const client = this.#client(step.device);
    switch (step.do) {
      case 'wait':
        await pass(this.test.clock, step.ms, 5_000);
        break;
      case 'register':
        if (client?.socket.isOpen !== true) this.#register(step.device);
        break;
      case 'resume':
        await this.#resume(step.device);
        break;
      case 'cut':
        client?.socket.cut();
        break;
      case 'initiate':
        client?.send('initiate', { roomId: ROOM, callType: 'voice', invitees: step.invitees.map(userId) });
        break;
      default:
        this.#act(step.do, step.call, step.device);
    }
    if (step.isSettled) await settle();
    else await setImmediate();
  }

  #act(what: string, nth: number, device: number): void {
    const ids = [...new Set(this.test.committed.map(({ call: { callId } }) => callId))];
    const callId = ids.at(-1 - nth);
    if (callId === undefined) return;
    // Mostly somebody who may, for little comes of the others.
    const owners = this.#owners(callId);
    const isAllowed = what !== 'answer' && what !== 'reject' && device > 0;
    const client = this.#client((isAllowed ? owners[device % owners.length] : undefined) ?? device);
    if (client === undefined) return;
    this.#sent += 1;
    if (what === 'offer') client.send('webrtc-offer', { callId, offer: 'v=0', n: this.#sent });
    else if (what === 'candidate') client.send('ice-candidate', { callId, candidate: 'c', n: this.#sent });
    else if (what === 'toggle') client.send('toggle-audio', { callId, enabled: this.#sent % 2 === 0 });
    else client.send(what, { callId });
  }

  #owners(callId: CallId): readonly number[] {
    const owners = this.test.committed
      .filter(({ call: changed }) => changed.callId === callId)
      .flatMap(({ events }) => events.filter(({ type }) => type === 'initiated' || type === 'answered'))
      .flatMap((event) => ('deviceId' in event ? [`${event.userId} ${event.deviceId}`] : []));
    return DEVICES.flatMap(([name, deviceId], index) =>
      owners.includes(`${userId(name)} ${deviceId}`) ? [index] : [],
    );
  }

  #client(device: number): NativeClient | undefined {
    return this.#current[device]?.sockets.at(-1);
  }

  #register(device: number): void {
    const [name, deviceId] = DEVICES[device] ?? DEVICES[0];
    const socket = this.test.connect();
    const chain = { name, deviceId, sockets: [socket] };
    this.chains.push(chain);
    this.#current[device] = chain;
    socket.send('register-user', { accessToken: `${name}.${deviceId}` });
  }

  async #resume(device: number): Promise<void> {
    const chain = this.#current[device];
    if (chain === undefined) return;
    await settle();
    const all = chain.sockets.flatMap(({ frames }) => frames);
    const token = all.find(({ type }) => type === 'registered')?.['resumeToken'];
    if (token === undefined) return;
    const seq = Math.max(0, ...seqsOf(all));
    const socket = this.test.connect();
    socket.send('register-user', {
      accessToken: `${chain.name}.${chain.deviceId}`,
      resume: { token, seq },
    });
    await settle();
    if (socket.of('error').some(({ code }) => code === 'RESUME_REJOIN')) {
      const next = { ...chain, sockets: [socket] };
      this.chains.push(next);
      this.#current[device] = next;
    } else chain.sockets.push(socket);
  }
}

function seqsOf(frames: readonly Frame[]): readonly number[] {
  return frames.flatMap(({ seq }) => (typeof seq === 'number' ? [seq] : []));
}

/** What is wrong with what the clients were told. */
function faultsOf({ test, chains }: World): readonly string[] {
  const faults: string[] = [];
  const owners = new Set<string>();
  const members = new Set<string>();
  for (const { call: changed, events } of test.committed) {
    for (const event of events) {
      if (event.type === 'initiated' || event.type === 'answered')
        owners.add(`${changed.callId} ${event.userId} ${event.deviceId}`);
    }
    for (const leg of changed.legs) members.add(`${changed.callId} ${leg.userId}`);
  }
  for (const { name, deviceId, sockets } of chains) {
    const who = `${name}.${deviceId}`;
    const frames = sockets.flatMap((socket) => socket.frames);
    const seqs = seqsOf(frames);
    if (seqs.some((seq, index) => seq !== index + 1)) faults.push(`${who} has seq ${seqs.join()}`);
    const ended = new Set<unknown>();
    const lastSent = new Map<string, number>();
    for (const { type, callId, fromUserId, n, seq } of frames) {
      if (seq === undefined) continue;
      const about = `${who} was told ${String(type)} of ${String(callId)}`;
      if (!members.has(`${String(callId)} ${userId(name)}`)) faults.push(`${about}, a stranger`);
      if (ended.has(callId) && type === 'call-ended') faults.push(`${about} twice`);
      if (ended.has(callId) && type === 'incoming-call') faults.push(`${about} after its end`);
      if (type === 'call-ended') ended.add(callId);
      if (!NEGOTIATION.includes(String(type))) continue;
      if (!owners.has(`${String(callId)} ${userId(name)} ${deviceId}`))
        faults.push(`${about}, not its owner`);
      if (!members.has(`${String(callId)} ${String(fromUserId)}`) || fromUserId === userId(name))
        faults.push(`${about} from ${String(fromUserId)}`);
      // A candidate that was sent before any offer is held until there is one; otherwise each kind keeps its order.
      const stream = `${String(callId)} ${String(fromUserId)} `;
      const [offered, last] = [lastSent.get(`${stream}webrtc-offer`), lastSent.get(stream + String(type))];
      if (type === 'ice-candidate' && offered === undefined) faults.push(`${about} before its offer`);
      if (Number(n) <= (last ?? 0)) faults.push(`${about} out of order`);
      lastSent.set(stream + String(type), Number(n));
    }
    for (const { code } of sockets)
      if (code !== undefined && code !== 4009) faults.push(`${who} closed: ${code}`);
  }
  return faults;
}

await t.test('whatever happens, every client is told what it may rely on', async (t) => {
  let answered = 0;
  let relayed = 0;
  let resumed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 60, size: 'max' }), async (moves) => {
      const test = startHub(t, { members: ['alice', 'bob', 'carol', 'dave'] });
      const dave = await test.register('dave');
      const world = new World(test);
      for (let device = 0; device < DEVICES.length; device += 1)
        await world.do({ device, isSettled: true, do: 'register' });
      await world.do({ device: 0, isSettled: true, do: 'initiate', invitees: ['bob', 'carol'] });
      for (const step of moves) await world.do(step);
      await settle();
      // From now on all are silent: some have a socket, some have none.
      for (const { sockets } of world.chains.filter((_, index) => index % 2 === 0))
        for (const { socket } of sockets) if (socket.isOpen) socket.cut();
      await pass(test.clock, RING_MS, 10_000);
      const ringing = (await test.store.loadLiveCalls()).filter(({ state }) => state === 'ringing');
      for (const { sockets } of world.chains)
        for (const { socket } of sockets) if (socket.isOpen) socket.cut();
      await pass(test.clock, 420_000, 30_000);
      const live = await test.store.loadLiveCalls();
      answered += test.told.filter((type) => type === 'answered').length;
      relayed += world.chains.flatMap(({ sockets }) =>
        sockets.flatMap((one) => one.of(...NEGOTIATION)),
      ).length;
      resumed += world.chains.filter(({ sockets }) => sockets.length > 1).length;
      const faults = [
        ...faultsOf(world),
        ...dave.told.map((type) => `dave was told ${type}`),
        ...ringing.map(() => 'a ring outlives its deadline'),
        ...live.map(() => 'a call without sockets outlives its deadlines'),
        ...test.failures.map(String),
      ];
      if (faults.length > 0) throw new Error(faults.join('\n'));
    }),
    { numRuns: RUNS },
  );
  t.ok(answered > RUNS / 4 && relayed > RUNS / 4 && resumed > RUNS / 4, `${answered} ${relayed} ${resumed}`);
});
