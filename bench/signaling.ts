// What signaling costs: `npm run bench:signaling`, or one part of it: `-- ring`, `-- relay`, `-- memory`. Ratios of one
// run, side by side with the least that could be done; it prints and asserts nothing, for machines differ.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startTestSynapse } from '../test/harness/synapse.ts';
import { measureMemory, openBare, openRegistered } from './signaling/memory.ts';
import { startGateway, startScript } from './signaling/measured-process.ts';
import { makePairs, type Pair } from './signaling/people.ts';
import {
  bareSocketIoLanes,
  bareWebSocketLanes,
  measureRelay,
  nativeLanes,
  socketIoLanes,
  type RelayFigure,
} from './signaling/relay.ts';
import { measureMembers, measureRing, type RingFigure } from './signaling/ring.ts';

const PAIRS = 25;
const LANES = 10;
const RELAY_MS = 4_000;
const ROUNDS = 3;
const RING_SOCKETS = 5_000;
const RINGS_PER_SECOND = 100;
const RING_SECONDS = 10;
const IDLE_SOCKETS = 5_000;

const PARTS = ['ring', 'relay', 'memory'] as const;

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !PARTS.some((known) => known === part));
if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: there are ${PARTS.join(', ')}`);
const isWanted = (part: (typeof PARTS)[number]): boolean => asked.length === 0 || asked.includes(part);

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

  async function benchRelay(env: () => NodeJS.ProcessEnv, pairs: readonly Pair[]): Promise<void> {
    const figures: RelayFigure[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const mode of ['pass', 'parse'] as const) {
        const bare = await bareWebSocketLanes(LANES, mode);
        figures.push(await measureRelay(`bare ws, ${mode}`, bare.server, bare.lanes, RELAY_MS));
        bare.close();
        await bare.server.stop();
      }
      const gateway = await startGateway(env());
      const native = await nativeLanes(gateway.port, pairs.slice(0, LANES));
      figures.push(await measureRelay('Portico native', gateway, native.lanes, RELAY_MS));
      native.close();
      await gateway.stop();
      const bare = await bareSocketIoLanes(LANES);
      figures.push(await measureRelay('bare Socket.IO', bare.server, bare.lanes, RELAY_MS));
      bare.close();
      await bare.server.stop();
      const second = await startGateway(env());
      const socketIo = await socketIoLanes(second.port, pairs.slice(LANES, 2 * LANES));
      figures.push(await measureRelay('Portico Socket.IO', second, socketIo.lanes, RELAY_MS));
      socketIo.close();
      await second.stop();
    }
    const median = (name: string): number => {
      const ofName = figures.filter((figure) => figure.name === name).map(({ perCpuSecond }) => perCpuSecond);
      return ofName.toSorted((a, b) => a - b)[Math.floor(ofName.length / 2)] ?? Number.NaN;
    };
    for (const name of new Set(figures.map((figure) => figure.name))) {
      const share = median(name) / median('bare ws, pass');
      console.log(
        `relay: ${name}: ${Math.round(median(name))} messages per CPU second, ${share.toFixed(2)}x bare ws`,
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
