// Runs cases through both lanes, many pairs of gateways side by side, and tells what differed. A difference counts when
// it shows again on a second and third look; what does not is told apart, for the machine's timing has a part in it.

import { SETTINGS, SETTING_NAMES, type SettingName } from '../harness/lanes/settings.ts';
import { startTwoLanes, type Comparison, type TwoLanes } from '../harness/lanes/rig.ts';
import type { OriginOptions } from '../harness/lanes/origin.ts';
import type { FuzzCase } from './generate.ts';
import { minimise } from './minimise.ts';

export interface FoundDifference {
  readonly found: FuzzCase;
  /** As small as could be had, and what it shows. */
  readonly minimal: FuzzCase;
  readonly difference: string;
}

export interface FuzzReport {
  readonly cases: number;
  /** Cases of which at least one request reached the upstream. */
  readonly forwarded: number;
  readonly differences: readonly FoundDifference[];
  /** What was seen once and not again. */
  readonly unsteady: readonly { readonly found: FuzzCase; readonly difference: string }[];
  /** What the metrics of a pair counted differently, by setting; not looked at where something was unsteady. */
  readonly metrics: readonly string[];
}

export interface FuzzOptions {
  /** Pairs of gateways for each part of a setting's share. */
  readonly pairs?: number;
  /** No more differences than these are made small. */
  readonly maxDifferences?: number;
  readonly maxTries?: number;
  readonly origins?: { readonly spliced?: OriginOptions; readonly plain?: OriginOptions };
  readonly onProgress?: (cases: number) => void;
}

/** Four of eight cases are plain. */
const PAIRS_BY_SETTING: Readonly<Record<SettingName, number>> = {
  plain: 4,
  proxied: 1,
  narrow: 1,
  services: 1,
  unix: 1,
};

/** Longer quiet for a look at what seemed different. */
const CAREFUL_TICKS = 40;

/** @param cases taken one after another by whoever is free in their setting */
export async function runCases(cases: readonly FuzzCase[], options: FuzzOptions = {}): Promise<FuzzReport> {
  const { pairs = 2, maxDifferences = 5, maxTries = 300, origins } = options;
  const report = {
    cases: cases.length,
    forwarded: 0,
    differences: [] as FoundDifference[],
    unsteady: [] as { found: FuzzCase; difference: string }[],
    metrics: [] as string[],
  };
  let done = 0;

  await Promise.all(
    SETTING_NAMES.flatMap((setting) => {
      const queue = cases.filter((one) => one.setting === setting).values();
      return Array.from({ length: PAIRS_BY_SETTING[setting] * pairs }, () => work(setting, queue));
    }),
  );
  return report;

  async function work(setting: SettingName, queue: Iterator<FuzzCase, unknown>): Promise<void> {
    let next = queue.next();
    if (next.done === true) return;
    const lanes = await startTwoLanes(SETTINGS[setting], origins);
    const before = report.unsteady.length + report.differences.length;
    try {
      for (; next.done !== true; next = queue.next()) await look(lanes, next.value);
      if (report.unsteady.length + report.differences.length === before) {
        const difference = await lanes.metricsDifference();
        if (difference !== undefined) report.metrics.push(`${setting}: ${difference}`);
      }
    } finally {
      await lanes.close();
    }
  }

  async function look(lanes: TwoLanes, found: FuzzCase): Promise<void> {
    if (report.differences.length >= maxDifferences) return;
    const seen = await lanes.compare(found);
    if (seen.plain.requests.length > 0) report.forwarded += 1;
    done += 1;
    options.onProgress?.(done);
    if (seen.difference === undefined) return;
    const again = await confirm(lanes, found);
    if (again === undefined) {
      report.unsteady.push({ found, difference: seen.difference });
      return;
    }
    const kind = kindOf(again);
    const minimal = await minimise(
      found,
      async (tried) => {
        const { difference } = await lanes.compare(tried, CAREFUL_TICKS / 2);
        return difference !== undefined && kindOf(difference) === kind;
      },
      maxTries,
    );
    const last: Comparison = await lanes.compare(minimal, CAREFUL_TICKS);
    report.differences.push({ found, minimal, difference: last.difference ?? again });
  }
}

async function confirm(lanes: TwoLanes, found: FuzzCase): Promise<string | undefined> {
  const second = await lanes.compare(found, CAREFUL_TICKS);
  if (second.difference === undefined) return undefined;
  return (await lanes.compare(found, CAREFUL_TICKS)).difference;
}

/** What is compared, without what it was: a smaller case may show it with other bytes. */
function kindOf(difference: string): string {
  return /^[A-Za-z ]+/.exec(difference)?.[0] ?? '';
}
