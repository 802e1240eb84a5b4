// Runs a table of cases through both lanes and asserts of each that nobody can tell the two apart. Pairs of gateways work
// side by side, for each case waits until nothing moves any more.

import type { Test } from 'tap';

import { startTwoLanes, type LaneCase } from './rig.ts';
import { SETTINGS, type SettingName } from './settings.ts';

export interface NamedCase extends LaneCase {
  readonly name: string;
  /** The statuses of the answers, interim ones too; to be sure that the case is what its name says. */
  readonly statuses?: readonly number[];
}

/** Longer quiet for a look at what seemed different: the machine's timing is nobody's fault. */
const CAREFUL_TICKS = 40;
const PAIRS = 4;

export async function compareAll(t: Test, setting: SettingName, cases: readonly NamedCase[]): Promise<void> {
  const queue = cases.values();
  let areSame = true;
  const work = async (): Promise<void> => {
    const lanes = await startTwoLanes(SETTINGS[setting]);
    t.teardown(() => lanes.close());
    for (const { name, statuses, ...laneCase } of queue) {
      let compared = await lanes.compare(laneCase);
      if (compared.difference !== undefined) compared = await lanes.compare(laneCase, CAREFUL_TICKS);
      const { difference } = compared;
      areSame &&= difference === undefined;
      if (difference === undefined) t.pass(`${setting}: ${name}`);
      else t.fail(`${setting}: ${name}`, { splicedFirst: difference });
      if (statuses === undefined) continue;
      const given = compared.plain.answers.map(({ head }) => Number(head.slice(9, 12)));
      t.strictSame(given, statuses, `${setting}: ${name}: the statuses`);
    }
    // What was told apart above is counted apart.
    if (areSame) t.equal(await lanes.metricsDifference(), undefined, `${setting}: the metrics`);
  };
  await Promise.all(Array.from({ length: Math.min(PAIRS, cases.length) }, work));
}
