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

/** What was done with some cores since the machine started. */
export interface CoreTime {
  /** Spent on processes. Interrupts are left out: no process is charged for them. */
  readonly workSeconds: number;
  /** Taken by the hypervisor for other machines while a process here was to run, which is charged for it all the same. */
  readonly stolenSeconds: number;
}

/** @param text of /proc/stat */
export function parseCoreTime(text: string, cores: readonly number[]): CoreTime {
  let [work, stolen] = [0, 0];
  for (const core of cores) {
    const fields = new RegExp(`^cpu${core} (.*)$`, 'm').exec(text)?.[1]?.split(' ').map(Number) ?? [];
    const [user = Number.NaN, nice = 0, system = 0, , , , , steal = 0] = fields;
    work += user + nice + system;
    stolen += steal;
  }
  return { workSeconds: work / TICKS_PER_SECOND, stolenSeconds: stolen / TICKS_PER_SECOND };
}

/** The process and all below it. */
export function familyOf(pid: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const self = all.filter((stat) => stat.pid === pid);
  const children = all.filter((stat) => stat.parentPid === pid);
  return [...self, ...children.flatMap((child) => familyOf(child.pid, all))];
}

export function coreTimeOf(cores: readonly number[]): CoreTime {
  return parseCoreTime(readFileSync('/proc/stat', 'utf8'), cores);
}

/** @returns tells which share of these cores' time was stolen since the call, 0 to 1 */
export function watchStolen(cores: readonly number[]): () => number {
  const [startedMs, before] = [performance.now(), coreTimeOf(cores)];
  return () => {
    const stolenSeconds = coreTimeOf(cores).stolenSeconds - before.stolenSeconds;
    return stolenSeconds / (cores.length * ((performance.now() - startedMs) / 1_000));
  };
}

export function cpuSecondsOf(pid: number): number {
  return familyOf(pid, readAll()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Pages that several of them share are counted for each: of use for what is added, not for what is there. */
export function rssBytesOf(pid: number): number {
  const texts = familyOf(pid, readAll()).map((stat) => readOrEmpty(`/proc/${stat.pid}/status`));
  return texts.reduce((sum, text) => sum + parseRssBytes(text), 0);
}

export function familyPidsOf(pid: number): readonly number[] {
  return familyOf(pid, readAll()).map((stat) => stat.pid);
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
