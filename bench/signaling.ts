// What signaling costs: `npm run bench:signaling`, or one part of it: `-- ring`, `-- relay`, `-- memory`. Ratios of one
// run, side by side with the least that could be done; it prints and asserts nothing, for machines differ.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startTestSynapse } from '../test/harness/synapse.ts';
import { pin, pinSelf, RIVAL_CORE } from './gateway/pinned-process.ts';
import { median, percentile } from './gateway/statistics.ts';
import { measureMemory, openBare, openRegistered } from './signaling/memory.ts';
import { startGateway, startScript, type MeasuredProcess } from './signaling/measured-process.ts';
import { makePairs, type Pair } from './signaling/people.ts';
import {
  bareSocketIoLanes,
  bareWebSocketLanes,
  nativeLanes,
  relayOf,
  socketIoLanes,
  type Lane,
  type Relay,
} from './signaling/relay.ts';
import { measureMembers, measureRing, type RingFigure } from './signaling/ring.ts';

const PAIRS = 25;
const LANES = 10;
const WARM_UP_MS = 1_000;
const TURN_MS = 2_000;
const TURNS = 15;
const RING_SOCKETS = 5_000;
const RINGS_PER_SECOND = 100;
const RING_SECONDS = 10;
const IDLE_SOCKETS = 5_000;

const PARTS = ['ring', 'relay', 'memory'] as const;

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !PARTS.some((known) => known === part));
if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: there are ${PARTS.join(', ')}`);
const isWanted = (part: (typeof PARTS)[number]): boolean => asked.length === 0 || asked.includes(part);

interface Connected {
  readonly lanes: readonly Lane[];
  readonly close: () => void;
}

const told = ({ p50Ms, p99Ms, stolenShare }: RingFigure): string =>
  `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ${(100 * stolenShare).toFixed(1)} % of the processors ` +
  'taken by the hypervisor';

const undos: (() => unknown)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'));
undos.push(() => rmSync(folder, { recursive: true, force: true }));
let stores = 0;
const environment = (): NodeJS.ProcessEnv => ({
  PORTICO_SIGNALING_IDENTITY: 'claimed',
  PORTICO_STORE_URL: `sqlite:${join(folder, `calls-${(stores += 1)}.db`)}`,
});

try {
  if (isWanted('ring') || isWanted('relay')) await benchCalls();
  if (isWanted('memory')) await benchMemory();

  async function benchCalls(): Promise<void> {
    const synapse = await startTestSynapse({ teardown: (undo: () => unknown) => void undos.push(undo) });
    const pairs = await makePairs(synapse, PAIRS);
    const withSynapse = (): NodeJS.ProcessEnv => ({ ...environment(), PORTICO_SYNAPSE_URL: synapse.url });
    if (isWanted('ring')) await benchRing(withSynapse(), synapse.url, pairs);
    if (isWanted('relay')) await benchRelay(withSynapse, pairs);
  }

  async function benchRing(
    env: NodeJS.ProcessEnv,
    synapseUrl: string,
    pairs: readonly Pair[],
  ): Promise<void> {
    const gateway = await startGateway(env);
    const rate = { perSecond: RINGS_PER_SECOND, seconds: RING_SECONDS };
    const rung = await measureRing(gateway, pairs, { sockets: RING_SOCKETS, ...rate });
    await gateway.stop();
    const members = await measureMembers(synapseUrl, pairs, rate);
    console.log(
      `ring: ${rung.calls} calls at ${RINGS_PER_SECOND}/s with ${RING_SOCKETS} sockets: initiate to incoming-call ${told(rung)}`,
    );
    console.log(`ring: of that, joined_members of Synapse alone at that rate: ${told(members)}`);
  }

  /** In turns: what other guests of the machine take changes within seconds, and would make a server of a minute later
   * slower or faster than it is. */
  async function benchRelay(env: () => NodeJS.ProcessEnv, pairs: readonly Pair[]): Promise<void> {
    pinSelf();
    const relays: Relay[] = [];
    const enter = (name: string, server: MeasuredProcess, { lanes, close }: Connected): void => {
      pin(server.pid, RIVAL_CORE);
      relays.push(relayOf(name, server, lanes));
      undos.push(async () => {
        close();
        await server.stop();
      });
    };
    for (const mode of ['pass', 'parse'] as const) {
      const bare = await bareWebSocketLanes(LANES, mode);
      enter(`bare ws, ${mode}`, bare.server, bare);
    }
    const native = await startGateway(env());
    enter('Portico native', native, await nativeLanes(native.port, pairs.slice(0, LANES)));
    const bare = await bareSocketIoLanes(LANES);
    enter('bare Socket.IO', bare.server, bare);
    const socketIo = await startGateway(env());
    enter('Portico Socket.IO', socketIo, await socketIoLanes(socketIo.port, pairs.slice(LANES, 2 * LANES)));

    const turns: Map<string, number>[] = [];
    while (turns.length < TURNS) {
      const turn = new Map<string, number>();
      for (const relay of turns.length % 2 === 0 ? relays : relays.toReversed()) {
        await relay.run(WARM_UP_MS);
        turn.set(relay.name, await relay.run(TURN_MS));
      }
      turns.push(turn);
    }
    for (const { name } of relays) {
      const ofName = turns.map((turn) => turn.get(name) ?? Number.NaN);
      const shares = turns.map(
        (turn, index) => (ofName[index] ?? Number.NaN) / (turn.get('bare ws, pass') ?? 0),
      );
      console.log(
        `relay: ${name}: ${Math.round(median(ofName))} messages per CPU second, ${median(shares).toFixed(2)}x bare ws` +
          ` (${TURNS} turns, half of them ${percentile(shares, 0.25).toFixed(2)}x to ${percentile(shares, 0.75).toFixed(2)}x)`,
      );
    }
  }

  async function benchMemory(): Promise<void> {
    const gateway = await startGateway(environment());
    const portico = await measureMemory(gateway, IDLE_SOCKETS, openRegistered);
    await gateway.stop();
    const bareServer = await startScript('bare-ws.ts', 'pass');
    const bare = await measureMemory(bareServer, IDLE_SOCKETS, openBare);
    await bareServer.stop();
    console.log(
      `memory: ${(portico / 1024).toFixed(1)} KiB for each of ${IDLE_SOCKETS} idle registered sockets, bare ws ${(bare / 1024).toFixed(1)} KiB`,
    );
  }
} finally {
  for (const undo of undos.toReversed()) await undo();
}
