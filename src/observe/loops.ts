// Clients that are disconnected again and again: remembers the last ends of each, says when they are a loop, names it
// again from time to time, and forgets it when it is over. What is behind a loop is loop-causes.ts; nobody is cut off here.

import type { CancelTimer, Clock } from '../clock.ts';
import type { AddressRanges } from '../http/address.ts';
import { explain, type Clue, type Explanation, type LoopCause } from './loop-causes.ts';

/** One end of a socket, or of an attempt to open one. */
export interface ConnectionEnd {
  /** Resolved bare client address. */
  readonly address: string;
  /** Without its query. */
  readonly path: string;
  /** If it is known whose socket it was. */
  readonly userId?: string | undefined;
  readonly clue: Clue;
  /** How long the socket was open; 0 for one that never was. */
  readonly lifetimeMs: number;
}

export interface Loop extends Explanation {
  readonly address: string;
  readonly path: string;
  readonly userId: string | undefined;
  readonly cause: LoopCause;
  readonly endsPerMinute: number;
  /** On the wall clock: since when it is a loop, and its latest end. */
  readonly sinceMs: number;
  readonly lastMs: number;
}

export interface LoopsParts {
  /** `observe.loop_threshold` */
  readonly threshold: number;
  /** Where sockets are served, for advice. */
  readonly socketPaths: readonly string[];
  /** Everybody is behind these. */
  readonly trustedProxies: Pick<AddressRanges, 'has'>;
  readonly clock: Clock;
  /** A loop has begun, or has gone on for a while since this was said of it. */
  readonly onNamed: (loop: Loop) => void;
}

/** Those whose ends are remembered; the one that was disconnected longest ago is forgotten first. */
const MAX_CLIENTS = 2_000;
const MAX_SHOWN = 50;
/** A client chooses its path. */
const MAX_PATH_CHARACTERS = 120;
const WINDOW_MS = 60_000;
const NAME_EVERY_MS = 10 * 60_000;
const OVER_AFTER_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 60_000;
/** Below the threshold it is a loop as well when the same goes on for so long, and so often: back-off makes loops slow. */
const LASTING_MS = 4 * 60_000;
const LASTING_ENDS = 5;
/** Who stays away for longer is no longer coming back from the end before. */
const MAX_PAUSE_MS = 60_000;
/** How far the lifetimes may lie apart that a timer somewhere gives, */
const SPREAD_MS = 4_000;
/** and how short they may be. */
const MIN_LIMIT_MS = 5_000;
const MIN_LIMITED_ENDS = 4;

/** Ends without interruption for the same reason, each soon after the one before. */
interface Streak {
  readonly clue: Clue;
  readonly count: number;
  readonly sinceMs: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** Ends in the minute that runs, and in the one before. */
interface Minute {
  readonly startedAtMs: number;
  readonly now: number;
  readonly before: number;
}

interface Client {
  readonly address: string;
  readonly path: string;
  readonly userId: string | undefined;
  /** The latest, oldest first; one more than the threshold. On the clock's monotonic time. */
  ends: readonly { readonly atMs: number; readonly clue: Clue }[];
  minute: Minute;
  streak: Streak | undefined;
  loop: { readonly loop: Loop; readonly atMs: number; readonly namedAtMs: number } | undefined;
}

export class Loops {
  readonly #parts: LoopsParts;
  /** In the order of their latest ends. */
  readonly #clients = new Map<string, Client>();
  #cancelSweep: CancelTimer | undefined;

  constructor(parts: LoopsParts) {
    this.#parts = parts;
  }

  note(end: ConnectionEnd): void {
    const { trustedProxies, threshold, clock } = this.#parts;
    if (trustedProxies.has(end.address)) return;
    const nowMs = clock.monotonicMs();
    const client = this.#clientOf(end, nowMs);
    client.minute = counted(client.minute, nowMs);
    client.streak = streakWith(client.streak, client.ends.at(-1)?.atMs, end, nowMs);
    client.ends = [...client.ends, { atMs: nowMs, clue: end.clue }].slice(-threshold - 1);
    if (this.#isLoop(client, nowMs)) this.#name(client, nowMs);
    this.#sweepLater();
  }

  /** Those that go on, or went on until a moment ago; the latest first. */
  get current(): readonly Loop[] {
    const nowMs = this.#parts.clock.monotonicMs();
    const going = [...this.#clients.values()].filter(
      ({ loop }) => loop !== undefined && !isOver(loop, nowMs),
    );
    return going
      .toReversed()
      .slice(0, MAX_SHOWN)
      .flatMap(({ loop }) => (loop === undefined ? [] : [loop.loop]));
  }

  stop(): void {
    this.#cancelSweep?.();
  }

  #clientOf({ address, path, userId }: ConnectionEnd, nowMs: number): Client {
    const shown = path.length > MAX_PATH_CHARACTERS ? `${path.slice(0, MAX_PATH_CHARACTERS)}…` : path;
    const key = JSON.stringify([address, shown, userId]);
    const client = this.#clients.get(key) ?? {
      address,
      path: shown,
      userId,
      ends: [],
      minute: { startedAtMs: nowMs, now: 0, before: 0 },
      streak: undefined,
      loop: undefined,
    };
    this.#clients.delete(key);
    this.#clients.set(key, client);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > MAX_CLIENTS && oldest !== undefined) this.#clients.delete(oldest);
    return client;
  }

