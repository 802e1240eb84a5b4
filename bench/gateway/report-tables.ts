// The table of each scenario, with what its figures mean. Pure.

import { addedTo, DIRECT, medianOf, ratioOf, summaryOf, type Entrant } from './entrant.ts';
import { NGINX_DOCUMENTED, NGINX_TUNED } from './rivals.ts';
import {
  HELD_REQUESTS,
  STEADY_PER_SECOND,
  STEADY_TIMES,
  SYNAPSE_CONNECTIONS,
  TRANSFERS,
} from './scenarios.ts';
import { SMALL_CONNECTIONS } from './small-answers.ts';
import { figure, percent, ratio, table } from './table.ts';
import { HANDSHAKE_LANES, IDLE_CONNECTIONS } from './tls-scenarios.ts';

interface Column {
  readonly title: string;
  readonly cell: (entrant: Entrant) => string;
}

/** Paragraphs of Markdown. Who has no figure of a scenario is not in its table, and a table without anybody is left out. */
export function renderTables(entrants: readonly Entrant[]): readonly string[] {
  const direct = entrants.find(({ name }) => name === DIRECT);
  const against = (name: string): readonly Column[] => [
    {
      title: 'to nginx documented',
      cell: (entrant) => comparison(entrants, entrant, NGINX_DOCUMENTED, name),
    },
    { title: 'to nginx tuned', cell: (entrant) => comparison(entrants, entrant, NGINX_TUNED, name) },
  ];
  /** @param of the figure without which there is no row */
  const show = (of: string, columns: readonly Column[]): readonly string[] => {
    const shown = entrants.filter((entrant) => Number.isFinite(medianOf(entrant, of)));
    if (shown.length === 0) return [];
    const rows = shown.map((entrant) => [entrant.name, ...columns.map(({ cell }) => cell(entrant))]);
    return [table(['', ...columns.map(({ title }) => title)], rows)];
  };
  const small = (prefix: 'small' | 'tls'): readonly string[] =>
    show(`${prefix}PerSecond`, [
      plain('per CPU second', `${prefix}PerCpuSecond`),
      spread(`${prefix}PerCpuSecond`),
      ...against(`${prefix}PerCpuSecond`),
      plain('per second', `${prefix}PerSecond`),
      { title: 'core busy', cell: (entrant) => percent(medianOf(entrant, `${prefix}CoreShare`)) },
    ]);
  return [
    ...section(
      'Small answers',
      `GET of 1 kB on ${SMALL_CONNECTIONS} connections that are kept, each asking again as soon as it is answered: what ` +
        `forwarding itself costs. Where the core of the proxy is not busy, the load generator and the server behind are the ` +
        `limit: then only what a second of CPU answers compares.`,
      small('small'),
    ),
    ...section(
      'Small answers over TLS',
      `The same on ${SMALL_CONNECTIONS} TLS 1.3 connections that are kept: what encryption adds to it. The server behind is ` +
        `asked by plain HTTP.`,
      small('tls'),
    ),
    ...section(
      'TLS handshakes',
      `A new connection for each small answer, ${HANDSHAKE_LANES} at once: whole handshakes with a certificate of ECDSA P-256, ` +
        `and handshakes that go on with the session of the connection before (resumed says how many did). It is what clients ` +
        `cost that come and go.`,
      show('handshakesPerCpuSecond', [
        plain('whole per CPU second', 'handshakesPerCpuSecond'),
        spread('handshakesPerCpuSecond'),
        ...against('handshakesPerCpuSecond'),
        plain('resumed per CPU second', 'resumedPerCpuSecond'),
        spread('resumedPerCpuSecond'),
        ...against('resumedPerCpuSecond'),
        { title: 'resumed', cell: (entrant) => percent(medianOf(entrant, 'resumedShare')) },
      ]),
    ),
    ...section(
      'Idle TLS connections',
      `Resident memory for each of ${thousands(IDLE_CONNECTIONS)} TLS connections that have had one answer and idle.`,
      show('idleTlsKib', [plain('KiB each', 'idleTlsKib'), spread('idleTlsKib'), ...against('idleTlsKib')]),
    ),
    ...section(
      `Latency at ${thousands(STEADY_PER_SECOND)} requests a second`,
      `The small answer by plain HTTP at a fixed rate on ${SMALL_CONNECTIONS} connections that are kept, counted from when ` +
        `each was due, in ${STEADY_TIMES} times as many turns. Added is what is more than without a proxy.`,
      show('steadyP99Ms', [
        plain('p50 ms', 'steadyP50Ms'),
        plain('p99 ms', 'steadyP99Ms'),
        spread('steadyP99Ms'),
        { title: 'added p99 ms', cell: (entrant) => added(entrant, direct, 'steadyP99Ms') },
        { title: 'core busy', cell: (entrant) => percent(medianOf(entrant, 'steadyCoreShare')) },
      ]),
    ),
    ...section(
      'Held requests',
      `${thousands(HELD_REQUESTS)} \`/sync\` waiting at once, opened as fast as the proxy passes them on: resident memory for ` +
        `each, with both of its connections, a second after the last of them, and CPU from its opening to its answer. What a ` +
        `runtime has not collected yet counts.`,
      show('heldCpuMs', [
        plain('KiB each', 'heldKib'),
        spread('heldKib'),
        ...against('heldKib'),
        plain('CPU ms each', 'heldCpuMs'),
      ]),
    ),
    ...section(
      'Transfers of 10 MiB',
      `${TRANSFERS} at once, by plain HTTP. Growth is of resident memory, from after the warm-up to the end.`,
      (['down', 'up'] as const).flatMap((direction) =>
        show(`${direction}MibPerSecond`, [
          plain(`${direction} MiB/s`, `${direction}MibPerSecond`),
          plain('MiB per CPU second', `${direction}MibPerCpuSecond`),
          spread(`${direction}MibPerCpuSecond`),
          ...against(`${direction}MibPerCpuSecond`),
          plain('memory MiB', `${direction}RssMib`),
          plain('growth MiB', `${direction}GrowthMib`),
        ]),
      ),
    ),
    ...section(
      'In front of a real Synapse',
      `${SYNAPSE_CONNECTIONS} connections. Synapse shares its core with the load generator, and is the limit: what a proxy ` +
        `costs Synapse itself shows in its CPU for each answer.`,
      (['whoami', 'sync'] as const).flatMap((name) =>
        show(`${name}PerSecond`, [
          plain(`${name} per second`, `${name}PerSecond`),
          spread(`${name}PerSecond`),
          ...against(`${name}PerSecond`),
          plain('Synapse CPU ms', `${name}SynapseCpuMs`),
          plain('proxy CPU ms', `${name}RivalCpuMs`),
        ]),
      ),
    ),
  ];
}

function section(title: string, text: string, tables: readonly string[]): readonly string[] {
  return tables.length === 0 ? [] : [`## ${title}`, text, ...tables];
}

function plain(title: string, name: string): Column {
  return { title, cell: (entrant) => figure(medianOf(entrant, name)) };
}

function spread(name: string): Column {
  return { title: '±', cell: (entrant) => percent(summaryOf(entrant, name)?.spread) };
}

function comparison(entrants: readonly Entrant[], entrant: Entrant, to: string, name: string): string {
  const other = entrants.find((one) => one.name === to);
  return ratio(ratioOf(entrant, other, name));
}

function added(entrant: Entrant, direct: Entrant | undefined, name: string): string {
  if (direct === undefined || entrant === direct) return figure(undefined);
  return figure(addedTo(entrant, direct, name));
}

function thousands(count: number): string {
  return count.toLocaleString('en-GB');
}
