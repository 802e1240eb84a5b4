// What is old is deleted at the start and then every hour, with its files; and files that belong to nothing.

import { setImmediate } from 'node:timers/promises';

import t from 'tap';

import type { RecordingId } from '../../../src/matrix/ids.ts';
import { startSweep } from '../../../src/recording/sweep.ts';
import { TestClock } from '../../harness/test-clock.ts';

const HOUR_MS = 3_600_000;

function id(n: number): RecordingId {
  return n.toString(16).padStart(32, '0') as RecordingId;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await setImmediate();
}

await t.test(
  'rows go by their age, files when they have no row, hourly, past failures, until stopped',
  async (t) => {
    const clock = new TestClock();
    const rows = new Map(
      Array.from({ length: 120 }, (_, n) => [id(n), clock.nowMs() + (n < 110 ? 0 : HOUR_MS)]),
    );
    const files = new Set([...rows.keys(), ...Array.from({ length: 600 }, (_, n) => id(1_000 + n))]);
    const asked: number[] = [];
    const failures: unknown[] = [];
    let swept = 0;
    const stop = startSweep({
      store: {
        nowMs: async () => clock.nowMs(),
        deleteRecordingsEndedBefore: async (beforeMs) => {
          const old = [...rows].filter(([, endedMs]) => endedMs < beforeMs).slice(0, 50);
          for (const [name] of old) rows.delete(name);
          return old.map(([name]) => name);
        },
        knownRecordings: async (ids) => {
          asked.push(ids.length);
          if (clock.monotonicMs() === HOUR_MS) throw new Error('locked');
          return new Set(ids.filter((name) => rows.has(name)));
        },
      },
      files: { list: async () => [...files], remove: async (name) => void files.delete(name) },
      keepMs: HOUR_MS,
      clock,
      onSwept: async () => void (swept += 1),
      onFailed: (error) => void failures.push(error),
    });
    await settle();
    t.same([rows.size, files.size], [120, 120], 'what belongs to nothing is gone at once');
    t.same(asked, [500, 220], 'asked for in pieces');
    clock.advance(HOUR_MS);
    await settle();
    t.same([rows.size, failures.length, swept], [120, 1, 1], 'not older than is kept, and a failure');
    clock.advance(HOUR_MS);
    await settle();
    t.same([rows.size, files.size, swept], [10, 10, 2]);
    stop();
    clock.advance(10 * HOUR_MS);
    await settle();
    t.equal(swept, 2);
  },
);