  #isLoop({ ends, streak }: Client, nowMs: number): boolean {
    const [first] = ends;
    if (ends.length > this.#parts.threshold && first !== undefined && nowMs - first.atMs < WINDOW_MS)
      return true;
    const isLasting = streak !== undefined && streak.count >= LASTING_ENDS;
    return isLasting && nowMs - streak.sinceMs >= LASTING_MS;
  }

  #name(client: Client, nowMs: number): void {
    const { clock, socketPaths, onNamed } = this.#parts;
    const { address, path, userId, ends, streak } = client;
    const before = client.loop !== undefined && !isOver(client.loop, nowMs) ? client.loop : undefined;
    const limitMs = limitIn(streak);
    const cause = limitMs === undefined ? commonest(ends.map(({ clue }) => clue)) : 'idle-limit';
    const wallMs = clock.nowMs();
    const loop: Loop = {
      address,
      path,
      userId,
      cause,
      ...explain(cause, { socketPaths, lastedMs: limitMs }),
      endsPerMinute: perMinute(client.minute, nowMs),
      sinceMs: before?.loop.sinceMs ?? wallMs,
      lastMs: wallMs,
    };
    const isNews = before === undefined || nowMs - before.namedAtMs >= NAME_EVERY_MS;
    client.loop = { loop, atMs: nowMs, namedAtMs: isNews ? nowMs : before.namedAtMs };
    if (isNews) onNamed(loop);
  }

  /** What is over must not stay in memory until others push it out: it holds addresses and names of users. */
  #sweepLater(): void {
    this.#cancelSweep ??= this.#parts.clock.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = undefined;
      const nowMs = this.#parts.clock.monotonicMs();
      for (const [key, { ends, streak }] of this.#clients) {
        // The next end of a long-lived socket belongs to the same streak.
        const keepMs = OVER_AFTER_MS + (streak?.longestMs ?? 0) + MAX_PAUSE_MS;
        if (nowMs - (ends.at(-1)?.atMs ?? 0) >= keepMs) this.#clients.delete(key);
      }
      if (this.#clients.size > 0) this.#sweepLater();
    });
  }
}

function isOver({ atMs }: { readonly atMs: number }, nowMs: number): boolean {
  return nowMs - atMs >= OVER_AFTER_MS;
}

function streakWith(
  before: Streak | undefined,
  beforeAtMs: number | undefined,
  { clue, lifetimeMs }: ConnectionEnd,
  nowMs: number,
): Streak {
  const begun = { clue, count: 1, sinceMs: nowMs, shortestMs: lifetimeMs, longestMs: lifetimeMs };
  if (before === undefined || beforeAtMs === undefined || before.clue !== clue) return begun;
  if (nowMs - lifetimeMs - beforeAtMs > MAX_PAUSE_MS) return begun;
  const shortestMs = Math.min(before.shortestMs, lifetimeMs);
  const longestMs = Math.max(before.longestMs, lifetimeMs);
  // Networks break off at any time; only what does so after the same time each time is one thing.
  if (clue === 'cut' && longestMs - shortestMs > SPREAD_MS) return begun;
  return { clue, count: before.count + 1, sinceMs: before.sinceMs, shortestMs, longestMs };
}

/** After how long something ends the client's sockets, if they all last the same time. */
function limitIn(streak: Streak | undefined): number | undefined {
  if (streak?.clue !== 'cut' || streak.count < MIN_LIMITED_ENDS || streak.shortestMs < MIN_LIMIT_MS)
    return undefined;
  return (streak.shortestMs + streak.longestMs) / 2;
}

/** The latest of those that are equally common. */
function commonest(clues: readonly Clue[]): Clue {
  const counts = new Map<Clue, number>();
  let found: Clue = 'cut';
  for (const clue of clues) {
    const count = (counts.get(clue) ?? 0) + 1;
    counts.set(clue, count);
    if (count >= (counts.get(found) ?? 0)) found = clue;
  }
  return found;
}

/** With one more end: a count of whole minutes, for a client can be cut off more often than it is worth remembering. */
function counted({ startedAtMs, now, before }: Minute, nowMs: number): Minute {
  const minutes = Math.floor((nowMs - startedAtMs) / WINDOW_MS);
  if (minutes === 0) return { startedAtMs, now: now + 1, before };
  return minutes === 1
    ? { startedAtMs: startedAtMs + WINDOW_MS, now: 1, before: now }
    : { startedAtMs: nowMs, now: 1, before: 0 };
}

function perMinute({ startedAtMs, now, before }: Minute, nowMs: number): number {
  const passed = (nowMs - startedAtMs) / WINDOW_MS;
  return Math.floor(before * (1 - passed) + now);
}
