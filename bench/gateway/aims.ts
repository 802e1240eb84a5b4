// What Portico is to reach beside its rivals, and whether it did in a run. Ratios only: machines differ. Pure.

import { medianOf, type Entrant } from './entrant.ts';
import { NGINX_DOCUMENTED, NGINX_TUNED, PORTICO } from './rivals.ts';
import { ratio, table } from './table.ts';

export interface Aim {
  readonly what: string;
  /** The figure whose medians are compared. */
  readonly figure: string;
  /** The rival. */
  readonly to: string;
  /** How many times the rival's figure ours has to be. */
  readonly bound: 'at least' | 'at most';
  readonly times: number;
}

const OVER_TLS = {
  what: 'small answers over TLS for a CPU second',
  figure: 'tlsPerCpuSecond',
  bound: 'at least',
  times: 0.6,
} as const;

export const AIMS: readonly Aim[] = [
  { ...OVER_TLS, to: NGINX_DOCUMENTED },
  { ...OVER_TLS, to: NGINX_TUNED },
];

export function renderAims(aims: readonly Aim[], entrants: readonly Entrant[]): string {
  const medianBy = (name: string, figure: string): number | undefined => {
    const entrant = entrants.find((one) => one.name === name);
    return entrant && medianOf(entrant, figure);
  };
  const rows = aims.map(({ what, figure, to, bound, times }) => {
    const [ours, theirs] = [medianBy(PORTICO, figure), medianBy(to, figure)];
    return [
      `${what}, to ${to}`,
      `${bound} ${times}x`,
      ratio(ours, theirs),
      verdict(ours, theirs, bound, times),
    ];
  });
  return table(['', 'aim', 'measured', 'met'], rows);
}

function verdict(
  ours: number | undefined,
  theirs: number | undefined,
  bound: Aim['bound'],
  times: number,
): string {
  const quotient = (ours ?? Number.NaN) / (theirs ?? Number.NaN);
  if (!Number.isFinite(quotient)) return '–';
  return (bound === 'at least' ? quotient >= times : quotient <= times) ? 'yes' : 'no';
}
