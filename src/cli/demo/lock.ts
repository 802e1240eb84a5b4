// One process at a time on a folder: the holder keeps an exclusive SQLite transaction open on `<path>`.
// The operating system lets go of it when the holder dies, so that no lock can be stale and none needs a takeover
// (a folder with a pid in it would: the pid may be reused, and two takers may each remove the other's lock).
// Knows nothing of what the lock protects.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { pause } from './pause.ts';

const SQLITE_BUSY = 5;
const POLL_MS = 100;

export interface Lock {
  /** Lets go; calling it twice is harmless. */
  release(): Promise<void>;
}

export interface LockWait {
  /** Called once, with the holder's pid where it is known, when the lock is not free at once. */
  onWait?: (holderPid: number | undefined) => void;
  signal?: AbortSignal;
}

/** Takes the lock, or tells by `undefined` that another holder has it. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  const pidFile = pidFileOf(path);
  try {
    await writeFile(pidFile, `${process.pid}\n`);
  } catch (error) {
    database.close();
    throw error;
  }
  let isHeld = true;
  return {
    release: async () => {
      if (!isHeld) return;
      isHeld = false;
      await rm(pidFile, { force: true });
      database.close();
    },
  };
}

/** Takes the lock, waiting for its holder as long as that takes. */
export async function takeLock(path: string, wait: LockWait = {}): Promise<Lock> {
  let hasTold = false;
  for (;;) {
    wait.signal?.throwIfAborted();
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    if (!hasTold) {
      hasTold = true;
      wait.onWait?.(await lockHolderPid(path));
    }
    await pause(POLL_MS, wait.signal);
  }
}

/** The holder's pid, for a message: it says nothing of whether the lock is held. */
export async function lockHolderPid(path: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(pidFileOf(path), 'utf8'), 10);
    return Number.isSafeInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function pidFileOf(path: string): string {
  return `${path}.pid`;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
