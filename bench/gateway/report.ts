// The tables of a run, as Markdown for the terminal and for docs/benchmarks.md. Pure; measures nothing.

import { NGINX_DOCUMENTED, NGINX_TUNED } from './rivals.ts';
import {
  HELD_REQUESTS,
  SMALL_CONNECTIONS,
  STEADY_PER_SECOND,
  SYNAPSE_CONNECTIONS,
  TRANSFERS,
  type Figures,
} from './scenarios.ts';
import { summarise, type Summary } from './statistics.ts';
import { figure, percent, ratio, table } from './table.ts';

export const DIRECT = 'direct, no proxy';

export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly setup: string;
  /** Of every round; a round lacks the figures of a scenario that failed in it. */
  readonly rounds: readonly Figures[];
  /** What went wrong, once for each scenario and reason. */
  readonly faults: readonly string[];
}

export interface Run {
  readonly entrants: readonly Entrant[];
  readonly rounds: number;
  readonly seconds: number;
  /** One line: processor, cores, kernel, Node. */
  readonly machine: string;
  /** What processes that are none of the benchmark's took of the two cores, 0 to 1. */
  readonly othersShare: number;
}

interface Column {
  readonly title: string;
  readonly cell: (entrant: Entrant) => string;
}

export function renderReport(run: Run): string {
  const { entrants } = run;
  const show = (columns: readonly Column[]): string =>
    table(
      ['', ...columns.map(({ title }) => title)],
      entrants.map((entrant) => [entrant.name, ...columns.map(({ cell }) => cell(entrant))]),
    );
  const against = (name: string): readonly Column[] => [
    {
      title: 'to nginx documented',
      cell: (entrant) => comparison(entrants, entrant, NGINX_DOCUMENTED, name),
    },
    { title: 'to nginx tuned', cell: (entrant) => comparison(entrants, entrant, NGINX_TUNED, name) },
  ];
  const direct = entrants.find(({ name }) => name === DIRECT);
  const faults = entrants.flatMap(({ name, faults: all }) => all.map((fault) => `- ${name}: ${fault}`));
  return [
    ...conditions(run),
    `## Small answers`,
    `GET of 1 kB on ${SMALL_CONNECTIONS} connections, each asking again as soon as it is answered. Where the core of the ` +
      `proxy is not busy, the load generator and the server behind are the limit: then only what a second of CPU answers ` +
      `compares.`,
    show([
      { title: 'per CPU second', cell: plain('smallPerCpuSecond') },
      spread('smallPerCpuSecond'),
      ...against('smallPerCpuSecond'),
      { title: 'per second', cell: plain('smallPerSecond') },
      { title: 'core busy', cell: (entrant) => percent(medianOf(entrant, 'smallCoreShare')) },
    ]),
    `## Latency at ${STEADY_PER_SECOND.toLocaleString('en-GB')} requests a second`,
    `The same request at a fixed rate, counted from when each was due. Added is what is more than without a proxy.`,
    show([
      { title: 'p50 ms', cell: plain('steadyP50Ms') },
      { title: 'p99 ms', cell: plain('steadyP99Ms') },
      spread('steadyP99Ms'),
      { title: 'added p99 ms', cell: (entrant) => added(entrant, direct, 'steadyP99Ms') },
      { title: 'core busy', cell: (entrant) => percent(medianOf(entrant, 'steadyCoreShare')) },
    ]),
    `## Held requests`,
    `${HELD_REQUESTS.toLocaleString('en-GB')} \`/sync\` waiting at once: resident memory for each, with both of its ` +
      `connections, and CPU from its opening to its answer.`,
    show([
      { title: 'KiB each', cell: plain('heldKib') },
      spread('heldKib'),
      ...against('heldKib'),
      { title: 'CPU ms each', cell: plain('heldCpuMs') },
    ]),
    `## Transfers of 10 MiB`,
    `${TRANSFERS} at once. Growth is of resident memory, from after the warm-up to the end.`,
    ...(['down', 'up'] as const).map((direction) =>
      show([
        { title: `${direction} MiB/s`, cell: plain(`${direction}MibPerSecond`) },
        { title: 'MiB per CPU second', cell: plain(`${direction}MibPerCpuSecond`) },
        spread(`${direction}MibPerCpuSecond`),
        ...against(`${direction}MibPerCpuSecond`),
        { title: 'memory MiB', cell: plain(`${direction}RssMib`) },
        { title: 'growth MiB', cell: plain(`${direction}GrowthMib`) },
      ]),
    ),
    `## In front of a real Synapse`,
    `${SYNAPSE_CONNECTIONS} connections. Synapse shares its core with the load generator.`,
    ...(['whoami', 'sync'] as const).map((name) =>
      show([
        { title: `${name} per second`, cell: plain(`${name}PerSecond`) },
        spread(`${name}PerSecond`),
        ...against(`${name}PerSecond`),
        { title: 'Synapse CPU ms', cell: plain(`${name}SynapseCpuMs`) },
        { title: 'proxy CPU ms', cell: plain(`${name}RivalCpuMs`) },
      ]),
    ),
    ...(faults.length === 0 ? [] : ['## What failed', faults.join('\n')]),
  ].join('\n\n');
}

function conditions({ entrants, rounds, seconds, machine, othersShare }: Run): readonly string[] {
  return [
    `Median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'} in one run, ${seconds} s for each figure after a warm-up; in ` +
      `every round everybody ran in turn, each scenario in a fresh process. Behind ± is half the distance from the ` +
      `smallest to the largest, a dash is what was not measured. Every answer's status and length were checked.`,
    `Machine: ${machine}. Load generator and server behind on core 0, the proxy on core 1, with one worker or thread where ` +
      `that is set. Plain HTTP over loopback, without logs of requests. Processes that have nothing to do with it took ` +
      `${percent(othersShare)} of the two cores.`,
    table(
      ['', 'Version', 'Set up'],
      entrants
        .filter(({ version }) => version !== '')
        .map(({ name, version, setup }) => [name, version, setup]),
    ),
  ];
}

function plain(name: string): (entrant: Entrant) => string {
  return (entrant) => figure(medianOf(entrant, name));
}

function spread(name: string): Column {
  return { title: '±', cell: (entrant) => percent(summaryOf(entrant, name)?.spread) };
}

function comparison(entrants: readonly Entrant[], entrant: Entrant, to: string, name: string): string {
  const other = entrants.find((one) => one.name === to);
  return ratio(medianOf(entrant, name), other && medianOf(other, name));
}

function added(entrant: Entrant, direct: Entrant | undefined, name: string): string {
  if (direct === undefined || entrant === direct) return figure(undefined);
  return figure((medianOf(entrant, name) ?? Number.NaN) - (medianOf(direct, name) ?? Number.NaN));
}

function medianOf(entrant: Entrant, name: string): number | undefined {
  return summaryOf(entrant, name)?.median;
}

/** Of the rounds that have the figure. */
function summaryOf({ rounds }: Entrant, name: string): Summary | undefined {
  const values = rounds.map((figures) => figures[name]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : summarise(values);
}
