// What Portico is to reach beside others, and whether it did in a run. Nothing absolute: machines differ. Pure.

import { addedTo, DIRECT, ratioOf, type Entrant } from './entrant.ts';
import { FASTIFY_HTTP_PROXY, NGINX_DOCUMENTED, NGINX_TUNED, PORTICO } from './rivals.ts';
import { figure, ratio, table } from './table.ts';

interface Compared {
  readonly what: string;
  /** Compared round by round. */
  readonly figure: string;
  /** The rival, or the direct connection. */
  readonly to: string;
  readonly bound: 'at least' | 'at most';
}

/** How many times the other's figure ours has to be, or how many milliseconds more. */
export type Aim = Compared & ({ readonly times: number } | { readonly addedMs: number });

const SMALL = {
  what: 'small answers for a CPU second',
  figure: 'smallPerCpuSecond',
  bound: 'at least',
} as const;
const OVER_TLS = {
  what: 'small answers over TLS for a CPU second',
  figure: 'tlsPerCpuSecond',
  bound: 'at least',
  times: 0.6,
} as const;
const WHOAMI = { what: 'whoami of Synapse', figure: 'whoamiPerSecond', bound: 'at least' } as const;
const SYNC = { what: 'sync of Synapse', figure: 'syncPerSecond', bound: 'at least' } as const;

export const AIMS: readonly Aim[] = [
  { ...SMALL, to: NGINX_DOCUMENTED, times: 2 },
  { ...SMALL, to: NGINX_TUNED, times: 0.8 },
  { ...SMALL, to: FASTIFY_HTTP_PROXY, times: 4 },
  { ...OVER_TLS, to: NGINX_DOCUMENTED },
  { ...OVER_TLS, to: NGINX_TUNED },
  {
    what: 'p99 at a fixed rate',
    figure: 'steadyP99Ms',
    to: DIRECT,
    bound: 'at most',
    addedMs: 1,
  },
  { what: 'memory of a held request', figure: 'heldKib', to: NGINX_TUNED, bound: 'at most', times: 1 },
  { what: '10 MiB down', figure: 'downMibPerSecond', to: NGINX_TUNED, bound: 'at least', times: 0.9 },
  { what: '10 MiB up', figure: 'upMibPerSecond', to: NGINX_TUNED, bound: 'at least', times: 0.9 },
  { ...WHOAMI, to: NGINX_DOCUMENTED, times: 1.05 },
  { ...WHOAMI, to: NGINX_TUNED, times: 1 },
  { ...SYNC, to: NGINX_DOCUMENTED, times: 1.05 },
  { ...SYNC, to: NGINX_TUNED, times: 1 },
  {
    what: 'CPU of Synapse for a whoami',
    figure: 'whoamiSynapseCpuMs',
    to: NGINX_TUNED,
    bound: 'at most',
    times: 1,
  },
];

export function renderAims(aims: readonly Aim[], entrants: readonly Entrant[]): string {
  const named = (name: string): Entrant | undefined => entrants.find((one) => one.name === name);
  const rows = aims.map((aim) => {
    const { what, figure: name, to, bound } = aim;
    const [ours, other] = [named(PORTICO), named(to)];
    const [aimed, measured, show] =
      'times' in aim
        ? [aim.times, ratioOf(ours, other, name), ratio]
        : [aim.addedMs, addedTo(ours, other, name), addedMs];
    return [`${what}, to ${to}`, `${bound} ${show(aimed)}`, show(measured), verdict(measured, bound, aimed)];
  });
  return table(['', 'aim', 'measured', 'met'], rows);
}

function addedMs(value: number): string {
  return Number.isFinite(value) ? `${figure(value)} ms more` : figure(undefined);
}

function verdict(measured: number, bound: Aim['bound'], aimed: number): string {
  if (!Number.isFinite(measured)) return '–';
  return (bound === 'at least' ? measured >= aimed : measured <= aimed) ? 'yes' : 'no';
}
