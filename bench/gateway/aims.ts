// What Portico is to reach beside its rivals, and whether it did in a run. Ratios only: machines differ. Pure.

import { ratioOf, type Entrant } from './entrant.ts';
import { FASTIFY_HTTP_PROXY, NGINX_DOCUMENTED, NGINX_TUNED, PORTICO } from './rivals.ts';
import { ratio, table } from './table.ts';

export interface Aim {
  readonly what: string;
  /** The figure that is compared, round by round. */
  readonly figure: string;
  /** The rival. */
  readonly to: string;
  /** How many times the rival's figure ours has to be. */
  readonly bound: 'at least' | 'at most';
  readonly times: number;
}

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
  const rows = aims.map(({ what, figure, to, bound, times: aimed }) => {
    const times = ratioOf(named(PORTICO), named(to), figure);
    return [`${what}, to ${to}`, `${bound} ${aimed}x`, ratio(times), verdict(times, bound, aimed)];
  });
  return table(['', 'aim', 'measured', 'met'], rows);
}

function verdict(times: number, bound: Aim['bound'], aimed: number): string {
  if (!Number.isFinite(times)) return '–';
  return (bound === 'at least' ? times >= aimed : times <= aimed) ? 'yes' : 'no';
}
