// How a server is loaded: as fast as it answers (closed loop), at a fixed rate (open loop), by a new connection for each
// request, or by connections that stay. A run in which one answer is missing or wrong is no measurement, and throws.

import { openConnection, type Connection, type Question, type Sessions, type Target } from './connection.ts';

/** Over this many requests that find no free connection, the server is so far behind that latencies mean nothing. */
const MAX_QUEUED = 100_000;
const GRACE_MS = 20_000;
/**
 * Held requests that have not come through yet. Fewer than the 511 connections that most servers let wait for being
 * accepted: the kernel drops what is more, and tries again seconds later, or resets it.
 */
const MAX_ON_THE_WAY = 256;
const LOOK_EVERY_MS = 5;
/** Longer than the kernel takes to try again, several times over. */
const STALL_LIMIT_MS = 30_000;
/** Connections that stay are opened by this many at a time. */
const OPENED_AT_ONCE = 32;

export interface Load {
  readonly target: Target;
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

export interface OpenLoad extends Load {
  readonly perSecond: number;
  /** Asked before, on the same connections, at the same rate: opening them is not what a fixed rate is about. */
  readonly settleMs: number;
}

/**
 * @returns the milliseconds of every answer after `settleMs`, counted from when its request was due, so that what waits for
 *   a free connection behind a slow answer counts as slow too
 */
export async function runOpenLoop(load: OpenLoad): Promise<readonly number[]> {
  const { perSecond, settleMs } = load;
  const durationMs = settleMs + load.durationMs;
  const connections = openAll(load);
  const total = Math.floor((perSecond * durationMs) / 1_000);
  const free = [...connections];
  /** Counted from the start. */
  const queuedDueMs: number[] = [];
  const tookMs: number[] = [];
  const startedMs = performance.now();
  let [due, answers] = [0, 0];
  let fault: string | undefined;
  const sendQueued = (): void => {
    while (free.length > 0 && queuedDueMs.length > 0) {
      const connection = free.shift() as Connection;
      const dueMs = queuedDueMs.shift() as number;
      connection.ask((wrong) => {
        fault ??= wrong;
        answers += 1;
        if (dueMs >= settleMs) tookMs.push(performance.now() - startedMs - dueMs);
        free.push(connection);
        sendQueued();
      });
    }
  };
  try {
    for (;;) {
      if (fault !== undefined) throw new Error(fault);
      if (answers === total) return tookMs;
      const passedMs = performance.now() - startedMs;
      for (; due < total && (due * 1_000) / perSecond <= passedMs; due += 1)
        queuedDueMs.push((due * 1_000) / perSecond);
      sendQueued();
      if (queuedDueMs.length > MAX_QUEUED) fault ??= `${queuedDueMs.length} requests behind`;
      if (passedMs > durationMs + GRACE_MS) fault ??= `${total - answers} answers missing`;
      await pause(1);
    }
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** How fast connections come and go. */
export interface HandshakesResult extends ClosedLoopResult {
  /** How many of the connections went on with a session from before. */
  readonly resumed: number;
}

/** @param load each of its connections is closed behind its answer, and another one opened in its place */
export async function runHandshakes(load: Load & { readonly resumes: boolean }): Promise<HandshakesResult> {
  const { target, question, connections, durationMs, resumes } = load;
  const startedMs = performance.now();
  let answers = 0;
  const lane = async (): Promise<number> => {
    const sessions: Sessions = { latest: undefined, resumed: 0 };
    do {
      const connection = openConnection(target, question, resumes ? sessions : undefined);
      try {
        await answerOf(connection);
      } finally {
        connection.close();
      }
      answers += 1;
    } while (performance.now() - startedMs < durationMs);
    return sessions.resumed;
  };
  const resumed = await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - startedMs) / 1_000;
  return { answers, seconds, resumed: resumed.reduce((sum, of) => sum + of, 0) };
}

export interface IdleConnections {
  /** How many of them nobody has closed. */
  readonly open: number;
  close(): void;
}

/** `connections` connections that have had one answer each, and idle from then on. */
export async function openIdle(load: Omit<Load, 'durationMs'>): Promise<IdleConnections> {
  const connections = openAll(load);
  const close = (): void => {
    for (const connection of connections) connection.close();
  };
  const waiting = [...connections];
  const lane = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await answerOf(next);
  };
  try {
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, lane));
  } catch (error) {
    close();
    throw error;
  }
  return {
    get open() {
      return connections.filter(({ isOpen }) => isOpen).length;
    },
    close,
  };
}

export interface HeldRequests {
  /** Resolves once every request waits at the server behind. */
  readonly held: Promise<void>;
  /** Resolves once all that were asked are answered. @throws with the first fault */
  answered(): Promise<unknown>;
  /** How many are answered, or have failed. */
  readonly answers: number;
  /** What was wrong with each that failed. */
  readonly faults: readonly string[];
  close(): void;
}

/**
 * `connections` requests, one on each, opened as fast as they come through. `held` rejects when they do not.
 * @param countHeld how many the server behind holds now
 */
export function holdRequests(load: Omit<Load, 'durationMs'>, countHeld: () => Promise<number>): HeldRequests {
  const connections = openAll(load);
  const pending: Promise<void>[] = [];
  let answers = 0;
  const faults: string[] = [];
  const askNext = (connection: Connection): void => {
    const answer = answerOf(connection).finally(() => (answers += 1));
    // Judged together below; until then a fault must not count as one that nobody looks at.
    answer.catch((error: unknown) => void faults.push((error as Error).message));
    pending.push(answer);
  };
  const open = async (): Promise<void> => {
    let through = 0;
    let movedMs = performance.now();
    while (through < connections.length) {
      for (const connection of connections.slice(pending.length, through + MAX_ON_THE_WAY))
        askNext(connection);
      await pause(LOOK_EVERY_MS);
      if (faults[0] !== undefined) throw new Error(faults[0]);
      if (answers > 0) throw new Error(`${answers} were answered before all were held`);
      const now = await countHeld();
      if (now !== through) movedMs = performance.now();
      else if (performance.now() - movedMs > STALL_LIMIT_MS)
        throw new Error(`only ${through} of ${connections.length} came through`);
      through = now;
    }
  };
  const held = open();
  return {
    held,
    answered: () => Promise.all(pending),
    faults,
    get answers() {
      return answers;
    },
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

function answerOf(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.ask((fault) => (fault === undefined ? resolve() : reject(new Error(fault))));
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function openAll({ target, question, connections }: Omit<Load, 'durationMs'>): readonly Connection[] {
  return Array.from({ length: connections }, () => openConnection(target, question));
}
