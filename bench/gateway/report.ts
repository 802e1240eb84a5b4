// The report of a run beside the rivals, as Markdown for the terminal and for docs/benchmarks.md (page.ts): how it was
// made, the aims, the tables (report-tables.ts), what failed. Pure; measures nothing.

import { AIMS, renderAims } from './aims.ts';
import type { Entrant } from './entrant.ts';
import { renderTables } from './report-tables.ts';
import { SETTLE_MS, TURN_MS } from './scenario.ts';
import { percent, table } from './table.ts';

export interface Run {
  readonly entrants: readonly Entrant[];
  readonly rounds: number;
  readonly seconds: number;
  /** One line: processor, cores, kernel, Node. */
  readonly machine: string;
  /** What processes that are none of the benchmark's took: 1 is the time of one core. */
  readonly othersShare: number;
  /** What the hypervisor took of the two cores for other machines, 0 to 1. */
  readonly stolenShare: number;
}

export function renderReport(run: Run): string {
  const { entrants } = run;
  const faults = entrants.flatMap(({ name, faults: all }) => all.map((fault) => `- ${name}: ${fault}`));
  return [
    ...conditions(run),
    '## Aims',
    renderAims(AIMS, entrants),
    ...renderTables(entrants),
    ...(faults.length === 0 ? [] : ['## What failed', faults.join('\n')]),
  ].join('\n\n');
}

function conditions({
  entrants,
  rounds,
  seconds,
  machine,
  othersShare,
  stolenShare,
}: Run): readonly string[] {
  return [
    `What shows speed is the median of ${rounds * seconds} turns: everybody is started first and stays, then each has a turn ` +
      `of ${TURN_MS / 1_000} s after ${SETTLE_MS / 1_000} s to get warm again, in an order of its own each time, so that each ` +
      `comes behind every other one. What shows memory, and the transfers, is the median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, each in a fresh process and for ` +
      `${seconds} s. Behind ± is half the distance between the quartiles, a dash is what was not measured. What is compared ` +
      `(to, added) is compared within each turn or round, and the median is of that: what else the machine does is another ` +
      `thing from minute to minute. Every answer's status and length were checked.`,
    `Machine: ${machine}. Load generator and server behind on core 0, the proxy on core 1, with one worker or thread where ` +
      `that is set; HTTP/1.1 over loopback, without logs of requests. Processes that have nothing to do with it took ` +
      `${percent(othersShare)} of one core's time, and the hypervisor took ${percent(stolenShare)} of both for other machines, ` +
      `which whoever ran is charged for. CPU seconds are those of the proxy with its children, in user space and in ` +
      `the kernel; resident memory likewise.`,
    `With TLS, everybody shows the same self-signed certificate (ECDSA P-256) and offers TLS 1.2 and 1.3; the load generator ` +
      `checks it, asks for HTTP/1.1, and gets TLS 1.3. All else about TLS is each one's default.`,
    table(
      ['', 'Version', 'Set up'],
      entrants
        .filter(({ version }) => version !== '')
        .map(({ name, version, setup }) => [name, version, setup]),
    ),
  ];
}
