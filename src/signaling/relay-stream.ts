// What goes from one user of a call to another, and what waits for one user: kept in order, delivered to the seat of
// the moment, and kept a while longer where another seat may need it. It refuses nothing; the relay does, before.

import { MAX_KEPT_BYTES, MAX_KEPT_CANDIDATES } from '../protocol/limits.ts';
import type { Negotiation, NegotiationKind } from '../protocol/messages.ts';

/**
 * Where a user's negotiation goes now; told apart by reference. Must not throw.
 * @param bytes about what the message takes in memory: measured once, for all who get it
 */
export type Deliver = (message: Negotiation, bytes: number) => void;

/** Bytes that are kept: of one sender, or in all. */
export interface Tally {
  bytes: number;
  readonly maxBytes: number;
}

interface Item {
  readonly stream: Stream;
  readonly message: Negotiation;
  readonly kind: NegotiationKind;
  readonly bytes: number;
  /** Its place among all that may be delivered to this user, from 1; 0 while it is held back. */
  serial: number;
  isDelivered: boolean;
}

/** All that waits for one user of a call, from whomever, in the order in which it may be delivered. */
export class Inbox {
  readonly onDelivered: (kind: NegotiationKind, bytes: number) => void;
  #seat: Deliver | undefined;
  #items: Item[] = [];
  #lastSerial = 0;
  /** The last serial that the seat got, */
  #mark = 0;
  /** and that each before it got: a seat that comes back after another one gets nothing twice. */
  readonly #marks = new WeakMap<Deliver, number>();

  constructor(onDelivered: (kind: NegotiationKind, bytes: number) => void) {
    this.onDelivered = onDelivered;
  }

  get isSeated(): boolean {
    return this.#seat !== undefined;
  }

  seat(seat: Deliver): void {
    if (this.#seat !== seat) {
      this.#leave();
      this.#seat = seat;
      this.#mark = this.#marks.get(seat) ?? 0;
    }
    this.#flush(seat);
  }

  unseat(seat: Deliver): void {
    if (this.#seat === seat) this.#leave();
  }

  /** The offers that wait here, oldest first. */
  get offers(): readonly Negotiation[] {
    return this.#items
      .filter(({ kind, isDelivered }) => kind === 'offer' && !isDelivered)
      .map(({ message }) => message);
  }

  put(item: Item, held: readonly Item[]): void {
    this.#append(item);
    for (const one of held) this.#append(one);
    if (this.#seat !== undefined) this.#flush(this.#seat);
  }

  #append(item: Item): void {
    this.#lastSerial += 1;
    item.serial = this.#lastSerial;
    this.#items.push(item);
  }

  #leave(): void {
    if (this.#seat !== undefined) this.#marks.set(this.#seat, this.#mark);
    this.#seat = undefined;
  }

  remove(stream: Stream, which: 'all' | 'delivered'): readonly Item[] {
    const isGone = (item: Item): boolean => item.stream === stream && (which === 'all' || item.isDelivered);
    const gone = this.#items.filter((item) => isGone(item));
    if (gone.length > 0) this.#items = this.#items.filter((item) => !isGone(item));
    return gone;
  }

  #flush(seat: Deliver): void {
    // Everything is looked up anew each time: who is delivered to may take the seat away, or send, in the same call.
    while (this.#seat === seat) {
      const index = this.#indexAfter(this.#mark);
      const item = this.#items[index];
      if (item === undefined) return;
      this.#mark = item.serial;
      item.isDelivered = true;
      if (!item.stream.keepsDelivered(item)) this.#remove(index);
      this.onDelivered(item.kind, item.bytes);
      seat(item.message, item.bytes);
    }
  }

  #remove(index: number): void {
    if (index === this.#items.length - 1) this.#items.pop();
    else this.#items.splice(index, 1);
  }

  #indexAfter(serial: number): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.serial ?? Infinity) > serial) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** From one user to another: the latest description and its candidates. */
export class Stream {
  readonly #inbox: Inbox;
  readonly #sender: Tally;
  readonly #all: Tally;
  #description: 'offer' | 'answer' | undefined;
  /** Another seat needs nothing of what was delivered: it was answered, or could not be kept. Said at each delivery. */
  #isSettled = false;
  /** Candidates that came before any description. */
  #held: Item[] = [];
  #keptBytes = 0;
  #keptCandidates = 0;

  constructor(inbox: Inbox, sender: Tally, all: Tally) {
    this.#inbox = inbox;
    this.#sender = sender;
    this.#all = all;
  }

  /** Whether a message of this kind cannot be delivered now. */
  mustKeep(kind: NegotiationKind): boolean {
    return !this.#inbox.isSeated || (kind === 'candidate' && this.#description === undefined);
  }

  get isFull(): boolean {
    return this.#keptCandidates >= MAX_KEPT_CANDIDATES;
  }

  /** What a new description would set free: what came before the first one belongs to it. */
  get replaceableBytes(): number {
    return this.#description === undefined ? 0 : this.#keptBytes;
  }

  take(kind: NegotiationKind, message: Negotiation, bytes: number): void {
    const item: Item = { stream: this, message, kind, bytes, serial: 0, isDelivered: false };
    if (kind === 'candidate') {
      this.#count(item, 1);
      if (this.#description === undefined) this.#held.push(item);
      else this.#inbox.put(item, []);
      return;
    }
    this.#removeFromInbox('all');
    this.#count(item, 1);
    this.#description = kind;
    const held = this.#held;
    this.#held = [];
    this.#inbox.put(item, held);
  }

  /** Told of each delivery. @returns whether the item stays, for another seat */
  keepsDelivered(item: Item): boolean {
    if (item.kind !== 'candidate') this.#isSettled = item.kind === 'answer' || !this.#hasRoomForCopies();
    if (!this.#isSettled && this.#hasRoomForCopies()) return true;
    this.#count(item, -1);
    return false;
  }

  /** The other side has answered what it has seen; an offer that it has not seen still waits. */
  noteAnswered(): void {
    this.#settle();
  }

  /** Makes room: what its recipient has, and is there to use, would help only if another seat took over. */
  forgetCopies(): void {
    if (this.#inbox.isSeated) this.#settle();
  }

  drop(): void {
    this.#removeFromInbox('all');
    for (const item of this.#held) this.#count(item, -1);
    this.#held = [];
  }

  #settle(): void {
    this.#isSettled = true;
    this.#removeFromInbox('delivered');
  }

  #removeFromInbox(which: 'all' | 'delivered'): void {
    for (const item of this.#inbox.remove(this, which)) this.#count(item, -1);
  }

  /** Copies take at most half of what all may take: the rest is for what was not delivered at all. */
  #hasRoomForCopies(): boolean {
    return (
      this.#keptCandidates <= MAX_KEPT_CANDIDATES &&
      this.#sender.bytes <= MAX_KEPT_BYTES &&
      this.#all.bytes <= this.#all.maxBytes / 2
    );
  }

  #count({ kind, bytes }: Item, sign: 1 | -1): void {
    this.#keptBytes += sign * bytes;
    if (kind === 'candidate') this.#keptCandidates += sign;
    this.#sender.bytes += sign * bytes;
    this.#all.bytes += sign * bytes;
  }
}
