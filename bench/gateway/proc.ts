// What a process and its children have used, as the kernel counts it in /proc: CPU seconds and resident memory. The
// reading of the files' text is pure and apart from the files.

import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel, for user space: the same on every Linux architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  /** In user space and in the kernel; with that of children that have ended and were waited for. */
  readonly cpuSeconds: number;
}

/** @param text of /proc/PID/stat, whose second field may hold spaces and parentheses */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks, endedUserTicks, endedSystemTicks] = fields.slice(11, 15).map(Number);
  const ticks =
    (userTicks ?? Number.NaN) +
    (systemTicks ?? Number.NaN) +
    (endedUserTicks ?? Number.NaN) +
    (endedSystemTicks ?? Number.NaN);
  const stat = {
    pid: Number.parseInt(text, 10),
    parentPid: Number(fields[1]),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
  if (Number.isNaN(stat.pid + stat.parentPid + stat.cpuSeconds))
    throw new Error(`not the stat of a process: ${text.slice(0, 200)}`);
  return stat;
}

/** @param text of /proc/PID/status */
export function parseRssBytes(text: string): number {
  // A process that has just ended has no such line.
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/**
 * What the hypervisor has taken of some cores for other machines while a process here was to run, which is charged for
 * it all the same.
 *
 * @param text of /proc/stat
 */
export function parseStolenSeconds(text: string, cores: readonly number[]): number {
  let ticks = 0;
  for (const core of cores) {
    const fields = new RegExp(`^cpu${core} (.*)$`, 'm').exec(text)?.[1]?.split(' ').map(Number) ?? [];
    ticks += fields[7] ?? Number.NaN;
  }
  return ticks / TICKS_PER_SECOND;
}

/** The process and all below it. */
export function familyOf(pid: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const self = all.filter((stat) => stat.pid === pid);
  const children = all.filter((stat) => stat.parentPid === pid);
  return [...self, ...children.flatMap((child) => familyOf(child.pid, all))];
}

/**
 * The CPU seconds of all processes outside the family of one. They are added up one by one: the time of a core is not
 * that of its processes, because most kernels charge them for the interrupts that they are stopped by.
 */
export function othersSecondsOf(pid: number, all: readonly ProcessStat[]): number {
  return cpuSecondsOfAll(all) - cpuSecondsOfAll(familyOf(pid, all));
}

/** @returns tells which share of these cores' time was stolen since the call, 0 to 1 */
export function watchStolen(cores: readonly number[]): () => number {
  const stolenSeconds = (): number => parseStolenSeconds(readFileSync('/proc/stat', 'utf8'), cores);
  const [startedMs, before] = [performance.now(), stolenSeconds()];
  return () => (stolenSeconds() - before) / (cores.length * secondsSince(startedMs));
}

/** @returns tells how much of one core's time has gone to processes that are not ours since the call: 1 is a whole core */
export function watchOthers(): () => number {
  const [startedMs, before] = [performance.now(), othersSecondsOf(process.pid, readAll())];
  return () => (othersSecondsOf(process.pid, readAll()) - before) / secondsSince(startedMs);
}

export function cpuSecondsOf(pid: number): number {
  return cpuSecondsOfAll(familyOf(pid, readAll()));
}

/** Pages that several of them share are counted for each: of use for what is added, not for what is there. */
export function rssBytesOf(pid: number): number {
  const texts = familyOf(pid, readAll()).map((stat) => readOrEmpty(`/proc/${stat.pid}/status`));
  return texts.reduce((sum, text) => sum + parseRssBytes(text), 0);
}

export function familyPidsOf(pid: number): readonly number[] {
  return familyOf(pid, readAll()).map((stat) => stat.pid);
}

function cpuSecondsOfAll(stats: readonly ProcessStat[]): number {
  return stats.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1_000;
}

function readAll(): readonly ProcessStat[] {
  const names = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  const texts = names.map((name) => readOrEmpty(`/proc/${name}/stat`));
  return texts.filter((text) => text !== '').map((text) => parseStat(text));
}

/** A process may end between the listing and the look. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
