// Makes a case smaller as long as it still shows what it showed: steps first, then lines, then bytes. It knows nothing of
// lanes; whether a case still shows it is asked.

import type { Step } from '../harness/lanes/client.ts';
import type { FuzzCase } from './generate.ts';

/** From coarse to fine: a long body goes first. */
const SPLITS: readonly ((text: string) => string[])[] = [
  bySize(1_000),
  byLines,
  bySize(100),
  bySize(16),
  bySize(4),
  bySize(1),
];

export type Shows = (tried: FuzzCase) => Promise<boolean>;

/** @param maxTries how often `shows` may be asked */
export async function minimise(found: FuzzCase, shows: Shows, maxTries = 400): Promise<FuzzCase> {
  let best = found;
  let tries = 0;
  const keepIfShows = async (smaller: FuzzCase): Promise<boolean> => {
    if (tries >= maxTries) return false;
    tries += 1;
    if (!(await shows(smaller))) return false;
    best = smaller;
    return true;
  };
  if (best.isWarm === true) await keepIfShows({ ...best, isWarm: false });
  await keepIfShows({ ...best, steps: joined(best.steps) });
  for (let i = best.steps.length - 1; i >= 0; i -= 1) {
    await keepIfShows({ ...best, steps: best.steps.filter((_, at) => at !== i) });
  }
  for (let i = 0; i < best.steps.length; i += 1) {
    for (const split of SPLITS) await shorten(i, split);
  }
  return best;

  /** Leaves out one piece of a step after the other. */
  async function shorten(i: number, split: (text: string) => string[]): Promise<void> {
    for (let piece = 0; ;) {
      const step = best.steps[i];
      if (tries >= maxTries || step === undefined || !('send' in step)) return;
      const pieces = split(step.send);
      if (piece >= pieces.length) return;
      const send = pieces.filter((_, at) => at !== piece).join('');
      const steps = best.steps.map((other, at): Step => (at === i ? { send } : other));
      // What has gone makes room: the next piece is at the same place.
      const hasGone = send !== '' && (await keepIfShows({ ...best, steps }));
      if (!hasGone) piece += 1;
    }
  }
}

/** Without pauses within what is sent. */
function joined(steps: readonly Step[]): Step[] {
  const result: Step[] = [];
  for (const step of steps) {
    if ('do' in step && step.do === 'breathe') continue;
    const last = result.at(-1);
    if (last !== undefined && 'send' in last && 'send' in step) {
      result[result.length - 1] = { send: last.send + step.send };
    } else result.push(step);
  }
  return result;
}

function byLines(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function bySize(bytes: number): (text: string) => string[] {
  return (text) => text.match(new RegExp(`[^]{1,${bytes}}`, 'g')) ?? [];
}
