// A process that writes calls as fast as it can and says of each what was acknowledged, until it is killed.
// Arguments: the database, and the number of its first call. Prints `call version`, one line per acknowledgement.

import { writeSync } from 'node:fs';

import { systemClock } from '../../src/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { answered, ended, initiated, missed, ringingCall } from '../contract/calls.ts';

const [, , path = '', first = ''] = process.argv;
const store = openSqliteStore({
  path,
  clock: systemClock,
  onUnreadable: ({ problem }) => {
    throw new Error(problem);
  },
});

for (let n = Number(first); ; n++) {
  const ringing = ringingCall(n);
  const active = answered(ringing);
  await store.insertCall(ringing, [initiated], ringing.createdAtMs);
  acknowledge(n, 1);
  for (const next of [active, ended(active, 'hangup')]) {
    await store.replaceCall(next, [missed, missed], ringing.createdAtMs);
    acknowledge(n, next.version);
  }
}

function acknowledge(n: number, version: number): void {
  writeSync(1, `${n} ${version}\n`);
}
