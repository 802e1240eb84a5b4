// What came of requests that were held for minutes, as Markdown. Pure.

import { figure, table } from './table.ts';

/** Portico's process at one moment. */
export interface HeldLook {
  /** `before`, `all held`, `after 3 min`. */
  readonly when: string;
  readonly rssBytes: number;
  /** Used since the look before. */
  readonly cpuSeconds: number;
  /** Requests that wait at the server behind. */
  readonly held: number;
}

export interface HeldRun {
  readonly count: number;
  readonly minutes: number;
  readonly looks: readonly HeldLook[];
  /** Ended in whatever way before they were to be answered. */
  readonly closedEarly: number;
  /** Not answered as they should be in the end, among them those. */
  readonly failed: number;
  /** Each once. */
  readonly faults: readonly string[];
  readonly machine: string;
}

/** Whether it is as it must be: nothing lost. Memory is only told. */
export function isGood({ closedEarly, failed }: HeldRun): boolean {
  return closedEarly + failed === 0;
}

export function renderHeld(run: HeldRun): string {
  const { count, minutes, looks, closedEarly, failed, faults, machine } = run;
  const beforeBytes = looks[0]?.rssBytes ?? Number.NaN;
  const rows = looks.map(({ when, rssBytes, cpuSeconds, held }) => [
    when,
    held.toLocaleString('en-GB'),
    figure(rssBytes / 1_024 ** 2),
    figure(held === 0 ? undefined : (rssBytes - beforeBytes) / held / 1_024),
    figure(cpuSeconds),
  ]);
  return [
    `${count.toLocaleString('en-GB')} \`/sync\` held for ${minutes} min in one process of Portico, then answered: ` +
      `${closedEarly} closed early, ${failed} not answered rightly (aim: none of either). Machine: ${machine}.`,
    table(['', 'held', 'memory MiB', 'KiB each', 'CPU s'], rows),
    ...(faults.length === 0 ? [] : [faults.map((fault) => `- ${fault}`).join('\n')]),
  ].join('\n\n');
}
