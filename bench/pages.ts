// What a thousand web pages cost: `npm run bench:pages`. Profiles in calls and users in rooms on a gateway of its own; it
// fails if a message was lost, doubled or out of order, or if memory grew, and prints what the rest took.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openPageLoad } from '../test/harness/page-load.ts';
import { startGateway } from './signaling/measured-process.ts';

const PLAN = { profiles: 500, rooms: 10, usersPerRoom: 50 };
const PER_SECOND = 200;
/** When memory is measured, in seconds from the first message. The last is the end. */
const MEASURED_AT = [10, 30, 60];
/** From the first measurement to the last, either is enough: a small heap grows by much of itself, a large one by much. */
const MAX_GROWTH_SHARE = 0.1;
const MAX_GROWTH_MIB = 10;
const MIB = 1024 * 1024;

const undos: (() => unknown)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'));
undos.push(() => rmSync(folder, { recursive: true, force: true }));

try {
  const gateway = await startGateway({
    PORTICO_STORE_URL: `sqlite:${join(folder, 'calls.db')}`,
    PORTICO_SIGNALING_PROFILE_ENABLED: 'true',
    PORTICO_SIGNALING_PROFILE_AUTH: 'claimed',
    PORTICO_SIGNALING_PROFILE_RELAY_UNKNOWN: 'true',
    PORTICO_SIGNALING_ROOM_ENABLED: 'true',
    PORTICO_SIGNALING_ROOM_ROOMS: 'open',
  });
  undos.push(() => gateway.stop());
  const connectedFrom = gateway.cpuSeconds();
  const load = await openPageLoad(`http://127.0.0.1:${gateway.port}`, PLAN);
  undos.push(() => load.close());
  const loadedFrom = gateway.cpuSeconds();
  const rssMib: number[] = [];
  let passedSeconds = 0;
  for (const at of MEASURED_AT) {
    await load.run({ perSecond: PER_SECOND, durationMs: (at - passedSeconds) * 1_000 });
    rssMib.push(gateway.rssBytes() / MIB);
    passedSeconds = at;
  }
  const figure = await load.figure();
  const cpuSeconds = gateway.cpuSeconds() - loadedFrom;

  const { sent, expected, lost, doubled, disordered, strayed, p50Ms, p99Ms } = figure;
  const growthMib = (rssMib.at(-1) ?? Number.NaN) - (rssMib[0] ?? Number.NaN);
  const growthShare = growthMib / (rssMib[0] ?? Number.NaN);
  const isFlat = growthShare < MAX_GROWTH_SHARE || growthMib < MAX_GROWTH_MIB;
  const isWhole = lost + doubled + disordered + strayed + load.closed.length === 0;
  const rows = [
    `${PLAN.profiles} profiles, ${PLAN.rooms} rooms of ${PLAN.usersPerRoom}: ${sent} messages at ${PER_SECOND}/s, ${expected} deliveries`,
    `lost ${lost}, doubled ${doubled}, out of order ${disordered}, astray ${strayed}, sockets closed ${load.closed.length}`,
    `from sender to receiver p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    `CPU ${(loadedFrom - connectedFrom).toFixed(1)} s to connect, ${cpuSeconds.toFixed(1)} s in ${passedSeconds} s of messages`,
    `memory ${rssMib.map((mib, n) => `${mib.toFixed(1)} MiB at ${MEASURED_AT[n]} s`).join(', ')}: grown by ${growthMib.toFixed(1)} MiB, ${(growthShare * 100).toFixed(1)} % (${isFlat ? 'flat' : 'not flat'})`,
  ];
  for (const row of rows) console.log(`pages: ${row}`);
  for (const one of load.closed) console.log(`pages: closed: ${one}`);
  if (!isFlat || !isWhole) process.exitCode = 1;
} finally {
  for (const undo of undos.toReversed()) await undo();
}
