// The messages that one session was sent lately, numbered, so that a client whose connection broke gets exactly those
// that it has not seen. Owns their three limits: count, bytes and age. It sends nothing.

import { MAX_PENDING_BYTES, MAX_PENDING_FRAMES } from '../protocol/limits.ts';
import type { ServerMessage } from '../protocol/messages.ts';

export interface Numbered {
  readonly seq: number;
  readonly message: ServerMessage;
}

interface Kept extends Numbered {
  readonly atMs: number;
  readonly bytes: number;
}

/** A connection is found dead after 60 s at the latest, and its client takes up to 30 s to come back. */
export const KEPT_FOR_MS = 90_000;

export class Outbox {
  /** Oldest first, from `#first` on. Undefined until there is something: an idle session shall cost nothing. */
  #kept: Kept[] | undefined;
  #first = 0;
  #bytes = 0;
  #lastSeq = 0;

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * @param bytes about what the message takes in memory
   * @param nowMs on a clock that never goes back
   * @returns the number of the message, 1 for the first
   */
  push(message: ServerMessage, bytes: number, nowMs: number): number {
    this.#lastSeq += 1;
    this.#kept ??= [];
    this.#kept.push({ seq: this.#lastSeq, message, atMs: nowMs, bytes });
    this.#bytes += bytes;
    this.prune(nowMs);
    return this.#lastSeq;
  }

  /** What came after `seq`, in order; undefined if some of it is no longer here, or was never sent. */
  after(seq: number): readonly Numbered[] | undefined {
    if (seq > this.#lastSeq) return undefined;
    const kept = this.#kept ?? [];
    const from = kept.length - (this.#lastSeq - seq);
    return from < this.#first ? undefined : kept.slice(from);
  }

  /** What is left of what came after `seq`, in order. */
  latest(seq: number): readonly Numbered[] {
    return (this.#kept ?? []).slice(this.#first).filter((kept) => kept.seq > seq);
  }

  /** Drops what is too old or too much. @param nowMs on a clock that never goes back */
  prune(nowMs: number): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    for (let oldest = kept[this.#first]; oldest !== undefined; oldest = kept[this.#first]) {
      const isTooMuch = kept.length - this.#first > MAX_PENDING_FRAMES || this.#bytes > MAX_PENDING_BYTES;
      if (!isTooMuch && nowMs - oldest.atMs <= KEPT_FOR_MS) break;
      this.#bytes -= oldest.bytes;
      this.#first += 1;
    }
    // Moved up now and then, not for each message: a busy call drops one for each that it sends.
    if (this.#first === kept.length) this.#kept = undefined;
    else if (this.#first >= MAX_PENDING_FRAMES) kept.splice(0, this.#first);
    else return;
    this.#first = 0;
  }
}
