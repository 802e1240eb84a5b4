// How everybody goes through a scenario: in short turns, or started anew for every round. Faults are kept beside the figures,
// so that one who fails does not end a run of an hour.

import { startBetween, type Between } from './between.ts';
import { DIRECT, type Figures } from './entrant.ts';
import type { Rival } from './rivals.ts';
import type { InTurns, Scenario, Setting, StartedAnew } from './scenario.ts';
import { turnOrder } from './turn-order.ts';

export interface Entered {
  readonly rival: Rival | undefined;
  /** Of every round or turn, in their order. */
  readonly rounds: Record<string, number>[];
  readonly faults: Set<string>;
}

export async function runScenario(
  scenario: Scenario,
  all: readonly Entered[],
  setting: Setting,
): Promise<void> {
  if ('turn' in scenario) await runInTurns(scenario, all, setting);
  else await runAnew(scenario, all, setting);
}

async function runInTurns(scenario: InTurns, all: readonly Entered[], setting: Setting): Promise<void> {
  const started: { readonly one: Entered; readonly between: Between }[] = [];
  try {
    for (const one of all) {
      const options = scenario.place(setting, one.rival);
      if (options === undefined) continue;
      await attempt(scenario, one, 'start', async () => {
        const between = await startBetween(one.rival, options);
        started.push({ one, between });
        await scenario.warmUp(between, setting);
      });
    }
    const turns = setting.rounds * setting.seconds * (scenario.times ?? 1);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const next of turnOrder(started.length, turn)) {
        const { one, between } = started[next] as (typeof started)[number];
        await attempt(scenario, one, `turn ${turn + 1} of ${turns}`, async () =>
          keep(one, turn, await scenario.turn(between, setting)),
        );
      }
    }
  } finally {
    await Promise.all(started.map(({ between }) => between.stop()));
  }
}

async function runAnew(scenario: StartedAnew, all: readonly Entered[], setting: Setting): Promise<void> {
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const one of all) {
      const options = scenario.place(setting, one.rival);
      if (options === undefined) continue;
      await attempt(scenario, one, `round ${round + 1} of ${setting.rounds}`, async () => {
        const between = await startBetween(one.rival, options);
        try {
          keep(one, round, await scenario.measure(between, setting));
        } finally {
          await between.stop();
        }
      });
    }
  }
}

function keep({ rounds }: Entered, index: number, figures: Figures): void {
  while (rounds.length <= index) rounds.push({});
  Object.assign(rounds[index] ?? {}, figures);
}

async function attempt(
  scenario: Scenario,
  { rival, faults }: Entered,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  console.error(`${scenario.name}: ${rival?.name ?? DIRECT}: ${what}`);
  try {
    await work();
  } catch (error) {
    faults.add(`${scenario.name}: ${(error as Error).message}`);
  }
}
