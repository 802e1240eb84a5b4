// The pulse of many sockets with one timer: each is pinged every PING_EVERY_MS, and ended when nothing was heard of it
// for DEAD_AFTER_MS. It knows no WebSocket; what a ping is, is its members' business.

import type { CancelTimer, Clock } from '../../clock.ts';
import { DEAD_AFTER_MS, PING_EVERY_MS } from '../../protocol/limits.ts';

export interface Beating {
  /** On the clock's monotonic time. */
  readonly lastHeardMs: number;
  ping(): void;
  terminate(): void;
}

/** The members are dealt to these in turn, one is pinged at each tick: no tick pings everybody who came at once. */
const GROUPS = 25;
const TICK_MS = PING_EVERY_MS / GROUPS;
/** A member is looked at every so many ticks, so that a dead one is gone at most 5 s late. */
const CHECK_EVERY_TICKS = 5;

export class Heartbeat {
  readonly #clock: Clock;
  readonly #groups: readonly Set<Beating>[] = Array.from({ length: GROUPS }, () => new Set<Beating>());
  #size = 0;
  #tick = 0;
  #nextGroup = 0;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the group, for remove(): a number is smaller than an entry in a map */
  add(member: Beating): number {
    const group = this.#nextGroup;
    this.#nextGroup = (group + 1) % GROUPS;
    this.#groups[group]?.add(member);
    this.#size += 1;
    if (this.#cancel === undefined) this.#schedule();
    return group;
  }

  /** Twice is harmless. */
  remove(member: Beating, group: number): void {
    if (this.#groups[group]?.delete(member) !== true) return;
    this.#size -= 1;
    if (this.#size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.#cancel = undefined;
      this.#beat();
      if (this.#size > 0 && this.#cancel === undefined) this.#schedule();
    });
  }

  #beat(): void {
    const pinged = this.#tick % GROUPS;
    this.#tick = (this.#tick + 1) % GROUPS;
    const deadSinceMs = this.#clock.monotonicMs() - DEAD_AFTER_MS;
    for (let group = pinged % CHECK_EVERY_TICKS; group < GROUPS; group += CHECK_EVERY_TICKS) {
      for (const member of this.#groups[group] ?? []) {
        if (member.lastHeardMs <= deadSinceMs) member.terminate();
        else if (group === pinged) member.ping();
      }
    }
  }
}
