// How a server is loaded: as fast as it answers (closed loop), at a fixed rate (open loop), or by requests that all wait.
// A run in which one answer is missing or wrong is no measurement, and throws.

import { openConnection, type Connection, type Question } from './connection.ts';

/** Over this many requests that find no free connection, the server is so far behind that latencies mean nothing. */
const MAX_QUEUED = 100_000;
/** Few enough at once not to overflow the queue of connections not yet accepted, whose overflow costs a second each. */
const OPENED_AT_ONCE = 100;
const OPEN_EVERY_MS = 20;
const GRACE_MS = 20_000;

export interface Load {
  readonly port: number;
  readonly question: Question;
  readonly connections: number;
  readonly durationMs: number;
}

export interface ClosedLoopResult {
  readonly answers: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
}

/** Each connection asks again as soon as it has its answer. */
export async function runClosedLoop(load: Load): Promise<ClosedLoopResult> {
  const connections = openAll(load);
  const startedMs = performance.now();
  let answers = 0;
  try {
    await Promise.all(
      connections.map(
        (connection) =>
          new Promise<void>((resolve, reject) => {
            const again = (fault?: string): void => {
              if (fault !== undefined) {
                reject(new Error(fault));
                return;
              }
              answers += 1;
              if (performance.now() - startedMs < load.durationMs) connection.ask(again);
              else resolve();
            };
            connection.ask(again);
          }),
      ),
    );
    return { answers, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * @returns the milliseconds of every answer, counted from when its request was due, so that what waits for a free
 *   connection behind a slow answer counts as slow too
 */
export async function runOpenLoop(load: Load & { readonly perSecond: number }): Promise<readonly number[]> {
  const { perSecond, durationMs } = load;
  const connections = openAll(load);
  const total = Math.floor((perSecond * durationMs) / 1_000);
  const free = [...connections];
  const queuedDueMs: number[] = [];
  const tookMs: number[] = [];
  const startedMs = performance.now();
  let due = 0;
  let fault: string | undefined;
  const sendQueued = (): void => {
    while (free.length > 0 && queuedDueMs.length > 0) {
      const connection = free.shift() as Connection;
      const dueMs = queuedDueMs.shift() as number;
      connection.ask((wrong) => {
        fault ??= wrong;
        tookMs.push(performance.now() - dueMs);
        free.push(connection);
        sendQueued();
      });
    }
  };
  try {
    while (tookMs.length < total) {
      const passedMs = performance.now() - startedMs;
      for (; due < total && (due * 1_000) / perSecond <= passedMs; due += 1)
        queuedDueMs.push(startedMs + (due * 1_000) / perSecond);
      sendQueued();
      if (queuedDueMs.length > MAX_QUEUED) fault ??= `${queuedDueMs.length} requests behind`;
      if (passedMs > durationMs + GRACE_MS) fault ??= `${total - tookMs.length} answers missing`;
      if (fault !== undefined) throw new Error(fault);
      await pause(1);
    }
    return tookMs;
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** `connections` requests, one on each, opened at a bearable pace. Their answers are awaited by `answered`. */
export function holdRequests(load: Omit<Load, 'durationMs'>): {
  readonly answered: Promise<unknown>;
  close(): void;
} {
  const connections = openAll(load);
  const opened = async (): Promise<void> => {
    const answers: Promise<void>[] = [];
    for (const [n, connection] of connections.entries()) {
      if (n % OPENED_AT_ONCE === OPENED_AT_ONCE - 1) await pause(OPEN_EVERY_MS);
      answers.push(
        new Promise<void>((resolve, reject) => {
          connection.ask((fault) => (fault === undefined ? resolve() : reject(new Error(fault))));
        }),
      );
      // Judged together below; until then a fault must not count as one that nobody looks at.
      answers.at(-1)?.catch(() => undefined);
    }
    await Promise.all(answers);
  };
  return {
    answered: opened(),
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function openAll({ port, question, connections }: Omit<Load, 'durationMs'>): readonly Connection[] {
  return Array.from({ length: connections }, () => openConnection(port, question));
}
